// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/cluster_exchange.hpp"

#include <algorithm>
#include <set>

namespace sluice::core {
namespace {

std::set<Instant> begins(const model::SharedFigures& figures) {
    std::set<Instant> all;
    for (const auto& one : figures.usage)
        all.insert(one.window.begin);
    return all;
}

bool same_flags(const model::History& a, const model::History& b) {
    return std::equal(a.accounts.begin(), a.accounts.end(), b.accounts.begin(), b.accounts.end(),
                      [](const auto& x, const auto& y) {
                          return x.first == y.first && x.second.flags == y.second.flags;
                      });
}

bool same_entries(const model::History& a, const model::History& b) {
    const auto same = [](const auto& x, const auto& y) { return x.id == y.id; };
    const auto same_override = [](const auto& x, const auto& y) {
        return x.id == y.id && x.until == y.until;
    };
    return std::equal(a.overrides.begin(), a.overrides.end(), b.overrides.begin(),
                      b.overrides.end(), same_override) &&
           std::equal(a.adjustments.begin(), a.adjustments.end(), b.adjustments.begin(),
                      b.adjustments.end(), same);
}

constexpr int kCyclesMissed = 3;
constexpr std::chrono::seconds kSlowCycle{60};

template <class Entry>
void keep_shared(const std::vector<Entry>& from, const model::History& shared,
                 std::vector<Entry>& to) {
    std::copy_if(from.begin(), from.end(), std::back_inserter(to),
                 [&](const auto& entry) { return shared.accounts.contains(entry.account); });
}

model::WindowUsage shared_part(const model::WindowUsage& window, const model::History& shared) {
    model::WindowUsage out{window.window, window.settled_until, {}};
    for (const auto& [account, memory] : shared.accounts)
        if (const auto usage = window.accounts.find(account); usage != window.accounts.end())
            out.accounts[account].tres = usage->second.tres;
    return out;
}

// The clusters that the policies span, without the rules' own, each with what it left last.
std::vector<model::OtherCluster> other_clusters(const ClusterExchange& exchange, const Rules& rules,
                                                Instant now) {
    std::set<std::string> names;
    for (const auto& policy : rules.set.policies)
        if (policy.spans)
            names.insert(policy.clusters.begin(), policy.clusters.end());
    names.erase(rules.cluster);
    std::vector<model::OtherCluster> others;
    for (const auto& name : names) {
        model::OtherCluster other;
        other.cluster = name;
        other.figures = exchange.of(name);
        if (other.figures != nullptr)
            other.age = std::max<std::int64_t>(0, (now - other.figures->at).count());
        other.stale = other.age > longest_silence(rules).count();
        others.push_back(std::move(other));
    }
    return others;
}

// What this cycle leaves.
FiguresPtr figures_for_others(const Rules& rules, const model::Facts& facts,
                              const model::Decision& decision) {
    auto figures = std::make_shared<model::SharedFigures>();
    figures->cluster = rules.cluster;
    figures->at = facts.now - std::chrono::seconds{facts.usage_age};
    for (const auto& policy : rules.set.policies)
        if (policy.spans)
            figures->policies.insert(policy.name);
    auto& shared = figures->history;
    for (const auto& account : decision.accounts)
        if (!account.span.empty())
            shared.accounts.emplace(account.account, account.memory);
    keep_shared(facts.history.overrides, shared, shared.overrides);
    keep_shared(facts.history.adjustments, shared, shared.adjustments);
    for (const auto& window : facts.usage)
        figures->usage.push_back(shared_part(window, shared));
    return figures;
}

} // namespace

bool is_urgent(const model::SharedFigures& before, const model::SharedFigures& now) {
    return before.policies != now.policies || begins(before) != begins(now) ||
           !same_flags(before.history, now.history) || !same_entries(before.history, now.history);
}

void ClusterExchange::add(const std::string& cluster, std::function<void()> wake, Reopen reopen) {
    listeners_[cluster] = {std::move(wake), std::move(reopen)};
}

void ClusterExchange::reopen(const std::string& cluster, const model::PeriodReset& reset) const {
    if (const auto found = listeners_.find(cluster);
        found != listeners_.end() && found->second.reopen)
        found->second.reopen(reset);
}

void ClusterExchange::post(FiguresPtr figures) {
    FiguresPtr before = figures;
    (*figures_.lock())[figures->cluster].swap(before);
    if (before != nullptr && !is_urgent(*before, *figures))
        return;
    for (const auto& [cluster, listener] : listeners_)
        if (cluster != figures->cluster)
            listener.wake();
}

FiguresPtr ClusterExchange::of(const std::string& cluster) const {
    auto figures = figures_.lock();
    const auto found = figures->find(cluster);
    return found == figures->end() ? nullptr : found->second;
}

std::chrono::seconds longest_silence(const Rules& rules) {
    return kCyclesMissed * rules.interval + kSlowCycle;
}

void take_from_others(const ClusterExchange* exchange, const Rules& rules, model::Facts& facts,
                      model::History& events) {
    if (exchange == nullptr)
        return;
    facts.others = other_clusters(*exchange, rules, facts.now);
    for (const auto& other : facts.others)
        if (other.figures != nullptr)
            for (const auto& entry : other.figures->history.overrides)
                events.overrides.push_back(entry);
}

void leave_for_others(ClusterExchange* exchange, const Rules& rules, const model::Facts& facts,
                      const model::Decision& decision) {
    if (exchange != nullptr && !facts.others.empty())
        exchange->post(figures_for_others(rules, facts, decision));
}

std::string missing_figures(const ClusterExchange* exchange, const Rules& rules,
                            const model::AccountDecision& account, Instant now) {
    if (exchange == nullptr)
        return "";
    for (const auto& other : other_clusters(*exchange, rules, now)) {
        const bool shares = std::any_of(account.span.begin(), account.span.end(),
                                        [&](const auto& p) { return p.cluster == other.cluster; });
        if (shares && other.figures == nullptr)
            return "usage on cluster " + other.cluster + " is not known";
        if (shares && other.stale)
            return "usage on cluster " + other.cluster + " is " + std::to_string(other.age) +
                   " s old";
    }
    return "";
}

// The text stays the same while the problem lasts, so it is logged once.
std::vector<model::Problem> silence_problems(const std::vector<model::OtherCluster>& others,
                                             const Rules& rules, Instant now) {
    std::vector<model::Problem> problems;
    const bool just_loaded = now - rules.loaded <= longest_silence(rules);
    for (const auto& other : others)
        if (other.stale || (other.figures == nullptr && !just_loaded))
            problems.push_back({"",
                                "no usage of cluster " + other.cluster + " for more than " +
                                    std::to_string(longest_silence(rules).count()) +
                                    " s: no pause is lifted of an account that shares its "
                                    "allocation with that cluster",
                                "sluice status --cluster=" + other.cluster});
    return problems;
}

} // namespace sluice::core
