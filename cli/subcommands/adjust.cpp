// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice adjust`: staff add units to the allocation of one period, or take some away.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/decimal.hpp"
#include "common/base/text.hpp"

namespace sluice::cli {
namespace {

constexpr const char* kAdjustPath = "/api/v1/adjustments";
constexpr std::string_view kAdjustVerbs[] = {"add", "list"};

std::string units_cell(const Record& record, const char* field) {
    const auto units = record[field];
    std::vector<std::string> out;
    for (const auto& component : units.keys())
        out.push_back(component + "=" + amount(units[component], true));
    return join(out, ",");
}

constexpr Column kAdjustColumns[] = {
    {"id", "ID", 10, "number of the entry"},
    {"time", "Time", 25, "time of the entry", time_cell, "at"},
    {"account", "Account", 24, "account in Slurm"},
    {"period", "Period", 12, "period that the entry adjusts"},
    {"units", "Units", 40, "component=units; negative: taken away", units_cell},
    {"by", "By", 16, "user who made the entry"},
    {"reason", "Reason", 60, "reason for the entry"},
    {"takesback", "TakesBack", 10, "number of the entry that this one cancels", text_cell,
     "takes_back"},
    {"takenbackby", "TakenBackBy", 11, "number of the entry that cancels this one", text_cell,
     "taken_back_by"},
};
constexpr const char* kAdjustShown = "id,time,account,period,units,by,reason";

int add_adjustment(Parsed parsed) {
    const auto words = parsed.options.words;
    if (words.size() < 2)
        return complain(parsed.context,
                        "adjust add needs an account and units; usage: sluice adjust add ACCOUNT "
                        "COMPONENT=UNITS... --reason=TEXT");
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
    if (const auto* period = parsed.options.value("period"))
        body->set("period", *period);
    parsed.options.accounts = {words[0]};
    return enter(parsed, Method::post, kAdjustPath, *body,
                 {"Adjustment # adds " + shown + " to account " + words[0] + ".",
                  "Account " + words[0] + " would get " + shown + "."});
}

} // namespace

int run_adjust(Parsed parsed) {
    const std::string verb = take_verb(parsed, kAdjustVerbs);
    if (verb == "add")
        return add_adjustment(std::move(parsed));
    if (verb.empty())
        return kFailed;
    parsed.options.accounts = parsed.options.words;
    return run_records(parsed, {kAdjustColumns, kAdjustShown, kAdjustPath},
                       parameters(parsed.options), "adjustments");
}

} // namespace sluice::cli
