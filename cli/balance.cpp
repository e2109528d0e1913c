// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice balance`: the short view for the people who compute.
#include "cli/figures.hpp"
#include "cli/listing.hpp"
#include "cli/subcommands.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::array kBalanceColumns{
    Column{"account", "Account", 24, "account in Slurm"},
    Column{"component", "Component", 16, "what is granted"},
    Column{"period", "Period", 12, "current period"},
    Column{"allocation", "Granted", 16, "what may be used in the period, carryover included"},
    Column{"used", "Used", 16, "used so far, running jobs included"},
    Column{"left", "Left", 16, "what is left of it; negative: overused"},
    Column{"percent", "Percent", 10, "used, of what was granted"},
    Column{"standing", "Standing", 10, "normal, downscaled or paused"},
    Column{"cause", "Cause", 40, "reason for the standing"},
    Column{"resets", "Resets", 19, "begin of the next period, local time"},
};
constexpr const char* kBalanceDefault =
    "account,component,allocation,used,left,percent,standing,cause,resets";

// In observe mode nobody is held up: who reads "paused" here must not believe it.
std::string why(json::View balance) {
    const std::string out = cause(balance);
    return out.empty() || balance["mode"].text() != "observe" ? out : out + " (observed only)";
}

Row balance_row(json::View balance, bool exact) {
    return {balance["account"].text(),
            balance["component"].text(),
            balance["billing_period"].text(),
            amount(balance["allocation"], exact),
            amount(balance["used"], exact),
            amount(balance["left"], exact),
            percent(balance["usage_percentage"]),
            balance["standing"].text(),
            why(balance),
            local_day(balance, "resets")};
}

int show_balance(const Parsed& parsed, const json::Value& answer, Table sheet) {
    for (const auto& balance : answer["balances"].items())
        sheet.rows.push_back(balance_row(balance, sheet.exact()));
    if (sheet.rows.empty()) {
        warn(parsed.context,
             answer["meta"]["viewer"]["staff"].boolean() && parsed.options.user.empty()
                 ? "you are in no account with an allocation; `sluice status` "
                   "shows all accounts, `sluice balance -u NAME` those of a user"
                 : "no account with an allocation");
        return kOk;
    }
    print(parsed.context, sheet.text());
    return kOk;
}

} // namespace

int run_balance(const Context& context, int argc, char** argv) {
    const auto parsed =
        parse_options(context, *find_subcommand("balance"),
                      kTable | kJson | kAccounts | kUser | kCluster | kSocket, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped(parsed, kBalanceColumns))
        return kOk;
    auto query = parameters(parsed.options);
    if (!parsed.options.user.empty())
        query.emplace_back("user", parsed.options.user);
    return run_listing(parsed, {kBalanceColumns, kBalanceDefault, "/api/v1/balances"}, query,
                       show_balance);
}

} // namespace sluice::cli
