// SPDX-License-Identifier: GPL-2.0-or-later
// The limits that an account's association should have: at the grace level, so that the hard limit
// does not cut the downscaled band.
#pragma once

#include "common/base/result.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::policy {

struct WantedLimit {
    std::string tres;
    std::optional<std::int64_t> value; // nullopt: usage is unknown, keep what is there
    std::int64_t tolerance = 0;        // a limit that follows raw usage may be off by this much

    bool accepts(std::int64_t present) const {
        if (!value)
            return true;
        const Wide off = Wide{present} - *value;
        return (off < 0 ? -off : off) <= tolerance;
    }
};

// minutes = round_half_up(hours * 60 * (1 + grace)) in one step; GrpTRES: a count. With GrpTRESMins
// and raw_usage_reset: false, or an allocation that spans clusters, raw usage of this cluster now +
// what remains to the grace level. 0 stays 0.
// overflow: names the component.
Result<std::vector<WantedLimit>> wanted_limits(const model::Policy& policy,
                                               const model::AccountDecision& decision,
                                               const model::Facts& facts);

const std::map<std::string, std::int64_t>& limits_of(const model::Association& row,
                                                     model::LimitType type);

// An override lets an account run that has used up its allocation (all of it, or of a component).
bool let_run(const model::AccountDecision& decision);

// The policy whose `limits` count: the first one that has them enabled (an enforcing one first).
// nullptr: none, or let_run(): Slurm would hold its jobs at the limit, and later end them.
const model::Policy* limiting_policy(const model::PolicySet& set,
                                     const model::AccountDecision& decision);

// Updates memory.limits_in_force (what Slurm is seen to have of ours) and limits_asked.
void note_limits(const model::PolicySet& set, const model::Facts& facts,
                 const model::Association& row, model::AccountDecision& decision);

} // namespace sluice::policy
