// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/entry.hpp"

#include "cli/cycle_text.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {

std::string take_verb(Parsed& parsed, const Subcommand& self,
                      std::span<const std::string_view> known) {
    auto& words = parsed.options.words;
    std::vector<std::string> names(known.begin(), known.end());
    const std::string list = join(names, ", ");
    const std::string name = std::string("sluice ") + self.name;
    if (words.empty()) {
        complain(parsed.context, name + " " + list + ": which? (" + name + " --help)");
        return "";
    }
    std::string verb = words.front();
    words.erase(words.begin());
    for (const auto& each : names)
        if (each == verb)
            return verb;
    const std::string near = nearest(verb, names);
    complain(parsed.context,
             name + ": unknown word '" + verb + "'" +
                 (near.empty() ? "; known: " + list : "; did you mean '" + near + "'?"));
    return "";
}

std::optional<json::Value> entry_body(const Parsed& parsed) {
    const auto reason = parsed.options.figures.find("reason");
    if (reason == parsed.options.figures.end() || trim(reason->second).empty()) {
        complain(parsed.context, "a reason is needed: --reason='...'; it is kept with the entry");
        return std::nullopt;
    }
    json::Value body = json::Value::object();
    body.set("reason", reason->second).set("dry_run", parsed.options.dry_run);
    return body;
}

int enter(const Parsed& parsed, Method method, const std::string& path, const json::Value& body,
          const Headline& headline) {
    const auto& context = parsed.context;
    trace(context, std::string(method == Method::post ? "POST " : "DELETE ") + path + ' ' +
                       body.compact() + " on " + context.socket);
    const Client asked = client(context);
    auto answer = method == Method::post ? asked.post(path, body) : asked.remove(path, body);
    if (!answer)
        return complain(context, answer.error());
    for_people(parsed, *answer);
    if (parsed.options.json)
        print_json(parsed, *answer);
    const auto cycle = (*answer)["cycle"];
    const std::string error = cycle["error"].text();
    if (!parsed.options.json) {
        std::string done = headline.done;
        if (const auto mark = done.find('#'); mark != std::string::npos)
            done.replace(mark, 1, std::to_string((*answer)["id"].integer()));
        print(context, (parsed.options.dry_run ? headline.would : done) + '\n');
        if (cycle.is_object() && error.empty())
            print(context, cycle_text(parsed, *answer));
    }
    if (!cycle.is_object())
        warn(context, "evaluation still running; run `sluice status` to see its effect");
    if (!error.empty())
        return complain(context, "the entry is stored, but the evaluation failed: " + error);
    return any_failed(*answer) ? kFailed : kOk;
}

} // namespace sluice::cli
