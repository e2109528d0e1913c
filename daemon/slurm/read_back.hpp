// SPDX-License-Identifier: GPL-2.0-or-later
// Reading in slurmdbd what was just committed there.
#pragma once

#include "daemon/ports/enforcer.hpp"
#include "daemon/slurm/connection.hpp"

namespace sluice::slurm {

// Commands without a failure so far get one where slurmdbd does not hold what they asked for: a
// commit can report success and be lost when slurmdbd restarts between change and commit.
void read_back(Session& session, const model::Structure& structure,
               std::span<const model::Command> commands, ports::Outcomes& outcomes);

} // namespace sluice::slurm
