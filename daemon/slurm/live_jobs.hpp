// SPDX-License-Identifier: GPL-2.0-or-later
// The jobs that slurmctld shows: one RPC to it, none to slurmdbd.
#pragma once

#include "common/base/result.hpp"
#include "common/model/facts.hpp"
#include "daemon/slurm/compat.hpp"
#include "daemon/slurm/job_tracker.hpp"

#include <ctime>
#include <vector>

namespace sluice::slurm {

class LiveJobs {
public:
    // Jobs that have begun; also those that ended within the last MinJobAge. Answered from memory
    // when slurmctld says that nothing has changed. unavailable: slurmctld is away; malformed: a
    // job's TRES could not be understood.
    Result<std::vector<LiveJob>> load(const model::Structure& structure);
    void forget() { updated_ = 0; }

private:
    std::vector<LiveJob> jobs_;
    std::time_t updated_ = 0;
};

} // namespace sluice::slurm
