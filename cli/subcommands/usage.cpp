// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice usage`: the parts of an account's usage, and with --by-user its users.
#include "cli/figures.hpp"
#include "cli/report.hpp"
#include "cli/subcommands/subcommands.hpp"

namespace sluice::cli {
namespace {

// "" in the row of a whole account without --by-user.
std::string user_cell(const Record& record, const char* field) {
    const std::string name = text_cell(record, field);
    return name.empty() && record[field].exists() ? "(deleted)" : name;
}

// Percentages of a user and of the whole account are never shown in the same row.
std::string own_percent_cell(const Record& record, const char* field) {
    const auto own = record.row[field];
    return own.exists() ? percent(own) : "";
}

constexpr Column kUsageColumns[] = {
    {"account", "Account", 24, "account in Slurm"},
    {"component", "Component", 20, "component of the allocation"},
    {"tres", "TRES", 16, "TRES of the component"},
    {"period", "Period", 12, "the current period, or that of --period", text_cell,
     "billing_period"},
    {"user", "User", 24, "with --by-user: user, (deleted) for deleted users, (total)", user_cell},
    {"settled", "Settled", 16, "in slurmdbd's hourly rollups; empty: unknown by user", amount_cell},
    {"finished", "Finished", 16, "jobs that ended after the last rollup", amount_cell},
    {"running", "Running", 16, "running jobs, up to now", amount_cell},
    {"qos_factor", "QOSFactor", 16, "added by UsageFactor of the QOS of jobs; negative: taken",
     amount_cell},
    {"idle_reservations", "IdleResv", 16,
     "idle time of reservations; of no user, so in (total) only", amount_cell},
    {"used", "Used", 16, "sum of these; empty: unknown by user", amount_cell},
    {"percent", "Percent", 10, "percentage of the effective allocation used; empty with --by-user",
     own_percent_cell, "usage_percentage"},
    {"share", "Share", 10, "with --by-user: percentage of the account's usage", own_percent_cell,
     "share_percentage"},
    {"clusters", "ByCluster", 30, "usage of the account by cluster, for a shared allocation",
     clusters_cell, "used_by_cluster"},
};
constexpr const char* kUsageShown =
    "account,component,period,settled,finished,running,qos_factor,idle_reservations,used,percent";
constexpr const char* kUserShown = "account,component,period,user,settled,finished,running,qos_"
                                   "factor,idle_reservations,used,share";

int show_usage(const Parsed& parsed, const json::Value& answer, Table table) {
    for (const auto& part : answer["usage"].items()) {
        if (!parsed.options.by_user) {
            table.add(part);
            continue;
        }
        for (const auto& user : part["users"].items())
            table.add(user, part);
        auto total = json::Value::object();
        total.set("user", "(total)")
            .set("share_percentage", part["used"].number() > 0 ? json::Value(100) : json::Value());
        table.add(total.view(), part);
    }
    print_table(parsed, table);
    return kOk;
}

} // namespace

int run_usage(Parsed parsed) {
    auto query = parameters(parsed.options);
    const bool by_user = parsed.options.by_user;
    if (by_user && parsed.options.accounts.empty() && !parsed.options.helpformat)
        return complain(parsed.context, "--by-user needs an account; usage: sluice usage "
                                        "--by-user ACCOUNT...");
    if (by_user)
        query.emplace_back("by_user", "1");
    if (const auto* period = parsed.options.value("period")) {
        if (parsed.options.accounts.empty() && !parsed.options.helpformat)
            return complain(parsed.context, "--period needs an account; usage: sluice usage "
                                            "--period=LABEL ACCOUNT...");
        query.emplace_back("period", *period);
    }
    return run_listing(
        parsed,
        {kUsageColumns,
         by_user ? kUserShown : kUsageShown,
         "/api/v1/usage",
         {"idle_reservations,qos_factor,period,finished,settled", "account,component,user"}},
        query, show_usage);
}

} // namespace sluice::cli
