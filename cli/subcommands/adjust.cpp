// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice adjust`: staff add units to the allocation of one period, take some away, or cancel such
// an entry; they and coordinators move units from one account to another.
#include "cli/entry.hpp"
#include "cli/figures.hpp"
#include "cli/subcommands/subcommands.hpp"
#include "common/base/decimal.hpp"
#include "common/base/text.hpp"

#include <optional>
#include <string>
#include <utility>

namespace sluice::cli {
namespace {

constexpr const char* kAdjustPath = "/api/v1/adjustments";
constexpr const char* kTransferPath = "/api/v1/transfers";
constexpr std::string_view kAdjustVerbs[] = {"add", "move", "list", "remove"};

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
    {"pair", "Pair", 10, "number of the other entry of a transfer"},
};
constexpr const char* kAdjustShown = "id,time,account,period,units,by,reason";

struct Units {
    json::Value values = json::Value::object();
    std::string shown; // "node_hours=25, gpu_hours=2"
};

// Of the words from `begin` on. nullopt: an error was printed.
std::optional<Units> read_units(const Parsed& parsed, std::size_t begin) {
    const auto& words = parsed.options.words;
    Units out;
    for (std::size_t i = begin; i < words.size(); ++i) {
        const auto equal = words[i].find('=');
        const std::string value = equal == std::string::npos ? "" : words[i].substr(equal + 1);
        if (equal == 0 || !Decimal::parse(value)) {
            complain(parsed.context, "'" + words[i] +
                                         "' is not COMPONENT=UNITS, such as node_hours=25" +
                                         (begin == 1 ? " or node_hours=-2.5" : ""));
            return std::nullopt;
        }
        out.values.set(words[i].substr(0, equal), value);
        out.shown += (out.shown.empty() ? "" : ", ") + words[i];
    }
    return out;
}

int move_allocation(Parsed parsed) {
    const auto words = parsed.options.words;
    if (words.size() < 3)
        return complain(parsed.context,
                        "adjust move needs two accounts and units; usage: sluice adjust move FROM "
                        "TO COMPONENT=UNITS... --reason=TEXT");
    if (parsed.options.value("period") != nullptr)
        return complain(parsed.context, "adjust move has no --period: units move within the "
                                        "current period");
    auto units = read_units(parsed, 2);
    if (!units)
        return kFailed;
    auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    body->set("from", words[0]).set("to", words[1]).set("units", std::move(units->values));
    parsed.options.accounts = {words[0], words[1]};
    const std::string what = units->shown + " from account " + words[0] + " to " + words[1] + ".";
    return enter(parsed, Method::post, kTransferPath, *body,
                 {"Transfer # moves " + what, "Would move " + what});
}

int add_adjustment(Parsed parsed) {
    const auto words = parsed.options.words;
    if (words.size() < 2)
        return complain(parsed.context,
                        "adjust add needs an account and units; usage: sluice adjust add ACCOUNT "
                        "COMPONENT=UNITS... --reason=TEXT");
    auto units = read_units(parsed, 1);
    if (!units)
        return kFailed;
    auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    body->set("account", words[0]).set("units", std::move(units->values));
    if (const auto* period = parsed.options.value("period"))
        body->set("period", *period);
    parsed.options.accounts = {words[0]};
    return enter(parsed, Method::post, kAdjustPath, *body,
                 {"Adjustment # adds " + units->shown + " to account " + words[0] + ".",
                  "Account " + words[0] + " would get " + units->shown + "."});
}

int remove_adjustment(const Parsed& parsed) {
    const auto& words = parsed.options.words;
    if (words.size() != 1 || words[0].find_first_not_of("0123456789") != std::string::npos)
        return complain(parsed.context,
                        "adjust remove needs the number of an entry (sluice adjust list shows it); "
                        "usage: sluice adjust remove ID --reason=TEXT");
    const auto body = entry_body(parsed);
    if (!body)
        return kFailed;
    return enter(parsed, Method::remove, std::string(kAdjustPath) + '/' + words[0], *body,
                 {"Adjustment # cancels adjustment " + words[0] + ".",
                  "Adjustment " + words[0] + " would be canceled."});
}

} // namespace

int run_adjust(Parsed parsed) {
    const std::string verb = take_verb(parsed, kAdjustVerbs);
    if (verb == "add")
        return add_adjustment(std::move(parsed));
    if (verb == "move")
        return move_allocation(std::move(parsed));
    if (verb == "remove")
        return remove_adjustment(parsed);
    if (verb.empty())
        return kFailed;
    parsed.options.accounts = parsed.options.words;
    return run_records(parsed, {kAdjustColumns, kAdjustShown, kAdjustPath},
                       parameters(parsed.options), "adjustments");
}

} // namespace sluice::cli
