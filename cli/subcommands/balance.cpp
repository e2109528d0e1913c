// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice balance`: the short view for users.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"

namespace sluice::cli {
namespace {

// In observe mode "paused" refuses no job.
std::string balance_cause_cell(const Record& record, const char* field) {
    const std::string out = cause_cell(record, field);
    return out.empty() || record["mode"].text() != "observe" ? out : out + " (observe mode)";
}

constexpr Column kBalanceColumns[] = {
    {"account", "Account", 24, "account in Slurm"},
    {"component", "Component", 16, "component of the allocation"},
    {"period", "Period", 12, "current period", text_cell, "billing_period"},
    {"allocation", "Granted", 16, "allocation of the period, carryover included", amount_cell},
    {"used", "Used", 16, "used in the period, running jobs included", amount_cell},
    {"left", "Left", 16, "allocation left; negative: overused", amount_cell},
    {"percent", "Percent", 10, "percentage of the allocation used", percent_cell,
     "usage_percentage"},
    {"standing", "Standing", 10, "normal, downscaled or paused"},
    {"cause", "Cause", 40, "reason for the standing", balance_cause_cell},
    {"resets", "Resets", 25, "start of the next period", day_cell},
};
constexpr const char* kBalanceShown =
    "account,component,allocation,used,left,percent,standing,cause,resets";

int show_balance(const Parsed& parsed, const json::Value& answer, Table table) {
    for (const auto& balance : answer["balances"].items())
        table.add(balance);
    if (!table.empty())
        print(parsed.context, table.text());
    else if (answer["meta"]["viewer"]["staff"].boolean() && !parsed.options.value("user"))
        warn(parsed.context, "you are in no account with an allocation; `sluice status` shows all "
                             "accounts, `sluice balance -u NAME` the accounts of a user");
    else
        warn(parsed.context, "no account with an allocation");
    return kOk;
}

} // namespace

int run_balance(Parsed parsed) {
    auto query = parameters(parsed.options);
    if (const auto* user = parsed.options.value("user"); user != nullptr && !user->empty())
        query.emplace_back("user", *user);
    return run_listing(parsed, {kBalanceColumns, kBalanceShown, "/api/v1/balances"}, query,
                       show_balance);
}

} // namespace sluice::cli
