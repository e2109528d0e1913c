// SPDX-License-Identifier: GPL-2.0-or-later
// From the metric to an account's own flags: thresholds, steps, hysteresis, dwell, grace in days,
// the union of several policies. Knows neither accounts above nor overrides.
#pragma once

#include "common/base/clock.hpp"
#include "common/model/decision.hpp"
#include "common/model/policy.hpp"
#include "common/policy/evaluate/metric.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::policy {

// As the last evaluation in the same period left it; empty after a boundary, which ends hysteresis.
struct PreviousState {
    model::Flags flags;
    std::set<std::string> steps;
    bool stale = false; // usage is old: no flag is lifted
    // For min_dwell and grace_days: AccountMemory::stands, this evaluation, and whether it is the
    // first with a larger allocation.
    std::map<std::string, std::int64_t> stands = {};
    Instant now{};
    bool raised = false;
};

struct ThresholdResult {
    model::Flags flags;
    std::string qos;             // that the strictest flag asks for; "" when normal
    std::set<std::string> steps; // progressive steps in force
    bool notify_reached = false;
    bool block_creation = false;
    std::vector<model::Threshold> thresholds;   // rising; without crossings
    bool kept = false;                          // a flag stays by hysteresis or stale usage only
    std::map<std::string, std::int64_t> stands; // for AccountMemory::stands
    std::optional<Instant> dwells_until; // min_dwell alone keeps a flag, until then at the least
    std::optional<Instant> pauses_at;    // not paused: when grace_days do it
    std::string paused_qos;              // from then on
};

// Of AccountMemory::reached: "pause@120".
std::string reached_key(const model::Threshold& threshold);

// (1 + grace_ratio) * 100, in percent.
Decimal grace_limit(const model::Policy& policy);

ThresholdResult check_thresholds(const model::Policy& policy, const Metric& metric,
                                 const PreviousState& previous);

// The union: strictest standing, first policy that asks for it names the QOS.
ThresholdResult check_all(const std::vector<const model::Policy*>& policies, const Metric& metric,
                          const PreviousState& previous);

// The QOS that pins an account to a standing (overrides).
std::string qos_for(const model::Policy& policy, model::Standing standing);

} // namespace sluice::policy
