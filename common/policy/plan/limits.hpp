// SPDX-License-Identifier: GPL-2.0-or-later
// The limits that an account's association should have: at the grace level, so that the hard limit
// does not cut the downscaled band. What Slurm has of them is remembered, and changed by a plan.
#pragma once

#include "common/base/result.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::policy {

class Draft;

struct WantedLimit {
    std::string tres;
    std::optional<std::int64_t> value; // nullopt: usage is unknown, keep the present limit
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

// An override lets an account run that has used up its allocation (all of it, or of a component),
// or that is outside its life.
bool runs_by_override(const model::AccountDecision& decision);

// Updates memory.limits: what the account had is saved before Sluice first changes it. Names limits
// of the site's own that are stricter than Sluice's, and stay.
void remember_limits(const model::PolicySet& set, const model::Facts& facts,
                     const model::Association& row, model::AccountDecision& decision);

// Commands for the account's own association.
void plan_limits(const model::Association& row, const model::AccountDecision& decision,
                 Draft& draft);
// The saved limits, for no policy covers the association any more.
void plan_limit_release(const model::Association& row, const model::AccountMemory& memory,
                        Draft& draft);
// Slurm's value of a limit; nullopt: none.
std::optional<std::int64_t> present(const model::Association& row, const model::LimitKey& key);

} // namespace sluice::policy
