// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice override`: staff pin an account to a standing, with a reason and an end.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/listing.hpp"
#include "cli/subcommands.hpp"

#include <algorithm>
#include <array>

namespace sluice::cli {
namespace {

constexpr const char* kOverridePath = "/api/v1/overrides";
constexpr std::array<std::string_view, 3> kOverrideVerbs{"set", "list", "clear"};

constexpr std::array kOverrideColumns{
    Column{"id", "ID", 10, "number of the entry"},
    Column{"account", "Account", 24, "account in Slurm"},
    Column{"standing", "Standing", 10, "what it is pinned to"},
    Column{"state", "State", 10, "in force, to come, expired, or ended (by a person)"},
    Column{"from", "From", 19, "first instant, local time"},
    Column{"until", "Until", 19, "first instant after it, local time"},
    Column{"by", "By", 16, "who set it"},
    Column{"reason", "Reason", 60, "why"},
    Column{"ended", "Ended", 19, "when a person ended it, local time"},
    Column{"endedby", "EndedBy", 16, "who ended it"},
    Column{"endreason", "EndReason", 60, "why it was ended"},
};
constexpr const char* kOverrideDefault = "id,account,standing,state,from,until,by,reason";

Row override_row(json::View entry) {
    return {std::to_string(entry["id"].integer()),
            entry["account"].text(),
            entry["standing"].text(),
            entry["state"].text(),
            local_time(entry, "from"),
            local_time(entry, "until"),
            entry["by"].text(),
            entry["reason"].text(),
            local_time(entry, "ended"),
            entry["ended_by"].text(),
            entry["end_reason"].text()};
}

Parameters asked_for(const Parsed& parsed, const std::vector<std::string>& accounts, bool all) {
    Options asked = parsed.options;
    asked.accounts = accounts;
    auto query = parameters(asked);
    if (!all)
        query.emplace_back("in_force", "true");
    return query;
}

int list_overrides(const Parsed& parsed) {
    return run_records(parsed, {kOverrideColumns, kOverrideDefault, kOverridePath},
                       asked_for(parsed, parsed.options.words, parsed.options.all), "overrides",
                       [](json::View entry, bool) { return override_row(entry); });
}

int set(Parsed parsed) {
    const auto words = parsed.options.words;
    if (words.size() != 2)
        return complain(parsed.context, "sluice override set ACCOUNT STANDING --until=TIME "
                                        "--reason=TEXT; STANDING is normal, downscaled or paused");
    auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    body->set("account", words[0]).set("standing", words[1]);
    for (const char* key : {"from", "until"})
        if (const auto given = parsed.options.figures.find(key);
            given != parsed.options.figures.end())
            body->set(key, given->second);
    parsed.options.accounts = {words[0]};
    return enter(parsed, Method::post, kOverridePath, *body,
                 {"Override # pins account " + words[0] + " to " + words[1] + ".",
                  "Account " + words[0] + " would be pinned to " + words[1] + "."});
}

bool is_number(const std::string& word) {
    return !word.empty() &&
           std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int clear_one(Parsed parsed, const std::string& id, const std::string& account) {
    const auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    if (!account.empty())
        parsed.options.accounts = {account};
    const std::string what = "verride " + id;
    return enter(parsed, Method::remove, std::string(kOverridePath) + '/' + id, *body,
                 {"O" + what + " is ended.", "O" + what + " would be ended."});
}

int clear(const Parsed& parsed) {
    if (parsed.options.words.size() != 1)
        return complain(parsed.context, "sluice override clear ID|ACCOUNT --reason=TEXT");
    const std::string& word = parsed.options.words.front();
    if (is_number(word))
        return clear_one(parsed, word, "");
    if (!entry_body(parsed))
        return kFailed;
    const auto found = ask(parsed, kOverridePath, asked_for(parsed, {word}, false));
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

int run_override(const Context& context, int argc, char** argv) {
    const auto& self = *find_subcommand("override");
    auto parsed = parse_options(context, self,
                                kTable | kJson | kLimit | kCluster | kSocket | kDryRun | kWords |
                                    kReason | kSpan | kAll,
                                argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped(parsed, kOverrideColumns))
        return kOk;
    const std::string verb = take_verb(parsed, self, kOverrideVerbs);
    if (verb.empty())
        return kFailed;
    if (verb == "list")
        return list_overrides(parsed);
    return verb == "set" ? set(std::move(parsed)) : clear(parsed);
}

} // namespace sluice::cli
