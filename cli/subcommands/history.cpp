// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice history`: the evaluations on record, newest first.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"

namespace sluice::cli {
namespace {

// What an observing policy reported was never in force.
std::string past_standing_cell(const Record& record, const char* field) {
    const std::string word = record[field].text();
    return record["mode"].text() == "observe" && word != "normal" ? "would be " + word : word;
}

constexpr Column kHistoryColumns[] = {
    {"id", "ID", 10, "number of the record"},
    {"time", "Time", 25, "time of the evaluation", time_cell, "evaluated_at"},
    {"account", "Account", 24, "account in Slurm"},
    {"policy", "Policy", 16, "policies of the account"},
    {"period", "Period", 12, "period at that time", text_cell, "billing_period"},
    {"percent", "Percent", 10, "percentage compared with the thresholds", percent_cell,
     "usage_percentage"},
    {"grace", "Grace", 8, "percentage at which the account is paused", amount_cell,
     "grace_limit_percentage"},
    {"mode", "Mode", 8, "enforce, or observe: nothing was applied"},
    {"from", "From", 20, "standing before", past_standing_cell, "previous_standing", true},
    {"to", "To", 20, "standing after", past_standing_cell, "standing", true},
    {"actions", "Actions", 40, "pause, downscale, notify, restore", text_cell, "actions_taken"},
    {"trigger", "Trigger", 10, "what started the evaluation"},
};
constexpr const char* kHistoryShown = "time,account,period,percent,grace,from,to,actions,trigger";

} // namespace

int run_history(Parsed parsed) {
    auto query = parameters(parsed.options);
    if (const auto* period = parsed.options.value("period"))
        query.emplace_back("period", *period);
    return run_records(parsed,
                       {kHistoryColumns,
                        kHistoryShown,
                        "/api/v1/evaluations",
                        {"trigger,grace,period,from", "actions,account"}},
                       query, "evaluations");
}

} // namespace sluice::cli
