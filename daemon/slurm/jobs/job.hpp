// SPDX-License-Identifier: GPL-2.0-or-later
// Jobs as slurmctld and slurmdbd report them. TRES are allocated ones, by id: "1=2,2=200,5=2".
#pragma once

#include "common/base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace sluice::slurm {

// Clocks of hosts differ by less.
inline constexpr std::chrono::minutes kSkew{10};

// A job as slurmctld shows it: running, suspended, or ended a while ago.
struct LiveJob {
    std::uint32_t job_id = 0;
    std::string account;
    std::string user;
    Instant begin{}; // of the present run and size
    std::optional<Instant> end;
    bool suspended = false;
    Instant switched{}; // last suspended or resumed; the epoch: never
    // Its nodes are still booting: Slurm sets its start anew when they are up.
    bool booting = false;
    std::string tres;
    std::uint32_t qos = 0; // id; 0: not known
};

// A job record with an end. A requeued or resized job has several, each with its own time.
struct EndedJob {
    std::uint64_t db_index = 0; // never used again, other than job ids
    std::uint32_t job_id = 0;
    std::string account;
    std::string user;
    Instant begin{};
    Instant end{};
    std::int64_t suspended = 0; // seconds in all its time
    std::string tres;
    std::uint32_t qos = 0;
};

// What a job used inside one range.
struct JobRecord {
    std::string account;
    std::string user;
    Instant begin{};
    Instant end{};
    std::int64_t suspended = 0; // seconds inside [begin, end)
    std::string tres;
    bool running = false;
    std::uint32_t qos = 0;
    std::uint32_t reservation = 0; // id; 0: none, or not known
};

// Suspensions inside one range that have ended, in seconds.
struct Suspensions {
    std::unordered_map<std::uint64_t, std::int64_t> by_record;
    std::unordered_map<std::uint32_t, std::int64_t> open_records; // by job id: no end yet
};

} // namespace sluice::slurm
