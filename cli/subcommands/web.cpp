// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice web`: a link that opens the web page in a browser with the rights of who runs it; the
// sessions that such links opened, and their end. The link is printed once, alone, on standard
// output.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {
namespace {

constexpr const char* kSessionsPath = "/api/v1/sessions";
constexpr std::string_view kWebVerbs[] = {"list", "end"};

constexpr Column kSessionColumns[] = {
    {"id", "Number", 10, "number of the session"},
    {"user", "User", 20, "user of the session"},
    {"uid", "UID", 10, "uid of the user"},
    {"opened", "Opened", 25, "time of the link's opening", time_cell},
    {"until", "Until", 25, "end of the session", time_cell},
    {"address", "Address", 40, "address that opened the link"},
};

int make_link(const Parsed& parsed) {
    if (parsed.options.all)
        return complain(parsed.context, "--all needs the word end: sluice web end --all");
    const auto answer = client(parsed.context).post(kSessionsPath, json::Value::object());
    if (!answer)
        return complain(parsed.context, answer.error());
    if (parsed.options.json)
        return print_json(parsed, *answer);
    const auto link = (*answer)["link"].text();
    print(parsed.context, link + '\n');
    warn(parsed.context, "the link opens one session, within " +
                             std::to_string((*answer)["valid_s"].integer()) +
                             " s; whoever opens it has your rights in Sluice");
    if (link.find("://127.") != std::string::npos ||
        link.find("://localhost:") != std::string::npos)
        warn(parsed.context, "the link works in a browser on the host of sluiced only; from "
                             "elsewhere forward its port with ssh -L");
    return kOk;
}

int end_sessions(const Parsed& parsed) {
    const auto& words = parsed.options.words;
    if (parsed.options.all && !words.empty())
        return complain(parsed.context, "give numbers of sessions or --all, not both");
    if (words.empty()) {
        json::Value body = json::Value::object();
        if (parsed.options.all)
            body.set("all", true);
        const auto answer = client(parsed.context).remove(kSessionsPath, body);
        if (!answer)
            return complain(parsed.context, answer.error());
        const auto ended = (*answer)["ended"].integer();
        print(parsed.context, ended == 0   ? "No session was open.\n"
                              : ended == 1 ? "1 session has ended.\n"
                                           : std::to_string(ended) + " sessions have ended.\n");
        return kOk;
    }
    for (const auto& id : words) {
        const auto answer = client(parsed.context)
                                .remove(std::string(kSessionsPath) + '/' + percent_encoded(id),
                                        json::Value::object());
        if (!answer)
            return complain(parsed.context, answer.error());
        print(parsed.context, "Session " + id + " has ended.\n");
    }
    return kOk;
}

} // namespace

int run_web(Parsed parsed) {
    if (parsed.options.words.empty() && !parsed.options.helpformat)
        return make_link(parsed);
    const std::string verb = take_verb(parsed, kWebVerbs);
    if (verb == "list")
        return run_records(parsed, {kSessionColumns, "id,user,opened,until,address", kSessionsPath},
                           {}, "sessions");
    return verb == "end" ? end_sessions(parsed) : kFailed;
}

} // namespace sluice::cli
