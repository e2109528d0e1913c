// SPDX-License-Identifier: GPL-2.0-or-later
// When usage will reach a threshold, if it goes on as before. Decides nothing: thresholds are
// compared with real usage only.
#pragma once

#include "common/base/clock.hpp"
#include "common/model/decision.hpp"
#include "common/policy/evaluate/metric.hpp"

#include <chrono>
#include <optional>
#include <vector>

namespace sluice::policy {

// Sets `crossing` of the thresholds that are not reached, by the rate since the period began, where
// that is in the period. For display.
void add_crossings(const Metric& metric, const model::Period& period, Instant now,
                   std::vector<model::Threshold>& thresholds);

// The first instant in (now.now, now.now + within] at which a metric reaches a threshold if it goes
// on growing as it did from `before` to `now`: two decisions about the same cluster with fresh
// usage. The daemon begins a cycle then, and not up to an interval later. Exact while the same jobs
// run; a job that began or ended in between makes it late or early. An account whose grant or
// period changed in between has no known growth.
std::optional<Instant> next_crossing(const model::Decision& before, const model::Decision& now,
                                     std::chrono::seconds within);

} // namespace sluice::policy
