// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/cluster_exchange.hpp"

#include <algorithm>
#include <set>

namespace sluice::app {
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

} // namespace sluice::app
