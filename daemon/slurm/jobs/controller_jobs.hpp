// SPDX-License-Identifier: GPL-2.0-or-later
// Jobs in slurmctld: reading them, and holding, releasing, requeueing, cancelling one or setting
// its QOS. One RPC to slurmctld each, none to slurmdbd.
#pragma once

#include "common/base/result.hpp"
#include "common/model/command.hpp"
#include "common/model/facts.hpp"
#include "daemon/slurm/jobs/job.hpp"

#include <ctime>
#include <string>
#include <vector>

namespace sluice::slurm {

// Pending and running jobs. unavailable: slurmctld is away.
Result<std::vector<model::Job>> live_jobs(const std::string& cluster);
// No error when the job has ended meanwhile. REQUIRES: is_for_job(command.type)
Result<void> change_job(const std::string& cluster, const model::Command& command);

class LiveJobs {
public:
    // Jobs that have begun; also those that ended within the last MinJobAge. Answered from memory
    // when slurmctld reports no change. unavailable: slurmctld is away; malformed: a job's TRES
    // cannot be read.
    Result<std::vector<LiveJob>> load(const model::Structure& structure);

private:
    std::vector<LiveJob> jobs_;
    std::time_t updated_ = 0;
};

} // namespace sluice::slurm
