// SPDX-License-Identifier: GPL-2.0-or-later
// Which associations Sluice holds the QOS of, and what each had before. A list is remembered before
// it is first changed and forgotten when Slurm is seen to have it back.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"
#include "common/policy/tree.hpp"

#include <string>
#include <vector>

namespace sluice::policy {

// Per node of the tree: the index in Decision::accounts of the nearest judged account at or above
// it, or kNone; and whether the node is judged itself.
struct Governance {
    std::vector<int> governor;
    std::vector<bool> judged;
};
Governance governance(const Tree& tree, const model::Decision& decision);

// Updates the memories of `decision` (saved_qos, saved_members, qos_in_force, released) and names
// foreign pauses. REQUIRES: enforced flags and QOS are set.
void hold(const model::PolicySet& set, const Tree& tree, const model::Facts& facts,
          model::Decision& decision);

// What a judged account gets when Sluice lets go: `qos_default` of its policies, else what it had.
model::SavedQos given_back(const model::PolicySet& set, const model::AccountDecision& decision,
                           const model::SavedQos& saved);

// The association has exactly this QOS as its own list and default.
bool has_qos(const model::Association& row, const std::string& qos);
bool has_qos(const model::Association& row, const model::SavedQos& saved);

} // namespace sluice::policy
