// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice override`: staff pin an account to a standing, with a reason and an end.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {
namespace {

constexpr const char* kOverridePath = "/api/v1/overrides";
constexpr std::string_view kOverrideVerbs[] = {"set", "list", "clear"};

constexpr Column kOverrideColumns[] = {
    {"id", "ID", 10, "number of the entry"},
    {"account", "Account", 24, "account in Slurm"},
    {"standing", "Standing", 10, "standing that the override sets"},
    {"state", "State", 10, "in force, to come, expired, or ended (by a person)"},
    {"from", "From", 25, "start", time_cell},
    {"until", "Until", 25, "end", time_cell},
    {"by", "By", 16, "user who set the override"},
    {"reason", "Reason", 60, "reason for the override; users see it with --show-reason only"},
    {"showreason", "ShowReason", 10, "yes: users may read the reason",
     [](const Record& record, const char* field) -> std::string {
         return record[field].boolean() ? "yes" : "no";
     },
     "show_reason"},
    {"ended", "Ended", 25, "when a person ended the override", time_cell},
    {"endedby", "EndedBy", 16, "user who ended the override", text_cell, "ended_by"},
    {"endreason", "EndReason", 60, "reason for ending the override", text_cell, "end_reason"},
};
constexpr const char* kOverrideShown = "id,account,standing,state,from,until,by,reason";

Parameters query_of(const Parsed& parsed, const std::vector<std::string>& accounts, bool all) {
    Options asked = parsed.options;
    asked.accounts = accounts;
    auto query = parameters(asked);
    if (!all)
        query.emplace_back("in_force", "true");
    return query;
}

int set_override(Parsed parsed) {
    const auto words = parsed.options.words;
    if (words.size() != 2)
        return complain(parsed.context,
                        "override set needs an account and a standing (normal, downscaled or "
                        "paused); usage: sluice override set ACCOUNT STANDING --until=TIME "
                        "--reason=TEXT");
    auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    body->set("account", words[0]).set("standing", words[1]);
    for (const char* key : {"from", "until"})
        if (const auto* given = parsed.options.value(key))
            body->set(key, *given);
    body->set("show_reason", parsed.options.show_reason);
    parsed.options.accounts = {words[0]};
    return enter(parsed, Method::post, kOverridePath, *body,
                 {"Override # pins account " + words[0] + " to " + words[1] + ".",
                  "Account " + words[0] + " would be pinned to " + words[1] + "."});
}

int clear_one(Parsed parsed, const std::string& id, const std::string& account) {
    const auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    if (!account.empty())
        parsed.options.accounts = {account};
    return enter(parsed, Method::remove, std::string(kOverridePath) + '/' + id, *body,
                 {"Override " + id + " is ended.", "Override " + id + " would be ended."});
}

int clear_overrides(const Parsed& parsed) {
    if (parsed.options.words.size() != 1)
        return complain(parsed.context, "override clear needs a number or an account; usage: "
                                        "sluice override clear ID|ACCOUNT --reason=TEXT");
    const std::string& word = parsed.options.words.front();
    if (word.find_first_not_of("0123456789") == std::string::npos)
        return clear_one(parsed, word, "");
    if (!entry_body(parsed))
        return kFailed;
    const auto found = ask(parsed, kOverridePath, query_of(parsed, {word}, false));
    if (!found)
        return complain(parsed.context, found.error());
    const auto list = (*found)["overrides"].items();
    if (list.empty())
        return complain(parsed.context, "no override of account " + word + " is in force");
    int code = kOk;
    for (const auto& entry : list)
        if (clear_one(parsed, std::to_string(entry["id"].integer()), word) != kOk)
            code = kFailed;
    return code;
}

} // namespace

int run_override(Parsed parsed) {
    const std::string verb = take_verb(parsed, kOverrideVerbs);
    if (verb == "set")
        return set_override(std::move(parsed));
    if (verb == "clear")
        return clear_overrides(parsed);
    if (verb.empty())
        return kFailed;
    return run_records(parsed, {kOverrideColumns, kOverrideShown, kOverridePath},
                       query_of(parsed, parsed.options.words, parsed.options.all), "overrides");
}

} // namespace sluice::cli
