// SPDX-License-Identifier: GPL-2.0-or-later
// A scripted timeline for the core: policies, accounts, and steps at instants. Values only:
// common/settings reads them, common/policy/scenario.hpp runs them.
#pragma once

#include "common/base/amount.hpp"
#include "common/model/policy.hpp"
#include "common/model/standing.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::model {

// A wall-clock time in the scenario's time zone. A time inside a DST gap means the first instant
// after it; one that occurs twice means the earlier.
using LocalTime = std::chrono::local_seconds;

// A running job: counts from its start up to each evaluation, at most to its end.
struct ScenarioJob {
    std::string account;
    std::map<std::string, std::int64_t> tres; // TRES name -> count, >= 0
    LocalTime start{};
    LocalTime end{}; // REQUIRES: end >= start
};

struct ScenarioOverride {
    std::string account;
    Standing standing = Standing::normal;
    LocalTime until{}; // begins at the step's instant
    std::string reason;
};

struct ScenarioAdjustment {
    std::string account;
    std::map<std::string, Decimal> units; // component -> units added (negative: taken)
    std::string reason;
};

// The result of the comparison with other clocks at a step. Time stands still in the steps of a
// clock that is not trusted: `at` is what that clock shows.
// Its states are ClockState's, in that order; then a person confirms the time.
enum class ScenarioClock { trusted, back, forward, differs, accepted };

// Everything in a step happens at `at`, in the order of the members below; `evaluate` comes last
// and sees it.
struct ScenarioStep {
    LocalTime at{};
    // The clock of this step is wrong, or a person confirms it: only such a step goes back in time.
    std::optional<ScenarioClock> clock;
    std::map<std::string, Allocation> set; // account -> components whose allocation changes
    std::map<std::string, std::map<std::string, Decimal>>
        usage; // account -> component -> units, charged at this instant
    std::map<std::string, std::map<std::string, Amount>>
        amounts; // account -> TRES -> TRES-seconds, charged as `usage`
    std::vector<ScenarioJob> jobs;
    std::vector<ScenarioOverride> overrides;
    std::vector<ScenarioAdjustment> adjustments;
    bool evaluate = false;
};

// `set.accounts` holds the allocations and parents that begin with the first step. Steps without
// `clock` do not go back in time; every account named exists; every component in `set.components`.
struct Scenario {
    PolicySet set;
    std::map<std::string, std::string> parents; // of a cluster's accounts; empty: by set.accounts
    std::vector<ScenarioStep> steps;
};

// What the evaluations of some days say of an account.
struct StandingSpan {
    std::string account;
    std::vector<std::string> policies;
    std::string period;   // in which the standing began
    std::string standing; // as standing_text(), "error": not evaluated
    std::chrono::local_days begin{};
    std::optional<std::chrono::local_days> end; // first day without it; nullopt: after the last day
    std::int64_t days = 0;
    std::optional<std::int64_t> percent; // used on the first day, hundredths
};

} // namespace sluice::model
