// SPDX-License-Identifier: GPL-2.0-or-later
// The Slurm of a simulation: associations and raw usage, changed by the commands of a plan. Used by
// scenario.cpp only.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/scenario.hpp"

#include <string>
#include <vector>

namespace sluice::policy {

// Accounts of the scenario under root, each with its parent; QOS and TRES that its policies and
// jobs name. Accounts that are ever granted something have `qos_default` as their own list; the
// others inherit.
model::Structure simulated_structure(const model::Scenario& scenario);

// Does what slurmdbd would.
void apply(const model::Command& command, model::Structure& structure);

} // namespace sluice::policy
