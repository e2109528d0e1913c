// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice policy`, `sluice grant`: policies and allocations beside those of sluiced.yaml.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/decimal.hpp"
#include "common/base/files.hpp"
#include "common/base/printable.hpp"
#include "common/base/text.hpp"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::string_view kPolicyVerbs[] = {"list", "show", "set", "remove", "history", "export"};
constexpr std::string_view kGrantVerbs[] = {"list", "set", "remove", "history"};
constexpr std::size_t kMaxText = 1024 * 1024;

// What both subcommands differ in.
struct Things {
    const char* name;   // of the subcommand
    const char* noun;   // "Policy"
    const char* path;   // of the list
    const char* record; // key of one in an answer
};
constexpr Things kPolicies{"policy", "Policy", "/api/v1/policies", "policy"};
constexpr Things kGrants{"grant", "Allocation", "/api/v1/allocations", "allocation"};

constexpr Column kPolicyColumns[] = {
    {"name", "Name", 24, "name of the policy"},
    {"source", "Source", 6, "file (sluiced.yaml), api (set with sluice or over HTTP) or waldur"},
    {"version", "Version", 7, "version of a policy that was set here"},
    {"mode", "Mode", 7, "enforce or observe"},
    {"period", "Period", 8, "month, quarter, year, total or custom"},
    {"accounts", "Accounts", 8, "accounts that the policy evaluates"},
    {"grace", "Grace", 8, "grace, as a share of the allocation",
     [](const Record& record, const char* field) { return amount(record[field], true); },
     "grace_ratio"},
};
constexpr const char* kPolicyShown = "name,source,version,mode,period,accounts,grace";

std::string units_of_grant(const Record& record, const char* field) {
    const auto units = record[field];
    std::vector<std::string> out;
    for (const auto& component : units.keys())
        out.push_back(component + "=" + amount(units[component], true));
    return join(out, ",");
}

constexpr Column kGrantColumns[] = {
    {"account", "Account", 24, "account in Slurm"},
    {"allocation", "Allocation", 40, "component=units of a period", units_of_grant},
    {"source", "Source", 6, "file (sluiced.yaml), api (set with sluice or over HTTP) or waldur"},
    {"version", "Version", 7, "version of an allocation that was set here"},
};
constexpr const char* kGrantShown = "account,allocation,source,version";

std::string first_line(const Record& record, const char* field) {
    const std::string text = record[field].text();
    const auto end = text.find('\n');
    return end == std::string::npos ? text : text.substr(0, end) + " ...";
}

constexpr Column kVersionColumns[] = {
    {"version", "Version", 7, "number of the version"},
    {"time", "Time", 25, "time of the change", time_cell, "at"},
    {"by", "By", 16, "user who made the change"},
    {"removed", "Removed", 7, "yes: the version is a removal",
     [](const Record& record, const char* field) -> std::string {
         return record[field].boolean() ? "yes" : "no";
     }},
    {"reason", "Reason", 60, "reason for the change"},
    {"yaml", "Text", 60, "its text; --json has all lines", first_line},
};
constexpr const char* kVersionShown = "version,time,by,removed,reason";

std::string path_of(const Things& things, const std::string& name) {
    return std::string(things.path) + '/' + percent_encoded(name);
}

// The version in force; 0: none, or the file has it, which the daemon refuses with the place.
Result<std::int64_t> version_in_force(const Parsed& parsed, const Things& things,
                                      const std::string& name) {
    const auto answer = client(parsed.context).get(path_of(things, name));
    if (answer)
        return (*answer)[things.record]["version"].integer();
    if (answer.error().code == Errc::not_found)
        return std::int64_t{0};
    return answer.error();
}

int usage_error(const Parsed& parsed, const std::string& what) {
    const std::string name = std::string("sluice ") + parsed.self.name;
    return complain(parsed.context, what + " (" + name + " --help)");
}

int change(const Parsed& parsed, const Things& things, Method method, json::Value body) {
    const std::string name = parsed.options.words.front();
    const auto version = version_in_force(parsed, things, name);
    if (!version)
        return complain(parsed.context, version.error());
    body.set("version", *version).set("confirm", parsed.options.confirm);
    const std::string noun = std::string(things.noun) + ' ' + printable(name);
    const bool removes = method == Method::remove;
    return enter(parsed, method, path_of(things, name), body,
                 {noun + (removes ? " is removed (version #)." : " is set (version #)."),
                  noun + (removes ? " would be removed." : " would be set.")});
}

// A file as a whole: FILE, or "-" for stdin.
Result<std::string> text_of(const std::string& file) {
    return read_file(file == "-" ? "/dev/stdin" : file, kMaxText);
}

bool is_assignment(const std::string& word) {
    const auto equal = word.find('=');
    return equal != std::string::npos && equal != 0 && word.find('/') > equal;
}

