// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/subcommands/simulated_year.hpp"

#include "common/model/account_tree.hpp"
#include "common/model/facts.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/policy/periods.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::cli {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::year_month_day;

// The second overuses what the first leaves; the third overuses its own.
constexpr std::array<std::int64_t, 3> kShares{60, 150, 130};
constexpr std::int64_t kShareOfYear = 130;
constexpr const char* kExample = "example";
constexpr std::chrono::hours kEvaluatedAt{23}; // local, after the usage of the day

model::Structure structure_of(const model::PolicySet& set) {
    model::Structure out;
    std::set<std::string> known{"root"};
    const auto add = [&](const std::string& account, const std::string& parent) {
        model::Association row;
        row.account = account;
        row.parent = parent;
        out.associations.push_back(row);
    };
    add("root", "");
    for (const auto& [account, settings] : set.accounts) {
        known.insert(account);
        add(account, settings.parent.empty() ? "root" : settings.parent);
    }
    for (const auto& [account, settings] : set.accounts)
        if (!settings.parent.empty() && known.insert(settings.parent).second)
            add(settings.parent, "root");
    return out;
}

// What a period uses of the allocation, and its length.
struct Share {
    std::int64_t percent = 0;
    std::int64_t days = 1;
};

Share share_of(const model::Period& period, std::size_t index, std::int64_t days_of_year) {
    if (!period.end)
        return {kShareOfYear, days_of_year};
    const auto length = std::chrono::round<days>(*period.end - period.begin).count();
    return {length >= days_of_year ? kShareOfYear : kShares[index % kShares.size()],
            std::max<std::int64_t>(length, 1)};
}

} // namespace

Result<void> add_year(model::Scenario& scenario, const Zone& zone, std::chrono::year year) {
    auto& set = scenario.set;
    if (set.accounts.empty())
        set.accounts[kExample];
    const model::Structure structure = structure_of(set);
    const model::AccountTree tree(structure);
    const auto subjects = policy::subjects(set, tree);
    if (subjects.empty())
        return Error{Errc::not_found,
                     "no account has an allocation; add accounts: {physics: {allocation: {...}}}"};
    std::set<std::string> parents;
    for (const auto& row : structure.associations)
        parents.insert(row.parent);
    const local_days begin{year / std::chrono::January / 1};
    const local_days end{(year + std::chrono::years{1}) / std::chrono::January / 1};
    std::map<std::string, std::pair<std::string, std::size_t>> periods; // label and its number
    for (local_days day = begin; day < end; day += days{1}) {
        model::ScenarioStep step;
        step.at = day + kEvaluatedAt;
        step.evaluate = true;
        for (const auto& subject : subjects) {
            if (parents.contains(subject.account))
                continue;
            const auto period =
                policy::period_at(subject.first().period, zone, zone.instant(step.at));
            auto& [label, number] = periods[subject.account];
            number += !label.empty() && label != period.label ? 1 : 0;
            label = period.label;
            const Share share = share_of(period, number, (end - begin).count());
            for (const auto& [component, amount] : *subject.allocation) {
                const auto part = narrow(Wide{amount.scaled()} * share.percent / share.days / 100);
                step.usage[subject.account].emplace(component, Decimal::raw(part.value_or(0)));
            }
        }
        scenario.steps.push_back(std::move(step));
    }
    return {};
}

} // namespace sluice::cli
