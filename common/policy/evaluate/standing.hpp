// SPDX-License-Identifier: GPL-2.0-or-later
// The standing of an account at an instant: usage, then the override in force then, then the
// accounts above it. The evaluation asks for now; the snapshot, with the usage of now, also for the
// instants at which overrides and pauses end.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/policy.hpp"
#include "common/policy/evaluate/subjects.hpp"

#include <map>
#include <utility>
#include <vector>

namespace sluice::policy {

// Sets own, qos, cause, in_force and until from by_usage and overrides. `policy`: whose QOS an
// override asks for.
void settle_own(const model::Policy& policy, Instant at, model::AccountDecision& out);

// Sets flags, enforced and until from `own` and the next evaluated account above; nullptr: none.
void join_above(const model::AccountDecision* above, model::AccountDecision& out);

// How the standings of a decision go on without a further evaluation, with the usage of now:
// overrides begin or end, pauses end, grace_days end. The plugin applies them on time while sluiced
// is away.
class StandingForecast {
public:
    // All outlive it.
    StandingForecast(const model::PolicySet& set, const AccountTree& tree,
                     const Governance& governed, const model::Decision& decision);

    // Instants after now at which the standing of the decision's account `index` may change,
    // ascending. Without overrides and grace_days of the account or above it at most one: the end
    // of the pause.
    std::vector<Instant> changes(std::size_t index) const;
    // The decision of account `index` as it is at `at`, after now.
    const model::AccountDecision& at(std::size_t index, Instant at);

private:
    // More than the end of a pause may change it, here or above.
    bool moves(std::size_t index) const;

    const model::PolicySet& set_;
    const model::Decision& decision_;
    std::vector<std::size_t> above_; // by account: the next evaluated one above it, or kNone
    std::map<std::pair<std::size_t, Instant>, model::AccountDecision> made_;
};

} // namespace sluice::policy
