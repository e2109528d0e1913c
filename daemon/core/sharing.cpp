// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/sharing.hpp"

#include <algorithm>
#include <set>

namespace sluice::app {
namespace {

constexpr int kCyclesMissed = 3;
constexpr std::chrono::seconds kSlowCycle{60};

template <class Entry>
void keep(const std::vector<Entry>& from, const model::History& shared, std::vector<Entry>& to) {
    std::copy_if(from.begin(), from.end(), std::back_inserter(to),
                 [&](const auto& entry) { return shared.accounts.contains(entry.account); });
}

model::WindowUsage cut(const model::WindowUsage& window, const model::History& shared) {
    model::WindowUsage out{window.window, window.settled_until, {}};
    for (const auto& [account, memory] : shared.accounts)
        if (const auto usage = window.accounts.find(account); usage != window.accounts.end())
            out.accounts[account].tres = usage->second.tres;
    return out;
}

} // namespace

std::chrono::seconds longest_silence(const Rules& rules) {
    return kCyclesMissed * rules.interval + kSlowCycle;
}

void take_from_others(const ClusterExchange* board, const Rules& rules, model::Facts& facts,
                      model::History& events) {
    if (board == nullptr)
        return;
    facts.others = other_clusters(*board, rules, facts.now);
    for (const auto& other : facts.others)
        if (other.figures != nullptr)
            for (const auto& entry : other.figures->history.overrides)
                events.overrides.push_back(entry);
}

void leave_for_others(ClusterExchange* board, const Rules& rules, const model::Facts& facts,
                      const model::Decision& decision) {
    if (board != nullptr && !facts.others.empty())
        board->post(figures_for_others(rules, facts, decision));
}

std::vector<model::OtherCluster> other_clusters(const ClusterExchange& board, const Rules& rules,
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
        other.figures = board.of(name);
        if (other.figures != nullptr)
            other.age = std::max<std::int64_t>(0, (now - other.figures->at).count());
        other.stale = other.age > longest_silence(rules).count();
        others.push_back(std::move(other));
    }
    return others;
}

std::string lacking(const ClusterExchange* board, const Rules& rules,
                    const model::AccountDecision& account, Instant now) {
    if (board == nullptr)
        return "";
    for (const auto& other : other_clusters(*board, rules, now)) {
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

// A text that stays the same while it lasts is logged once.
std::vector<model::Problem> silent(const std::vector<model::OtherCluster>& others,
                                   const Rules& rules, Instant now) {
    std::vector<model::Problem> problems;
    const bool just_loaded = now - rules.loaded <= longest_silence(rules);
    for (const auto& other : others)
        if (other.stale || (other.figures == nullptr && !just_loaded))
            problems.push_back({"",
                                "no usage of cluster " + other.cluster + " for more than " +
                                    std::to_string(longest_silence(rules).count()) +
                                    " s: no account whose allocation spans it is lifted",
                                "sluice status --cluster=" + other.cluster});
    return problems;
}

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
    keep(facts.history.overrides, shared, shared.overrides);
    keep(facts.history.adjustments, shared, shared.adjustments);
    for (const auto& window : facts.usage)
        figures->usage.push_back(cut(window, shared));
    return figures;
}

} // namespace sluice::app
