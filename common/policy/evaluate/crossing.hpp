// SPDX-License-Identifier: GPL-2.0-or-later
// When the daemon should look again: the first threshold that usage reaches if it goes on as
// between the last two evaluations. What people are shown is forecast.hpp's.
#pragma once

#include "common/base/clock.hpp"
#include "common/model/decision.hpp"

#include <chrono>
#include <optional>

namespace sluice::policy {

// The first instant in (now.now, now.now + within] at which a metric reaches a threshold if it goes
// on growing as it did from `before` to `now`: two decisions about the same cluster with fresh
// usage. The daemon begins a cycle then, and not up to an interval later. Exact while the same jobs
// run; a job that began or ended in between makes it late or early. An account whose grant or
// period changed in between has no known growth.
std::optional<Instant> next_crossing(const model::Decision& before, const model::Decision& now,
                                     std::chrono::seconds within);

} // namespace sluice::policy
