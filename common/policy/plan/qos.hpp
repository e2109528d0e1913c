// SPDX-License-Identifier: GPL-2.0-or-later
// QOS of associations: the standing's QOS while it lasts, then what each association had before. A
// list is remembered before Sluice first changes it and forgotten when Slurm has it again.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"
#include "common/policy/evaluate/subjects.hpp"

namespace sluice::policy {

class Draft;

// The association has exactly this list and default.
bool has_qos(const model::Association& row, const model::SavedQos& saved);

// Updates the memories of `decision` (saved_qos, saved_members, qos_in_force, released) and names
// foreign pauses. REQUIRES: enforced flags and QOS are set.
void remember_qos(const model::PolicySet& set, const AccountTree& tree, const model::Facts& facts,
                  model::Decision& decision);

// The associations as they will be when Slurm has every saved list again; in the same order.
model::Structure without_sluice(const model::PolicySet& set, const model::Structure& structure,
                                const model::Decision& decision);

// Commands for the association of an evaluated account.
void plan_qos(const model::Association& row, const model::AccountDecision& decision, Draft& draft);
// For another association that `decision` governs, if its QOS is Sluice's.
void plan_member(const model::Association& row, const model::AccountDecision& decision,
                 Draft& draft);
// For an association that no policy covers any more.
void plan_qos_release(const model::Association& row, const model::SavedQos& saved, Draft& draft);
// For accounts of which slurmctld shows other QOS than slurmdbd has, where a policy sets one of
// these QOS: the values of slurmdbd once more. `planned`: the commands so far.
void plan_qos_again(const AccountTree& tree, const std::vector<model::Command>& planned,
                    Draft& draft);

} // namespace sluice::policy
