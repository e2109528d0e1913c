// SPDX-License-Identifier: GPL-2.0-or-later
// Policies over usage that was: one evaluation a day by the core of the daemon, over the simulated
// Slurm of scenario.hpp. Pure: the caller reads the usage and adds it. Not thread-safe.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"
#include "common/policy/standings.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::policy {

class Replay {
public:
    // No usage before that is read: three years.
    static constexpr std::chrono::days kMostDays{1100};

    // Of the days in `time`, cut at kMostDays before its end. An allocation that spans clusters
    // counts as this cluster's. `zone` outlives it.
    Replay(model::PolicySet set, const Zone& zone, const model::Structure& structure, Window time);

    // Whose usage is needed, sub-accounts included. Sorted; empty: no account has an allocation.
    const std::vector<std::string>& accounts() const { return accounts_; }
    // From the begin of the period before the first day on, for what it carries over.
    Window usage() const { return usage_; }
    // TRES-seconds of `accounts()[index]` by the begin of their day or hour, in any order. Once for
    // each account, before the first step().
    using Rows = std::map<Instant, std::map<std::string, Amount>>;
    void add(std::size_t index, const Rows& rows);

    std::size_t days() const { return starts_.size() - 1; }
    std::size_t done() const { return done_; }
    // One day. REQUIRES: done() < days()
    void step();
    // Once, after the last day.
    std::vector<model::StandingSpan> standings() { return standings_.finish(); }

private:
    void find_days(Window time);
    void find_accounts(const model::Structure& structure);
    model::ScenarioStep step_of(std::size_t day) const;

    const Zone& zone_;
    model::Scenario scenario_;
    Window usage_{};
    std::vector<Instant> starts_; // of the days, and the end of the last
    std::size_t evaluated_ = 0;   // first day that is evaluated: a period has begun
    std::size_t shown_ = 0;       // first day of `time`
    std::size_t done_ = 0;
    std::vector<std::string> accounts_;
    std::vector<std::vector<std::size_t>> below_; // accounts next below each that have usage, too
    std::vector<std::string> tres_;               // of the components
    std::vector<std::vector<Amount>> used_;       // by account: day by day, its TRES; empty: none
    std::optional<Timeline> timeline_;
    Standings standings_;
};

} // namespace sluice::policy
