// SPDX-License-Identifier: GPL-2.0-or-later
// Job records and suspensions in slurmdbd as values, for the whole cluster; sums nothing up.
#pragma once

#include "daemon/slurm/jobs/job.hpp"
#include "daemon/slurm/rpc/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::slurm {

// slurmdbd makes one message of all records of an answer, and libslurm refuses huge ones
// (MAX_MSG_SIZE): ended records are read in slices of this length.
inline constexpr std::chrono::hours kMaxSlice{24};

// Empty lists: every job.
struct JobFilter {
    std::vector<std::uint32_t> qos;          // ids
    std::vector<std::uint32_t> reservations; // ids
};

// All that ran inside the range, cut to it; a job without an end runs up to `now`. Costs the jobs
// that are running and those that ended in the range.
Result<std::vector<JobRecord>> records_in(Session& session, const std::string& cluster,
                                          Window range, Instant now, const JobFilter& filter = {});

// Those without an end at `now`, as slurmctld would show them.
Result<std::vector<LiveJob>> open_records(Session& session, const std::string& cluster,
                                          Instant now);

// Those that ended inside the window (both ends included), whole. MariaDB has an index for this.
// REQUIRES: the window is at most kMaxSlice long
Result<std::vector<EndedJob>> ended_in(Session& session, const std::string& cluster, Window window);

// Suspensions that have ended, cut to the range. One call, about suspended jobs only.
Result<Suspensions> suspensions_in(Session& session, const std::string& cluster, Window range);

} // namespace sluice::slurm
