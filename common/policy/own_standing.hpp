// SPDX-License-Identifier: GPL-2.0-or-later
// The standing of an account at an instant: usage, then the override in force then, then the
// accounts above it. Used for now and, with the usage of now, for the instants at which overrides
// and pauses end (snapshot.cpp). Pure.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/policy.hpp"

#include <vector>

namespace sluice::policy {

// Sets own, qos, cause, in_force and until from by_usage and overrides. `policy`: whose QOS an
// override asks for.
void settle_own(const model::Policy& policy, Instant at, model::AccountDecision& out);

// Sets flags, enforced and until from `own` and the next account above that is judged; nullptr:
// there is none.
void join_above(const model::AccountDecision* above, model::AccountDecision& out);

// When overrides of `decision` begin or end, or a pause by its usage ends: after `now`, ascending.
std::vector<Instant> own_changes(const model::AccountDecision& decision, Instant now);

} // namespace sluice::policy
