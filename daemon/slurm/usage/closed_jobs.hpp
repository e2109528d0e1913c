// SPDX-License-Identifier: GPL-2.0-or-later
// The finished jobs of days that are over and that no rollup covers, as sums in the journal: a
// restart need not read their records again. Records may come late, so days are read again, one at
// a time.
#pragma once

#include "daemon/ports/closed_usage.hpp"
#include "daemon/slurm/rpc/connection.hpp"
#include "daemon/slurm/usage/job_tracker.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::slurm {

// Of one cluster. Days are UTC's: they only decide which records are read together.
class ClosedJobs {
public:
    // nullptr: no day is ever closed. The store must outlive it.
    explicit ClosedJobs(ports::ClosedUsage* store = nullptr) : store_(store) {}

    struct Need {
        std::string cluster;
        Window ended;           // jobs that ended in it; its end is one of closable()'s
        std::set<Instant> cuts; // where the ranges that add() is called with begin and end
        Instant covered;        // what ended before may be forgotten
        Instant now;
    };

    // The newest end of a day that is long enough over; the epoch where no day is closed.
    Instant closable(Instant now) const;
    // The first and the last closed day with jobs that is over by `until`. A rollup that has really
    // been made up to there has rows of both.
    Result<std::vector<Window>> days_with_jobs(const std::string& cluster, Instant until);
    // Reads the days that are not in the journal yet, or else one that is due again, and reports
    // their jobs to the tracker. After an error the next call goes on from there.
    Result<void> cover(Session& session, const Need& need, JobTracker& tracker);
    // What the jobs of Need::ended used in a range. REQUIRES: cover()
    Result<void> add(const std::string& cluster, Window range, JobSum& sum);

private:
    Result<void> load(const std::string& cluster);
    Result<void> drop(const Need& need);
    std::vector<Instant> to_read(const Need& need) const;
    Result<ports::ClosedDay> read(Session& session, const Need& need, Instant begin,
                                  JobTracker& tracker);
    Result<void> put(const std::string& cluster, std::vector<ports::ClosedDay>& days);

    ports::ClosedUsage* store_;
    bool loaded_ = false;
    std::map<Instant, ports::ClosedDay> days_; // by their begin, without sums
    Window covered_{};                         // the days that add() may use, by their begin
    std::map<std::pair<Instant, Instant>, ports::UserSums> totals_; // by range, until a change
};

} // namespace sluice::slurm