int set_policy(const Parsed& parsed) {
    const auto& words = parsed.options.words;
    const auto* preset = parsed.options.value("preset");
    if (words.empty() || (words.size() == 1 && preset == nullptr))
        return usage_error(parsed, "policy set needs a name, and KEY=VALUE, a FILE (- is stdin) or "
                                   "--preset");
    auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    if (preset != nullptr)
        body->set("preset", *preset);
    if (words.size() == 2 && !is_assignment(words[1])) {
        auto text = text_of(words[1]);
        if (!text)
            return complain(parsed.context, text.error());
        body->set("yaml", *text);
        return change(parsed, kPolicies, Method::put, std::move(*body));
    }
    std::string text;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto equal = words[i].find('=');
        if (!is_assignment(words[i]) || words[i].find('\n') != std::string::npos)
            return complain(parsed.context, "'" + words[i] +
                                                "' is not KEY=VALUE, such as grace_ratio=0.2; a "
                                                "FILE stands alone");
        text += words[i].substr(0, equal) + ": " + words[i].substr(equal + 1) + '\n';
    }
    if (!text.empty())
        body->set("yaml", text);
    return change(parsed, kPolicies, Method::patch, std::move(*body));
}

bool is_life_key(std::string_view word) {
    return word == "from" || word == "until" || word == "then" || word == "prorate";
}

int set_grant(const Parsed& parsed) {
    const auto& words = parsed.options.words;
    if (words.size() < 2)
        return usage_error(parsed, "grant set needs an account and units: COMPONENT=UNITS...");
    std::string text = "allocation:\n";
    std::string life;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto equal = words[i].find('=');
        const std::string value = equal == std::string::npos ? "" : words[i].substr(equal + 1);
        if (is_life_key(words[i].substr(0, equal)) && is_assignment(words[i]) &&
            words[i].find_first_of("\n'") == std::string::npos) {
            const bool quoted = words[i][0] != 'p'; // prorate is no text
            life +=
                words[i].substr(0, equal) + (quoted ? ": '" + value + "'" : ": " + value) + '\n';
            continue;
        }
        if (equal == 0 || !Decimal::parse(value) || words[i].find('\n') != std::string::npos)
            return complain(parsed.context, "'" + words[i] +
                                                "' is not COMPONENT=UNITS, such as "
                                                "node_hours=1000, nor from=, until=, then= or "
                                                "prorate=");
        text += "  " + words[i].substr(0, equal) + ": " + value + '\n';
    }
    auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    body->set("yaml", (text == "allocation:\n" ? "" : text) + life);
    return change(parsed, kGrants, Method::put, std::move(*body));
}

int remove_one(const Parsed& parsed, const Things& things) {
    if (parsed.options.words.size() != 1)
        return usage_error(parsed, std::string(things.name) + " remove needs one name");
    auto body = entry_body(parsed);
    return body ? change(parsed, things, Method::remove, std::move(*body)) : kFailed;
}

int show_history(const Parsed& parsed, const Things& things) {
    if (parsed.options.words.size() != 1)
        return usage_error(parsed, std::string(things.name) + " history needs one name");
    return run_records(parsed,
                       {kVersionColumns, kVersionShown,
                        path_of(things, parsed.options.words.front()) + "/history"},
                       {}, "versions");
}

int show_policy(const Parsed& parsed) {
    if (parsed.options.words.size() != 1)
        return usage_error(parsed, "policy show needs one name");
    // Not ask(), which puts each text on one line.
    const auto answer =
        client(parsed.context).get(path_of(kPolicies, parsed.options.words.front()));
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    const auto policy = (*answer)["policy"];
    if (const auto text = policy["yaml"].text(); !text.empty()) {
        const auto changed = policy["changed"];
        print(parsed.context, "# version " + std::to_string(policy["version"].integer()) + ", by " +
                                  printable(changed["by"].text()) + " at " +
                                  local_time(changed, "at", zone_of(*answer)) + ": " +
                                  printable(changed["reason"].text()) + '\n' +
                                  printable(text, Breaks::kept));
        return kOk;
    }
    print(parsed.context, policy.copy().indented() + '\n');
    return kOk;
}

int export_policies(const Parsed& parsed) {
    Parameters query;
    if (parsed.options.words.size() > 1)
        return usage_error(parsed, "policy export takes one name, or none");
    if (!parsed.options.words.empty())
        query.emplace_back("name", parsed.options.words.front());
    const auto answer = client(parsed.context).get("/api/v1/export", query);
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    print(parsed.context, printable((*answer)["yaml"].text(), Breaks::kept));
    return kOk;
}

} // namespace

int run_policy(Parsed parsed) {
    const std::string verb = take_verb(parsed, kPolicyVerbs);
    if (verb == "set")
        return set_policy(parsed);
    if (verb == "show")
        return show_policy(parsed);
    if (verb == "remove")
        return remove_one(parsed, kPolicies);
    if (verb == "history")
        return show_history(parsed, kPolicies);
    if (verb == "export")
        return export_policies(parsed);
    if (verb.empty())
        return kFailed;
    return run_records(parsed, {kPolicyColumns, kPolicyShown, kPolicies.path}, {}, "policies");
}

int run_grant(Parsed parsed) {
    const std::string verb = take_verb(parsed, kGrantVerbs);
    if (verb == "set")
        return set_grant(parsed);
    if (verb == "remove")
        return remove_one(parsed, kGrants);
    if (verb == "history")
        return show_history(parsed, kGrants);
    if (verb.empty())
        return kFailed;
    return run_records(parsed, {kGrantColumns, kGrantShown, kGrants.path}, {}, "allocations");
}

} // namespace sluice::cli
