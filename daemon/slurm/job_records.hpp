// SPDX-License-Identifier: GPL-2.0-or-later
// Job records out of slurmdbd as values, for the whole cluster; counts nothing.
#pragma once

#include "daemon/slurm/connection.hpp"
#include "daemon/slurm/job_tracker.hpp"

#include <string>
#include <vector>

namespace sluice::slurm {

// All that ran inside the range, cut to it; what has no end yet is taken to run on up to `now`.
// Costs what is running and what ended in the range.
Result<std::vector<JobRecord>> records_in(Session& session, const std::string& cluster,
                                          Window range, Instant now);

// Those that have no end at `now`, as slurmctld would show them.
Result<std::vector<LiveJob>> open_records(Session& session, const std::string& cluster,
                                          Instant now);

// Those that ended inside the window (both ends included), whole. MariaDB has an index for this.
// REQUIRES: at most a day.
Result<std::vector<EndedJob>> ended_in(Session& session, const std::string& cluster, Window window);

// Into the book, of any window. After an error the book may have some of them.
Result<void> note_ended_in(Session& session, const std::string& cluster, Window window,
                           JobTracker& book);

} // namespace sluice::slurm
