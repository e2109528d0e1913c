// SPDX-License-Identifier: GPL-2.0-or-later
// What has to change in Slurm: the difference between what Slurm has and what the decision asks
// for. A plan of the same facts after the commands were carried out is empty. Runs nothing.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"

namespace sluice::policy {

// Commands in the order of their execution: parents before children; per account
// fairshare, limits, qos, reset_usage. Each has its description and sacctmgr line.
model::Plan plan(const model::PolicySet& set, const model::Facts& facts,
                 const model::Decision& decision);

} // namespace sluice::policy
