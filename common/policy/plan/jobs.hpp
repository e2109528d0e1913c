// SPDX-License-Identifier: GPL-2.0-or-later
// Jobs of paused accounts: what is remembered of them, and what a plan does with them. Sluice
// releases the jobs that it held, and no other.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"
#include "common/policy/evaluate/subjects.hpp"

#include <optional>

namespace sluice::policy {

class Draft;

// Whether a cycle has to read the cluster's jobs.
bool needs_jobs(const model::PolicySet& set, const model::History& history);
// Since when accounts are paused and whose jobs Sluice held, in the decision's memories. While jobs
// are not known, the memories stay.
void remember_jobs(const model::PolicySet& set, const AccountTree& tree, const model::Facts& facts,
                   model::Decision& decision);
void plan_jobs(const AccountTree& tree, const model::Decision& decision, Draft& draft);

} // namespace sluice::policy
