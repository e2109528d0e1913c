// SPDX-License-Identifier: GPL-2.0-or-later
// Whether what slurmctld shows agrees with what was asked of slurmdbd. Pure.
#pragma once

#include "common/model/command.hpp"
#include "common/model/facts.hpp"

#include <span>
#include <vector>

namespace sluice::slurm {

// `live`: associations as slurmctld has them, inherited QOS worked in. `structure`: own values as
// slurmdbd had them before or after the commands. A QOS counts when the account shows it and every
// user below who inherits it: slurmctld admits jobs by the users' associations, and is not told of
// sub-accounts that inherit. Users that slurmctld does not show are left aside. Index-aligned with
// the commands; a reset of usage is in force when slurmctld has taken it.
std::vector<bool> in_force(const model::Structure& structure,
                           std::span<const model::Command> commands,
                           const std::vector<model::Association>& live);

} // namespace sluice::slurm
