// SPDX-License-Identifier: GPL-2.0-or-later
// What Slurm's rollups leave out or put in beside the time of jobs: the UsageFactor of a job's QOS,
// which they do not know, and the idle time of reservations. Pure.
#pragma once

#include "common/base/result.hpp"
#include "common/model/tres.hpp"
#include "daemon/ports/closed_usage.hpp"
#include "daemon/slurm/jobs/job.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::slurm {

// UsageFactor of each QOS over time. A new factor counts from the cycle that sees it on, as
// slurmctld applies it from its next calculation on. A deleted QOS keeps its last factor: slurmdbd
// resets it to 1 (accounting_storage_mysql.c, remove_common).
class FactorHistory {
public:
    void load(const std::vector<ports::QosFactor>& known);
    // What has to be remembered: QOS that are new, and new factors.
    std::vector<ports::QosFactor> note(const std::vector<model::Qos>& qos, Instant now);

    // Millionths; kFullPrice for a QOS that was never seen.
    std::int64_t at(std::uint32_t qos, Instant when) const;
    // The QOS that have another factor than 1 at some time inside.
    std::vector<std::uint32_t> factored(Window time) const;
    // The changes of a QOS inside, and the ends.
    std::vector<Instant> cuts(std::uint32_t qos, Window time) const;

private:
    std::map<std::uint32_t, std::map<Instant, std::int64_t>> factors_; // QOS id -> since -> factor
};

// What the factors add to the time of jobs; negative where they take. Partition QOS do not matter:
// slurmctld takes the factor of the job's own QOS only (priority_multifactor.c, _apply_new_usage).
class FactorSum {
public:
    explicit FactorSum(const FactorHistory& history) : history_(history) {}

    void add(const JobRecord& job);
    // Whole TRES-seconds by account, user and TRES, each rounded half away from zero. The sum over
    // both equals what is rounded once. overflow: names the account.
    Result<ports::UserSums> ended() const { return sums(false); }
    Result<ports::UserSums> running() const { return sums(true); }

private:
    using Leaf = std::map<std::uint32_t, std::array<Wide, 2>>; // TRES id -> ended, running

    Result<ports::UserSums> sums(bool running) const;

    const FactorHistory& history_;
    std::map<std::string, std::map<std::string, Leaf>> leaves_; // account -> user
};

using TresCounts = std::vector<std::pair<std::uint32_t, std::uint64_t>>; // by id

// A reservation as slurmdbd has it. A reservation that was changed has several records.
struct Reservation {
    struct Down { // a node of it was down
        Window time;
        TresCounts tres;
    };

    std::uint32_t id = 0;
    Window time;
    TresCounts tres;
    std::vector<std::uint32_t> associations; // that share its idle time; 0: one that does not count
    std::vector<Down> downs;
};

using IdleSums = std::map<std::uint32_t, ports::TresSums>; // by association

// Idle time inside a range as the rollup counts, hour by hour (as_mysql_rollup.c,
// as_mysql_hourly_rollup): a running job fills its whole reservation, down nodes are no part of it,
// and the rest is divided by the number of associations. `hour`: the begin of any hour of slurmdbd.
IdleSums idle_of(const std::vector<Reservation>& reservations, const std::vector<JobRecord>& jobs,
                 Window range, Instant hour);

} // namespace sluice::slurm
