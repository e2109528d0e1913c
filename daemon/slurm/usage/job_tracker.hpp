// SPDX-License-Identifier: GPL-2.0-or-later
// The jobs that no rollup covers yet: those that ended, by their records, and those that slurmctld
// shows (slurmdbd, while slurmctld is away). Each counts once, whichever daemon reports it first.
// Pure.
#pragma once

#include "daemon/slurm/usage/usage_sums.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::slurm {

class JobTracker {
public:
    void note_ended(EndedJob job);
    // The record of a job that counts elsewhere (see drop_before).
    void note_closed(const EndedJob& job);
    // All that slurmctld shows at `now`. A job that slurmctld does not show any more counts up to
    // where it was last seen until its record comes: accounting may be behind.
    void note_live(std::vector<LiveJob> jobs, Instant now);
    // All without an end in slurmdbd at `now`, while slurmctld is away. A job that slurmctld had
    // stopped showing before does not run, even where slurmdbd has no end of it (a runaway job).
    void note_open(std::vector<LiveJob> jobs, Instant now);
    // Forgets the live jobs that began before.
    void forget_live(Instant before);
    // Rollups have the usage up to `settled`. ClosedJobs has the jobs that ended up to `closed`,
    // which is the same or later.
    void drop_before(Instant settled, Instant closed);

    // Whether each() and add() have to know suspensions inside the range.
    bool needs_suspensions(Window range) const;
    // Calls `body` with the part of each job inside the range; it may be empty.
    using Body = std::function<void(const JobRecord&)>;
    void each(Window range, const Suspensions& suspensions, const Body& body) const;
    // The sum of what each() has. Costs the jobs that run and those that ended since the last call
    // with the same begin.
    void add(Window range, const Suspensions& suspensions, JobSum& sum);

    // End of the earliest job that is known to be over and has no record yet; jobs that ended
    // before `closed` are left out.
    std::optional<Instant> oldest_missing() const;

private:
    bool superseded(const LiveJob& job) const;
    bool is_gone(const LiveJob& job) const;
    void take(std::vector<LiveJob> jobs, Instant now);
    void add_suspended(Window range, const Suspensions& suspensions, JobTotals& totals) const;
    void each_ended(Window range, const Suspensions& suspensions, const Body& body) const;
    void each_live(Window range, const Suspensions& suspensions, const Body& body) const;
    const JobTotals& totals_from(Instant begin);

    std::unordered_map<std::uint64_t, EndedJob> ended_;
    std::set<std::uint64_t> suspended_; // those of them that were suspended at some time
    Instant first_{};                   // no end of them is earlier
    Instant last_{};                    // no end of them is later
    // What those used that were never suspended, from an instant to their end; right for each range
    // that ends after last_. Dropped when a record changes or leaves.
    std::map<Instant, JobTotals> totals_;
    std::unordered_multimap<std::uint32_t, Window> ends_; // job id -> times of its records
    std::vector<LiveJob> live_;                           // those without a record
    // Not shown any more, without a record yet; by id and begin.
    std::map<std::pair<std::uint32_t, Instant>, LiveJob> departed_;
    Instant seen_{};  // when live_ was reported, by slurmctld or slurmdbd
    Instant shown_{}; // ... by slurmctld
    Instant closed_{};
};

} // namespace sluice::slurm
