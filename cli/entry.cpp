// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/entry.hpp"

#include "cli/figures.hpp"
#include "cli/route.hpp"
#include "common/base/text.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace sluice::cli {
namespace {

std::string standing(json::View state) {
    if (state["paused"].boolean())
        return "paused";
    return state["downscaled"].boolean() ? "downscaled" : "normal";
}

// "1231 of 1200 node_hours (102.58 %)"
std::string figures(json::View account) {
    const std::string deciding = account["deciding_component"].text();
    const auto metric = account["usage_percentage"];
    const std::string share = metric.is_number() ? percent(metric) + " %" : "no allocation";
    for (const auto& component : account["components"].items())
        if (component["component"].text() == deciding)
            return amount(component["used"], false) + " of " +
                   amount(component["effective_allocation"], false) + " " + deciding + " (" +
                   share + ")";
    return share + " of " + deciding;
}

bool changed(json::View account) {
    return account["actions_taken"].size() != 0 ||
           standing(account["previous_state"]) != standing(account["new_state"]);
}

std::string account_line(json::View account) {
    const std::string name = "  " + account["account"].text() + ": ";
    const std::string before = standing(account["previous_state"]);
    const std::string after = standing(account["new_state"]);
    if (const std::string error = account["error"].text(); !error.empty())
        return name +
               (!account["held"].text().empty() ? "held, stays " + after
                : before == after               ? "not evaluated"
                                                : "not evaluated, " + before + " -> " + after) +
               ": " + error + '\n';
    const std::string other = account["would_be"]["standing"].text();
    const std::string holds = account["standing"].text();
    const bool would = !other.empty() && holds == "normal";
    std::string out = name + figures(account) + ", ";
    if (before != after)
        out += before + " -> ";
    out += would ? (before != after ? "would be " : "still would be ") + other
                 : (before != after ? "" : "stays ") + holds;
    if (account["mode"].text() == "observe")
        out += ", mode observe";
    if (const auto actions = account["actions_taken"].texts(); !actions.empty())
        out += " [" + join(actions, ", ") + "]";
    return out + '\n';
}

// How many accounts, commands or problems are shown one by one. Records have the others.
constexpr std::size_t kShown = 20;

// The first of them, and the number of the others by `kind`: "  and 9980 more: 9000 normal ->
// paused, 980 normal -> downscaled". With `all`, each of them.
template <class Line, class Kind>
std::string some(const std::vector<json::View>& items, bool all, const Line& line,
                 const Kind& kind) {
    const std::size_t most = all ? items.size() : std::min(items.size(), kShown);
    std::string out;
    for (std::size_t i = 0; i < most; ++i)
        out += line(items[i]);
    std::map<std::string, std::int64_t> others;
    for (std::size_t i = most; i < items.size(); ++i)
        ++others[kind(items[i])];
    std::vector<std::string> words;
    for (const auto& [word, count] : others)
        words.push_back(std::to_string(count) + " " + word);
    if (!words.empty())
        out += "  and " + std::to_string(items.size() - most) + " more: " + join(words, ", ") +
               "; --json has all of them\n";
    return out;
}

std::string transition(json::View account) {
    return account["error"].text().empty()
               ? standing(account["previous_state"]) + " -> " + standing(account["new_state"])
               : "not evaluated";
}

std::string account_lines(const Parsed& parsed, const json::Value& answer) {
    const bool named = !parsed.options.accounts.empty();
    std::vector<json::View> shown;
    std::int64_t unchanged = answer["unchanged"].integer();
    for (const auto& account : answer["accounts"].items())
        if (named || changed(account) || !account["error"].text().empty())
            shown.push_back(account);
        else
            ++unchanged;
    const std::string out = some(shown, named, account_line, transition);
    return unchanged == 0 ? out : out + "  " + counted(unchanged, "account") + " unchanged\n";
}

std::string outcome(json::View command, bool dry_run) {
    if (dry_run)
        return "planned";
    if (!command["success"].is_bool())
        return "open";
    return command["success"].boolean() ? "done" : "FAILED";
}

// `word` stands before the description; "": nothing.
std::string command_lines(json::View command, const std::string& word) {
    std::string out = "  " + (word.empty() ? "" : word + ": ") + command["description"].text();
    const std::string reason = " (" + command["reason"].text() + ")";
    if (reason.size() > 3 && !out.ends_with(reason))
        out += reason;
    out += "\n      " + command["sacctmgr"].text() + '\n';
    if (const std::string error = command["error"].text(); !error.empty())
        out += "      error: " + error + '\n';
    return out;
}

bool is_failed(json::View command) {
    return command["success"].is_bool() && !command["success"].boolean();
}

// Failed ones first.
std::string command_section(const Parsed& parsed, const json::Value& answer, bool dry_run) {
    auto commands = answer["commands"].items();
    std::stable_partition(commands.begin(), commands.end(), is_failed);
    return some(
        commands, !parsed.options.accounts.empty(),
        [&](json::View command) { return command_lines(command, outcome(command, dry_run)); },
        [&](json::View command) {
            return command["type"].text() + ' ' + outcome(command, dry_run);
        });
}

std::string withheld_section(const Parsed& parsed, const json::Value& answer) {
    return some(
        answer["withheld"].items(), !parsed.options.accounts.empty(),
        [](json::View command) { return command_lines(command, ""); },
        [](json::View command) { return command["type"].text(); });
}

// "  physics, pause: mail to pi@example.org, office@example.org; webhook"
std::string notice_line(json::View notice) {
    std::vector<std::string> ways;
    if (const auto recipients = notice["recipients"].texts(); !recipients.empty())
        ways.push_back("mail to " + join(recipients, ", "));
    if (notice["webhook"].boolean())
        ways.emplace_back("webhook");
    return "  " + notice["account"].text() + ", " + notice["level"].text() + ": " +
           join(ways, "; ") + '\n';
}

std::string notice_section(const Parsed& parsed, const json::Value& answer) {
    return some(answer["notices"].items(), !parsed.options.accounts.empty(), notice_line,
                [](json::View notice) { return notice["level"].text(); });
}

std::string headed(const std::string& title, const std::string& lines) {
    return lines.empty() ? "" : '\n' + title + '\n' + lines;
}

// `answer` as POST /api/v1/evaluate gives it.
std::string evaluation_text(const Parsed& parsed, const json::Value& answer) {
    const auto cycle = answer["cycle"];
    const bool dry_run = cycle["dry_run"].boolean();
    std::string out = std::string(dry_run ? "Dry run" : "Evaluation") + " on cluster " +
                      cycle["cluster"].text() + " at " + local_time(cycle, "at", zone_of(answer)) +
                      " (" + std::to_string(cycle["duration_ms"].integer()) + " ms)\n";
    out += headed("Accounts:", account_lines(parsed, answer));
    const std::string commands = command_section(parsed, answer, dry_run);
    out += headed("Commands:", commands);
    const std::string withheld = withheld_section(parsed, answer);
    out += headed("Withheld (observe mode, or drift that is only reported):", withheld);
    out += headed(dry_run ? "Notices that would be sent:" : "Notices in the outbox:",
                  notice_section(parsed, answer));
    out += headed("Problems:", problem_lines(answer));
    if (dry_run || (commands.empty() && !withheld.empty()))
        out += "\nNothing was changed.\n";
    else if (commands.empty())
        out += "\nNothing to change in Slurm.\n";
    return out;
}

bool any_failed(const json::Value& answer) {
    const auto commands = answer["commands"].items();
    return std::any_of(commands.begin(), commands.end(), is_failed);
}

} // namespace

