// SPDX-License-Identifier: GPL-2.0-or-later
// From the metric to an account's own flags: thresholds, steps, hysteresis, the union of several
// policies. Knows neither ancestors nor overrides.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/policy.hpp"
#include "common/policy/metric.hpp"

#include <set>
#include <span>
#include <string>
#include <vector>

namespace sluice::policy {

// What held before inside the same period; all false after a boundary, which ends hysteresis.
struct PreviousState {
    model::Flags flags;
    std::set<std::string> steps;
    bool stale = false; // usage is old: what held goes on to hold
};

struct ThresholdResult {
    model::Flags flags;
    std::string qos;             // what the strictest flag asks for; "" when normal
    std::set<std::string> steps; // progressive steps in force
    bool notify_reached = false;
    bool block_creation = false;
    std::vector<model::Threshold> thresholds; // rising; without crossings
    bool kept = false;                        // a flag stands by hysteresis or stale usage only
};

// (1 + grace_ratio) * 100, in percent.
Decimal grace_limit(const model::Policy& policy);

ThresholdResult judge(const model::Policy& policy, const Metric& metric, const PreviousState& held);

// The union: strictest standing, first policy that asks for it names the QOS.
ThresholdResult judge_all(std::span<const model::Policy* const> policies, const Metric& metric,
                          const PreviousState& held);

// The QOS that pins an account to a standing (overrides).
std::string qos_for(const model::Policy& policy, model::Standing standing);

} // namespace sluice::policy
