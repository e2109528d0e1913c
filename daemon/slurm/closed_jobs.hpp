// SPDX-License-Identifier: GPL-2.0-or-later
// The ended jobs of days that are over and that no rollup covers, as sums in the journal: a restart
// need not read their records again. Records may come late, so days are read again, one at a time.
#pragma once

#include "daemon/ports/closed_usage.hpp"
#include "daemon/slurm/connection.hpp"
#include "daemon/slurm/day_totals.hpp"
#include "daemon/slurm/job_tracker.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::slurm {

// Of one cluster. The days are UTC's: they mean nothing but where one slice ends.
class ClosedJobs {
public:
    // nullptr: nothing is ever closed. The store must outlive it.
    explicit ClosedJobs(ports::ClosedUsage* store = nullptr) : store_(store) {}

    struct Need {
        std::string cluster;
        Window ended;           // jobs that ended in it; its end is one of closable()'s
        std::set<Instant> cuts; // where the ranges that add() is asked for begin and end
        Instant covered;        // what ended before may be forgotten
        Instant now;
    };

    // The newest end of a day that is long enough over; the epoch where nothing is closed.
    Instant closable(Instant now) const;
    // The first and the last closed day with jobs that is over by `until`: a rollup that has really
    // been made up to there has rows of both.
    Result<std::vector<Window>> witnesses(const std::string& cluster, Instant until);
    // Reads the days that are not in the journal yet, and one more that is due again. Tells the
    // book what it read. After an error it goes on where it was.
    Result<void> cover(Session& session, const Need& need, JobTracker& book);
    // What the jobs used in a range; see `cuts`.
    void add(Window range, JobSum& sum) const;

private:
    struct Day {
        Instant read_at{};
        std::int64_t reads = 0;
        std::size_t checksum = 0;
        std::vector<Window> pieces;
    };
    static Day day_of(const ports::ClosedSlice& slice, const std::vector<Piece>& pieces);
    using Days = std::map<Instant, Day>; // by their begin

    Result<void> load(const std::string& cluster);
    Result<void> drop(const Need& need);
    // The days of `begins`, some of them to a transaction.
    Result<void> read_all(Session& session, const Need& need, const std::vector<Instant>& begins,
                          JobTracker& book);
    Result<ports::ClosedSlice> read(Session& session, const Need& need, Instant begin,
                                    JobTracker& book);
    Result<void> keep(const Need& need, std::vector<ports::ClosedSlice>& slices);
    std::vector<Instant> to_read(const Need& need, Instant first) const;
    Result<void> sum_up(const Need& need, Window wanted);

    ports::ClosedUsage* store_;
    bool loaded_ = false;
    Days days_;
    std::set<Instant> cuts_; // of totals_
    Window summed_{};        // in totals_
    bool stale_ = true;      // totals_
    // By the cut (or the epoch) at or before them: all pieces of the days between two cuts.
    std::map<Instant, Piece> totals_;
};

} // namespace sluice::slurm