std::string take_verb(Parsed& parsed, std::span<const std::string_view> known) {
    if (parsed.options.helpformat)
        return "list";
    auto& words = parsed.options.words;
    const std::vector<std::string> names(known.begin(), known.end());
    const std::string name = std::string("sluice ") + parsed.self.name;
    if (words.empty()) {
        complain(parsed.context,
                 name + " needs one of: " + join(names, ", ") + " (" + name + " --help)");
        return "";
    }
    std::string verb = words.front();
    words.erase(words.begin());
    if (std::find(names.begin(), names.end(), verb) != names.end())
        return verb;
    const std::string near = nearest(verb, names);
    complain(parsed.context, name + ": unknown word '" + verb + "'" +
                                 (near.empty() ? "; known: " + join(names, ", ")
                                               : "; did you mean '" + near + "'?"));
    return "";
}

std::optional<json::Value> entry_body(const Parsed& parsed) {
    const auto* reason = parsed.options.value("reason");
    if (reason == nullptr || trim(*reason).empty()) {
        complain(parsed.context, "no reason given; add --reason=TEXT, which is stored with the "
                                 "entry");
        return std::nullopt;
    }
    json::Value body = json::Value::object();
    body.set("reason", *reason).set("dry_run", parsed.options.dry_run);
    return body;
}

namespace {

// What the evaluation that follows an entry does meanwhile.
void note_progress(const Context& context) {
    const auto seen = Client(find_route(context), context.cluster).get("/api/v1/overview");
    const std::string progress =
        seen ? (*seen)["evaluation_under_way"]["progress"].text() : std::string();
    note(context, progress.empty() ? "waiting for sluiced"
                                   : "waiting for the evaluation: phase " + progress);
}

} // namespace

int enter(const Parsed& parsed, Method method, const std::string& path, const json::Value& body,
          const Headline& headline) {
    const auto& context = parsed.context;
    const bool dry_run = parsed.options.dry_run;
    constexpr const char* kMethods[] = {"POST", "PUT", "PATCH", "DELETE"};
    const char* word = kMethods[static_cast<std::size_t>(method)];
    const Client asked = client(context);
    trace(context, std::string(word) + ' ' + path + ' ' + body.compact() + " on " + asked.label());
    auto answer = method == Method::post
                      ? asked.post(path, body, [&context] { note_progress(context); })
                      : asked.send(word, path, body);
    if (!answer)
        return complain(context, answer.error());
    for_people(parsed, *answer);
    const auto cycle = (*answer)["cycle"];
    const std::string error = cycle["error"].text();
    if (parsed.options.json)
        print_json(parsed, *answer);
    else {
        std::string title = dry_run ? headline.would : headline.done;
        if (const auto mark = title.find('#'); mark != std::string::npos)
            title.replace(mark, 1, std::to_string((*answer)["id"].integer()));
        if (!title.empty())
            print(context, title + '\n');
        // With an error the rest of the answer is of the last good evaluation.
        if (cycle.is_object() && error.empty())
            print(context, evaluation_text(parsed, *answer));
    }
    if (!cycle.is_object())
        warn(context, "evaluation still running; run `sluice status` to see its effect");
    if (!error.empty())
        return complain(context, (headline.done.empty() || dry_run
                                      ? "the evaluation failed: "
                                      : "the entry is stored, but the evaluation failed: ") +
                                     error);
    return any_failed(*answer) ? kFailed : kOk;
}

} // namespace sluice::cli
