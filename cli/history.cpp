// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice history`: the evaluations on record, newest first.
#include "cli/figures.hpp"
#include "cli/listing.hpp"
#include "cli/subcommands.hpp"
#include "common/base/text.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::array kHistoryColumns{
    Column{"id", "ID", 10, "number of the record"},
    Column{"time", "Time", 19, "when it was evaluated, local time"},
    Column{"account", "Account", 24, "account in Slurm"},
    Column{"policy", "Policy", 16, "policies that judged it"},
    Column{"period", "Period", 12, "period then"},
    Column{"percent", "Percent", 10, "the percentage that the thresholds looked at"},
    Column{"grace", "Grace", 8, "percentage at which the account is paused"},
    Column{"from", "From", 10, "standing before"},
    Column{"to", "To", 10, "standing after"},
    Column{"actions", "Actions", 40, "pause, downscale, notify, restore"},
    Column{"trigger", "Trigger", 10, "what started the evaluation"},
};
constexpr const char* kHistoryDefault = "time,account,period,percent,grace,from,to,actions,trigger";

Row history_row(json::View record, bool exact) {
    return {std::to_string(record["id"].integer()),
            local_time(record, "evaluated_at"),
            record["account"].text(),
            record["policy"].text(),
            record["billing_period"].text(),
            percent(record["usage_percentage"]),
            amount(record["grace_limit_percentage"], exact),
            record["previous_standing"].text(),
            record["standing"].text(),
            join(record["actions_taken"].texts(), ","),
            record["trigger"].text()};
}

} // namespace

int run_history(const Context& context, int argc, char** argv) {
    const auto parsed =
        parse_options(context, *find_subcommand("history"),
                      kTable | kJson | kAccounts | kLimit | kCluster | kSocket, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped(parsed, kHistoryColumns))
        return kOk;
    return run_records(parsed, {kHistoryColumns, kHistoryDefault, "/api/v1/evaluations"},
                       parameters(parsed.options), "evaluations", history_row);
}

} // namespace sluice::cli
