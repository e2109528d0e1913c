// SPDX-License-Identifier: GPL-2.0-or-later
// The jobs that no rollup covers yet: those that ended, by their records, and those that slurmctld
// shows. Each counts once, whoever tells first. Pure.
#pragma once

#include "daemon/adapters/slurm/job_usage.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::slurm {

// A job record with an end. A requeued or resized job has several, each with its own time.
struct EndedJob {
    std::uint64_t db_index = 0; // never used again, other than job ids
    std::uint32_t job_id = 0;
    std::string account;
    std::string user;
    Instant begin{};
    Instant end{};
    std::int64_t suspended = 0; // seconds in all its time
    std::string tres;           // allocated, by id
};

// A job as slurmctld shows it: running, suspended, or ended a while ago.
struct LiveJob {
    std::uint32_t job_id = 0;
    std::string account;
    std::string user;
    Instant begin{}; // of the present run and size
    std::optional<Instant> end;
    bool suspended = false;
    Instant switched{}; // last suspended or resumed; the epoch: never
    std::string tres;
};

// Suspensions inside one range that have ended, in seconds.
struct Suspensions {
    std::unordered_map<std::uint64_t, std::int64_t> by_record;
    std::unordered_map<std::uint32_t, std::int64_t> open_records; // by job id: no end yet
};

class JobBook {
public:
    void note_ended(EndedJob job);
    // The record of a job that counts elsewhere (see drop_before).
    void note_closed(const EndedJob& job);
    // All that slurmctld shows at `now`. A job that it shows no longer counts up to where it was
    // last seen until its record comes: accounting may be behind.
    void note_live(std::vector<LiveJob> jobs, Instant now);
    // Rollups answer up to `settled`; somebody else has the records of what ended up to `closed`,
    // which is that or later.
    void drop_before(Instant settled, Instant closed);

    // Whether add() has to know suspensions inside the range.
    bool needs_suspensions(Window range) const;
    void add(Window range, const Suspensions& suspensions, JobSum& sum) const;

    // End of the earliest job that is over by all that is known, but has no record yet; not of
    // those that ended before `closed`.
    std::optional<Instant> oldest_missing() const;
    std::size_t ended() const { return ended_.size(); }
    std::size_t live() const { return live_.size(); }

private:
    bool superseded(const LiveJob& job) const;

    std::unordered_map<std::uint64_t, EndedJob> ended_;
    std::unordered_multimap<std::uint32_t, Instant> ends_; // job id -> ends of its records
    std::vector<LiveJob> live_;                            // those without a record
    std::map<std::pair<std::uint32_t, Instant>, LiveJob> departed_;
    Instant seen_{};
    Instant closed_{};
};

} // namespace sluice::slurm
