// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice balance`: the short view for users.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"

#include <utility>

namespace sluice::cli {
namespace {

std::string default_cell(const Record& record, const char* field) {
    return record[field].boolean() ? "yes" : "";
}

constexpr Column kBalanceColumns[] = {
    {"account", "Account", 24, "account in Slurm"},
    {"default", "Default", 8,
     "yes: jobs without --account are charged to it, as of the last evaluation", default_cell},
    {"mode", "Mode", 8, "enforce, or observe: no job is refused or slowed down"},
    {"component", "Component", 16, "component of the allocation"},
    {"period", "Period", 12, "current period", text_cell, "billing_period"},
    {"allocation", "Granted", 16, "allocation of the period, carryover included", amount_cell},
    {"used", "Used", 16, "used in the period, running jobs included", amount_cell},
    {"left", "Left", 16, "allocation left; negative: overused", amount_cell},
    {"settled", "Settled", 16, "used, in slurmdbd's rollups", amount_cell},
    {"finished", "Finished", 16, "used by jobs that finished since then", amount_cell},
    {"running", "Running", 16, "used by running jobs, up to now", amount_cell},
    {"committed", "Committed", 16, "queued jobs, until their time limits; decides nothing",
     amount_cell},
    {"unlimited", "Unlimited", 10, "queued jobs without a time limit, not in Committed", text_cell,
     "unlimited_jobs"},
    {"percent", "Percent", 10, "percentage of the allocation used", percent_cell,
     "usage_percentage"},
    {"standing", "Standing", 20,
     "normal, warned, downscaled or paused; would be ...: the policy only observes", standing_cell,
     nullptr, true},
    {"cause", "Cause", 60, "reason for the standing", cause_cell},
    {"resets", "Resets", 25, "start of the next period", day_cell},
    {"forecast", "Forecast", 48,
     "when the account is expected to reach its next threshold, and the interval of four in five "
     "cases",
     forecast_cell},
};
constexpr const char* kBalanceShown =
    "account,default,component,allocation,used,left,percent,standing,cause,resets";

int show_balance(const Parsed& parsed, const json::Value& answer, Table table) {
    for (const char* mode : {"enforce", "observe"}) // what is in force first
        for (const auto& balance : answer["balances"].items())
            if (balance["mode"].text() == mode)
                table.add(balance);
    if (!table.empty())
        print_table(parsed, table);
    else if (answer["meta"]["viewer"]["staff"].boolean() && !parsed.options.value("user"))
        warn(parsed.context, "you are in no account with an allocation; `sluice status` shows all "
                             "accounts, `sluice balance -u NAME` the accounts of a user");
    else
        warn(parsed.context, "no account with an allocation");
    return kOk;
}

} // namespace

int run_balance(Parsed parsed) {
    if (parsed.options.login)
        return run_login_line(std::move(parsed));
    auto query = parameters(parsed.options);
    if (const auto* user = parsed.options.value("user"); user != nullptr && !user->empty())
        query.emplace_back("user", *user);
    return run_listing(parsed,
                       {kBalanceColumns,
                        kBalanceShown,
                        "/api/v1/balances",
                        {"cause,default,allocation", "account,component"}},
                       query, show_balance);
}

} // namespace sluice::cli
