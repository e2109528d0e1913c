// SPDX-License-Identifier: GPL-2.0-or-later
// GrpSubmitJobs of an account that pauses by it (`pause_by: submit_limit`): 0 on the account's own
// association, which counts for all below it, and afterwards exactly what the account had.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"

namespace sluice::policy {

class Draft;

// Sets memory.submit: what is saved, before the first change, until Slurm has it again.
void remember_submit_limit(const model::PolicySet& set, const model::Facts& facts,
                           const model::Association& row, model::AccountDecision& decision);
void plan_submit_limit(const model::Association& row, const model::AccountDecision& decision,
                       Draft& draft);
// Of an account that no policy covers any more.
void plan_submit_release(const model::Association& row, const model::AccountMemory& memory,
                         Draft& draft);

} // namespace sluice::policy
