// SPDX-License-Identifier: GPL-2.0-or-later
// Jobs in slurmctld: reading them, and stopping those of paused accounts.
#pragma once

#include "common/base/result.hpp"
#include "common/model/command.hpp"
#include "common/model/facts.hpp"

#include <string>
#include <vector>

namespace sluice::slurm {

// Pending and running jobs. unavailable: slurmctld is away.
Result<std::vector<model::Job>> live_jobs(const std::string& cluster);
// A job that has ended meanwhile is done with: no error. REQUIRES: is_for_job(command.type)
Result<void> change_job(const std::string& cluster, const model::Command& command);

} // namespace sluice::slurm
