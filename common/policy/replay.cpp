// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/replay.hpp"

#include "common/model/account_tree.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/policy/periods.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

namespace sluice::policy {
namespace {

constexpr std::chrono::seconds kSecond{1};

Instant next_day(const Zone& zone, Instant at) {
    const auto date = std::chrono::sys_days{zone.local(at).date()} + std::chrono::days{1};
    return std::max(zone.start_of_day(std::chrono::year_month_day{date}), at + kSecond);
}

std::size_t day_of(const std::vector<Instant>& starts, Instant at) {
    const auto after = std::upper_bound(starts.begin(), starts.end(), at);
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(after - starts.begin() - 1, 0));
}

Amount sum(Amount a, Amount b) {
    return narrow(Wide{a} + b).value_or(INT64_MAX);
}

} // namespace

Replay::Replay(model::PolicySet set, const Zone& zone, const model::Structure& structure,
               Window time)
    : zone_(zone) {
    scenario_.set = std::move(set);
    for (auto& policy : scenario_.set.policies)
        policy.spans = false;
    find_days(time);
    find_accounts(structure);
    for (const auto& component : scenario_.set.components)
        if (std::find(tres_.begin(), tres_.end(), component.tres) == tres_.end())
            tres_.push_back(component.tres);
    used_.resize(accounts_.size());
}

void Replay::find_days(Window time) {
    const Instant earliest = std::max(time.end - kMostDays, instant(2 * 86'400));
    const Instant first = std::max(time.begin, earliest);
    Instant evaluated = first;
    usage_ = {first, time.end};
    for (const auto& rule : rules_of(scenario_.set)) {
        const auto period = period_at(rule, zone_, first);
        const auto before = previous(rule, zone_, period);
        evaluated = std::min(evaluated, period.begin);
        usage_.begin = std::min(usage_.begin, before ? before->begin : period.begin);
    }
    usage_.begin = zone_.start_of_day(zone_.local(std::max(usage_.begin, earliest)).date());
    for (Instant at = usage_.begin; at < usage_.end; at = next_day(zone_, at))
        starts_.push_back(at);
    starts_.push_back(std::max(usage_.end, usage_.begin));
    evaluated_ = day_of(starts_, evaluated);
    shown_ = day_of(starts_, first);
}

void Replay::find_accounts(const model::Structure& structure) {
    const model::AccountTree tree(structure);
    for (std::size_t node = 0; node < tree.size(); ++node)
        if (const auto* row = tree[node].row; row != nullptr && !row->parent.empty())
            scenario_.parents.emplace(row->account, row->parent);
    std::unordered_map<std::size_t, std::size_t> index; // node -> account
    for (const auto& subject : subjects(scenario_.set, tree)) {
        index.emplace(tree.find(subject.account), accounts_.size());
        accounts_.push_back(subject.account);
    }
    below_.resize(accounts_.size());
    for (std::size_t account = 0; account < accounts_.size(); ++account)
        for (std::size_t up = tree[tree.find(accounts_[account])].parent; up != kNone;
             up = tree[up].parent)
            if (const auto found = index.find(up); found != index.end()) {
                below_[found->second].push_back(account);
                break;
            }
}

void Replay::add(std::size_t index, const Rows& rows) {
    auto& used = used_.at(index);
    for (const auto& [begin, amounts] : rows) {
        if (begin < usage_.begin || begin >= usage_.end)
            continue;
        const std::size_t day = day_of(starts_, begin);
        for (std::size_t tres = 0; tres < tres_.size(); ++tres)
            if (const auto found = amounts.find(tres_[tres]);
                found != amounts.end() && found->second != 0) {
                used.resize(days() * tres_.size());
                auto& cell = used[day * tres_.size() + tres];
                cell = sum(cell, found->second);
            }
    }
}

// The simulation adds up the tree: each account is charged without those below it.
model::ScenarioStep Replay::step_of(std::size_t day) const {
    model::ScenarioStep step;
    step.at = zone_.local(starts_[day + 1] - kSecond).at;
    step.evaluate = day >= evaluated_;
    const auto used = [&](std::size_t account, std::size_t tres) {
        return used_[account].empty() ? 0 : used_[account][day * tres_.size() + tres];
    };
    for (std::size_t account = 0; account < accounts_.size(); ++account)
        for (std::size_t tres = 0; tres < tres_.size(); ++tres) {
            Wide own = used(account, tres);
            for (const std::size_t below : below_[account])
                own -= used(below, tres);
            if (own != 0)
                step.amounts[accounts_[account]][tres_[tres]] = narrow(own).value_or(INT64_MAX);
        }
    return step;
}

void Replay::step() {
    if (!timeline_)
        timeline_.emplace(scenario_, zone_, starts_.front());
    timeline_->step(step_of(done_), [&](const Evaluated& day) {
        if (done_ >= shown_)
            standings_.note(day);
    });
    ++done_;
}

} // namespace sluice::policy
