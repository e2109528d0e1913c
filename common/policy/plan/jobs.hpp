// SPDX-License-Identifier: GPL-2.0-or-later
// Jobs of paused and slowed accounts: what is remembered of them, and what a plan does with them.
// Sluice releases the jobs that it held, and no other. A queued job gets the QOS that its account
// is slowed down to, and afterwards what it had; a job submitted meanwhile gets the default of its
// association.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"
#include "common/policy/evaluate/subjects.hpp"

#include <optional>

namespace sluice::policy {

class Draft;

// Since when accounts are paused, which jobs Sluice held or gave a QOS, in the decision's memories;
// and the QOS that each queued job gets now. While jobs are not known, the memories stay. REQUIRES:
// remember_qos() was called
void remember_jobs(const model::PolicySet& set, const AccountTree& tree, const model::Facts& facts,
                   model::Decision& decision);
void plan_jobs(const AccountTree& tree, const model::Decision& decision, Draft& draft);

} // namespace sluice::policy
