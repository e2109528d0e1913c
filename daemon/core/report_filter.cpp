// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/report_filter.hpp"

#include "common/base/text.hpp"

#include <set>

namespace sluice::core {
namespace {

template <class Entries, class AccountOf>
void keep(Entries& entries, const std::set<std::string>& wanted, AccountOf account_of) {
    std::erase_if(entries, [&](const auto& entry) { return !wanted.contains(account_of(entry)); });
}

} // namespace

std::string unknown_account(const std::string& account, const model::Decision& decision) {
    std::vector<std::string> known;
    for (const auto& entry : decision.accounts)
        known.push_back(entry.account);
    std::string text = "account " + account + " has no policy with an allocation";
    if (const auto near = nearest(account, known); !near.empty())
        text += "; did you mean " + near + "?";
    return text;
}

ports::CycleReport cut_to(ports::CycleReport report, const std::vector<std::string>& accounts) {
    const std::set<std::string> wanted(accounts.begin(), accounts.end());
    const auto account = [](const auto& entry) { return entry.account; };
    keep(report.decision.accounts, wanted, account);
    keep(report.plan.commands, wanted, account);
    keep(report.plan.withheld, wanted, account);
    keep(report.plan.problems, wanted, account);
    keep(report.problems, wanted, account);
    keep(report.applied, wanted, [](const auto& record) { return record.command.account; });
    return report;
}

} // namespace sluice::core
