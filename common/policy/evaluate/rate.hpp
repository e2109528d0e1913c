// SPDX-License-Identifier: GPL-2.0-or-later
// Whether an account spends much faster than it did: a stolen password or a loop of submissions
// shows there weeks before a threshold. For a notice; no standing depends on it. Integers only.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"
#include "common/policy/evaluate/metric.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::policy {

// What AccountMemory::notified has of the jump that was notified last.
std::string rate_key(const model::RateJump& jump);

// The last day that slurmdbd has rolled up, against the four weeks before the last seven days. Of
// several components the one with the largest part of its allocation; with billing their weighted
// sum. As slurmdbd has the usage: without UsageFactor. nullopt: no jump, or `usage` (nullptr: not
// known) is too old.
std::optional<model::RateJump> rate_jump(const model::NotifyRate& rule, const Metric& metric,
                                         const std::vector<model::Figure>& figures,
                                         const model::WeeklyUsage* usage, const Zone& zone,
                                         Instant now);

} // namespace sluice::policy
