// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice usage`: what an account's usage is made of.
#include "cli/figures.hpp"
#include "cli/listing.hpp"
#include "cli/subcommands.hpp"

#include <array>

namespace sluice::cli {
namespace {

constexpr const char* kUsagePath = "/api/v1/usage";

constexpr std::array kUsageColumns{
    Column{"account", "Account", 24, "account in Slurm"},
    Column{"component", "Component", 20, "what is granted"},
    Column{"tres", "TRES", 16, "the TRES that it counts"},
    Column{"period", "Period", 12, "the running period"},
    Column{"settled", "Settled", 16, "by slurmdbd's hourly rollups"},
    Column{"finished", "Finished", 16, "jobs that ended after these"},
    Column{"running", "Running", 16, "jobs that still run, up to now"},
    Column{"used", "Used", 16, "the sum"},
    Column{"percent", "Percent", 10, "of the effective allocation"},
    Column{"clusters", "ByCluster", 30, "used, by cluster; empty: the allocation is of this one"},
};
// A row for each user, then one for the whole account.
constexpr std::array kUserColumns{
    Column{"account", "Account", 24, "account in Slurm"},
    Column{"component", "Component", 20, "what is granted"},
    Column{"tres", "TRES", 16, "the TRES that it counts"},
    Column{"period", "Period", 12, "the running period"},
    Column{"user", "User", 24, "who used it; (deleted): of accounts that are gone; (total)"},
    Column{"settled", "Settled", 16, "by slurmdbd's hourly rollups; empty: not known by user"},
    Column{"finished", "Finished", 16, "jobs that ended after these"},
    Column{"running", "Running", 16, "jobs that still run, up to now"},
    Column{"used", "Used", 16, "the sum; empty: not known by user"},
    Column{"share", "Share", 10, "percentage of what the account used"},
};
constexpr const char* kUserDefault =
    "account,component,period,user,settled,finished,running,used,share";

constexpr const char* kUsageDefault =
    "account,component,period,settled,finished,running,used,percent";

Row usage_row(json::View part, bool exact) {
    return {part["account"].text(),
            part["component"].text(),
            part["tres"].text(),
            part["billing_period"].text(),
            amount(part["settled"], exact),
            amount(part["finished"], exact),
            amount(part["running"], exact),
            amount(part["used"], exact),
            percent(part["usage_percentage"]),
            by_cluster(part, exact)};
}

Row fill_user(json::View part, json::View user, bool exact) {
    const std::string name = user["user"].text();
    return {part["account"].text(),
            part["component"].text(),
            part["tres"].text(),
            part["billing_period"].text(),
            name.empty() ? "(deleted)" : name,
            amount(user["settled"], exact),
            amount(user["finished"], exact),
            amount(user["running"], exact),
            amount(user["used"], exact),
            percent(user["share_percentage"])};
}

void add_users(Table& table, json::View part) {
    for (const auto& user : part["users"].items())
        table.rows.push_back(fill_user(part, user, table.exact()));
    Row total = fill_user(part, part, table.exact());
    total[4] = "(total)";
    total[9] = part["used"].number() > 0 ? "100.00" : "-";
    table.rows.push_back(std::move(total));
}

bool helped_usage(const Parsed& parsed) {
    return parsed.options.by_user ? helped(parsed, kUserColumns) : helped(parsed, kUsageColumns);
}

int show_users(const Parsed& parsed, const json::Value& answer, Table sheet) {
    for (const auto& part : answer["usage"].items())
        add_users(sheet, part);
    print(parsed.context, sheet.text());
    return kOk;
}

Parameters usage_parameters(const Options& options) {
    auto out = parameters(options);
    if (options.by_user)
        out.emplace_back("by_user", "1");
    return out;
}

} // namespace

int run_usage(const Context& context, int argc, char** argv) {
    const auto parsed =
        parse_options(context, *find_subcommand("usage"),
                      kTable | kJson | kAccounts | kByUser | kCluster | kSocket, argc, argv);
    if (parsed.done)
        return *parsed.done;
    if (helped_usage(parsed))
        return kOk;
    const bool by_user = parsed.options.by_user;
    if (by_user && parsed.options.accounts.empty())
        return complain(parsed.context, "whose usage? (sluice usage ACCOUNT --by-user)");
    if (by_user)
        return run_listing(parsed, {kUserColumns, kUserDefault, kUsagePath},
                           usage_parameters(parsed.options), show_users);
    return run_records(parsed, {kUsageColumns, kUsageDefault, kUsagePath},
                       usage_parameters(parsed.options), "usage", usage_row);
}

} // namespace sluice::cli
