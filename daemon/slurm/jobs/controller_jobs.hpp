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

// No error when the job has ended meanwhile. REQUIRES: is_for_job(command.type)
Result<void> change_job(const std::string& cluster, const model::Command& command);

// The jobs of one slurmctld. An evaluation asks it once, for both lists. unavailable: slurmctld is
// away.
class LiveJobs {
public:
    // Pending and running jobs. Answered from memory when slurmctld reports no change.
    Result<std::vector<model::Job>> queue(const model::Structure& structure);
    // Jobs that have begun; also those that ended within the last MinJobAge. From the answer that
    // queue() got, once; else asks. malformed: a job's TRES cannot be read.
    Result<std::vector<LiveJob>> begun(const model::Structure& structure);

private:
    Result<void> load(const model::Structure& structure);

    std::vector<model::Job> queue_;
    Result<std::vector<LiveJob>> begun_{std::vector<LiveJob>{}};
    std::time_t updated_ = 0;
    bool is_new_ = false; // begun() has not returned this answer yet
};

} // namespace sluice::slurm
