// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/committed.hpp"

#include "common/base/amount.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace sluice::policy {
namespace {

using TresIds = std::unordered_map<std::string_view, std::uint32_t>; // by name

// What one job uses of a TRES: at most the largest amount, which no cluster reaches.
Amount queued_amount(const model::Job& job, std::uint32_t tres) {
    const auto asked = std::find_if(job.tres.begin(), job.tres.end(),
                                    [&](const auto& one) { return one.first == tres; });
    if (asked == job.tres.end())
        return 0;
    const auto tasks = multiply(Wide{asked->second}, Wide{job.tasks});
    const auto all = tasks ? multiply(*tasks, Wide{*job.minutes} * 60) : std::nullopt;
    return all ? narrow(*all).value_or(INT64_MAX) : INT64_MAX;
}

void add_job(const model::Job& job, const TresIds& ids, model::AccountDecision& account) {
    if (!job.minutes) {
        account.unlimited += job.tasks;
        return;
    }
    for (auto& figure : account.figures)
        if (const auto id = ids.find(figure.component.tres); id != ids.end())
            figure.committed = narrow(Wide{*figure.committed} + queued_amount(job, id->second))
                                   .value_or(INT64_MAX);
}

} // namespace

void add_committed(const AccountTree& tree, const model::Facts& facts, model::Decision& decision) {
    if (!facts.jobs_known)
        return;
    TresIds ids;
    for (const auto& tres : facts.structure.tres)
        ids.emplace(tres.name, tres.id);
    for (auto& account : decision.accounts)
        for (auto& figure : account.figures)
            figure.committed = 0;
    const Governance governed(tree, decision);
    for (const auto& job : facts.jobs) {
        if (job.state != model::JobState::pending)
            continue;
        std::size_t index = governed.of(tree.find(job.account));
        while (index != kNone) {
            add_job(job, ids, decision.accounts[index]);
            index = governed.above(tree.find(decision.accounts[index].account));
        }
    }
}

} // namespace sluice::policy
