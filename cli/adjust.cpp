// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice adjust`: staff add units to the allocation of one period, or take some away.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/listing.hpp"
#include "cli/subcommands.hpp"
#include "common/base/decimal.hpp"
#include "common/base/text.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr const char* kAdjustPath = "/api/v1/adjustments";
constexpr std::array<std::string_view, 2> kAdjustVerbs{"add", "list"};

constexpr std::array kAdjustColumns{
    Column{"id", "ID", 10, "number of the entry"},
    Column{"time", "Time", 19, "when it was entered, local time"},
    Column{"account", "Account", 24, "account in Slurm"},
    Column{"period", "Period", 12, "the period it counts in"},
    Column{"units", "Units", 40, "component=units; negative: taken away"},
    Column{"by", "By", 16, "who entered it"},
    Column{"reason", "Reason", 60, "why"},
    Column{"takesback", "TakesBack", 10, "the entry that it undoes"},
    Column{"takenbackby", "TakenBackBy", 11, "the entry that undoes it"},
};
constexpr const char* kAdjustDefault = "id,time,account,period,units,by,reason";

std::string number(json::View value) {
    return value.is_integer() ? std::to_string(value.integer()) : "";
}

Row adjust_row(json::View entry) {
    std::vector<std::string> units;
    for (const auto& component : entry["units"].keys())
        units.push_back(component + "=" + amount(entry["units"][component], true));
    return {std::to_string(entry["id"].integer()),
            local_time(entry, "at"),
            entry["account"].text(),
            entry["period"].text(),
            join(units, ","),
            entry["by"].text(),
            entry["reason"].text(),
            number(entry["takes_back"]),
            number(entry["taken_back_by"])};
}

int list_adjust(Parsed parsed) {
    parsed.options.accounts = parsed.options.words;
    return run_records(parsed, {kAdjustColumns, kAdjustDefault, kAdjustPath},
                       parameters(parsed.options), "adjustments",
                       [](json::View entry, bool) { return adjust_row(entry); });
}

int add_adjust(Parsed parsed) {
    const auto words = parsed.options.words;
    if (words.size() < 2)
        return complain(parsed.context,
                        "sluice adjust add ACCOUNT COMPONENT=UNITS... --reason=TEXT");
    json::Value units = json::Value::object();
    std::string shown;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto equal = words[i].find('=');
        const std::string value = equal == std::string::npos ? "" : words[i].substr(equal + 1);
        if (equal == 0 || !Decimal::parse(value))
            return complain(parsed.context, "'" + words[i] +
                                                "' is not COMPONENT=UNITS, such as "
                                                "node_hours=25 or node_hours=-2.5");
        units.set(words[i].substr(0, equal), value);
        shown += (shown.empty() ? "" : ", ") + words[i];
    }
    auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    body->set("account", words[0]).set("units", std::move(units));
    if (const auto period = parsed.options.figures.find("period");
        period != parsed.options.figures.end())
        body->set("period", period->second);
    parsed.options.accounts = {words[0]};
    return enter(parsed, Method::post, kAdjustPath, *body,
                 {"Adjustment # adds " + shown + " to account " + words[0] + ".",
                  "Account " + words[0] + " would get " + shown + "."});
}

} // namespace

int run_adjust(const Context& context, int argc, char** argv) {
    const auto& self = *find_subcommand("adjust");
    auto parsed = parse_options(context, self,
                                kTable | kJson | kLimit | kCluster | kSocket | kDryRun | kWords |
                                    kReason | kLabel,
                                argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped(parsed, kAdjustColumns))
        return kOk;
    const std::string verb = take_verb(parsed, self, kAdjustVerbs);
    if (verb.empty())
        return kFailed;
    return verb == "list" ? list_adjust(std::move(parsed)) : add_adjust(std::move(parsed));
}

} // namespace sluice::cli
