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
    void each(Window range, const Suspensions& suspensions,
              const std::function<void(const JobRecord&)>& body) const;
    void add(Window range, const Suspensions& suspensions, JobSum& sum) const;

    // End of the earliest job that is known to be over and has no record yet; jobs that ended
    // before `closed` are left out.
    std::optional<Instant> oldest_missing() const;

private:
    bool superseded(const LiveJob& job) const;
    bool is_gone(const LiveJob& job) const;
    void take(std::vector<LiveJob> jobs, Instant now);

    std::unordered_map<std::uint64_t, EndedJob> ended_;
    std::unordered_multimap<std::uint32_t, Window> ends_; // job id -> times of its records
    std::vector<LiveJob> live_;                           // those without a record
    // Not shown any more, without a record yet; by id and begin.
    std::map<std::pair<std::uint32_t, Instant>, LiveJob> departed_;
    Instant seen_{};  // when live_ was reported, by slurmctld or slurmdbd
    Instant shown_{}; // ... by slurmctld
    Instant closed_{};
};

} // namespace sluice::slurm
