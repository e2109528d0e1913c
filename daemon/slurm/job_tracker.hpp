// SPDX-License-Identifier: GPL-2.0-or-later
// The jobs that no rollup covers yet: those that ended, by their records, and those that slurmctld
// shows (slurmdbd, while it is away). Each counts once, whoever tells first. Pure.
#pragma once

#include "daemon/slurm/job_usage.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::slurm {

// Clocks of hosts differ by less.
inline constexpr std::chrono::minutes kSkew{10};

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
    // Its nodes are still starting: Slurm sets its start anew when they are there.
    bool booting = false;
    std::string tres;
};

// Suspensions inside one range that have ended, in seconds.
struct Suspensions {
    std::unordered_map<std::uint64_t, std::int64_t> by_record;
    std::unordered_map<std::uint32_t, std::int64_t> open_records; // by job id: no end yet
};

class JobTracker {
public:
    void note_ended(EndedJob job);
    // The record of a job that counts elsewhere (see drop_before).
    void note_closed(const EndedJob& job);
    // All that slurmctld shows at `now`. A job that it shows no longer counts up to where it was
    // last seen until its record comes: accounting may be behind.
    void note_live(std::vector<LiveJob> jobs, Instant now);
    // All that slurmdbd has no end of at `now`, while slurmctld cannot be asked. What slurmctld
    // itself had not shown any more does not run, whatever slurmdbd believes (a runaway job).
    void note_open(std::vector<LiveJob> jobs, Instant now);
    // As if nobody had told of those that began before.
    void forget_live(Instant before);
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
    bool is_gone(const LiveJob& job) const;
    void take(std::vector<LiveJob> jobs, Instant now);

    std::unordered_map<std::uint64_t, EndedJob> ended_;
    std::unordered_multimap<std::uint32_t, Window> ends_; // job id -> times of its records
    std::vector<LiveJob> live_;                           // those without a record
    std::map<std::pair<std::uint32_t, Instant>, LiveJob> departed_;
    Instant seen_{};  // live_, by whomever
    Instant shown_{}; // ... by slurmctld
    Instant closed_{};
};

} // namespace sluice::slurm
