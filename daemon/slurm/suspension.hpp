// SPDX-License-Identifier: GPL-2.0-or-later
// Since when the jobs that are suspended now are suspended.
#pragma once

#include "common/base/clock.hpp"
#include "daemon/slurm/connection.hpp"
#include "daemon/slurm/job_tracker.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace sluice::slurm {

// By db_index of the job record. A truncating job query leaves out the suspension that is still
// open (as_mysql_jobacct_process.c: rows without an end), the rollup does not. Two calls, about
// suspended jobs only.
Result<std::map<std::uint64_t, Instant>> suspended_since(Session& session,
                                                         const std::string& cluster, Instant now);

// Suspensions that have ended, cut to the range. One call, about suspended jobs only.
Result<Suspensions> suspensions_in(Session& session, const std::string& cluster, Window range);

} // namespace sluice::slurm
