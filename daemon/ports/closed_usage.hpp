// SPDX-License-Identifier: GPL-2.0-or-later
// Port: sums of job records that were read once and need not be read again after a restart, where
// slurmdbd has no rollups of them or may have lost them since. Adapter: SQLite.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace sluice::ports {

using TresSums = std::map<std::uint32_t, Amount>;                        // TRES id -> TRES-seconds
using UserSums = std::map<std::string, std::map<std::string, TresSums>>; // account -> user

struct ClosedPiece {
    Window time; // in which all of it was used
    UserSums sums;
};

// What the jobs used that ended on one day of UTC.
struct ClosedDay {
    Instant begin{};
    Instant read_at{};      // the job records, last
    std::int64_t reads = 0; // how often, an hour or more apart; at least 1
    std::vector<ClosedPiece> pieces;
};

// What Slurm's rollups leave out or put in beside the time of jobs, in whole TRES-seconds.
struct Corrections {
    UserSums factor; // what UsageFactor adds; negative: takes
    UserSums idle;   // of reservations, by the association's account and user ("": the account's)
};

struct CorrectedTime {
    Window time;
    Instant read_at{};
    std::int64_t records = 0; // job records that were read for it
    Corrections sums;
};

// UsageFactor of a QOS from an instant on.
struct QosFactor {
    std::uint32_t qos = 0;
    Instant since{};
    std::int64_t factor = 0; // millionths

    friend bool operator==(const QosFactor&, const QosFactor&) = default;
};

// Thread-safe. unavailable as for the journal.
class ClosedUsage {
public:
    ClosedUsage() = default;
    ClosedUsage(const ClosedUsage&) = delete;
    ClosedUsage& operator=(const ClosedUsage&) = delete;
    virtual ~ClosedUsage() = default;

    // All of a cluster, earliest first; of the pieces only the times.
    virtual Result<std::vector<ClosedDay>> days(const std::string& cluster) = 0;
    // Over the pieces inside `range` of the days that begin inside `days`. overflow: a sum does not
    // fit.
    virtual Result<UserSums> sums(const std::string& cluster, Window days, Window range) = 0;
    // Replaces the days that begin with them, each as a whole. In one transaction.
    virtual Result<void> put(const std::string& cluster, std::span<const ClosedDay> days) = 0;
    // Forgets the days that begin at `last` or before.
    virtual Result<void> drop(const std::string& cluster, Instant last) = 0;

    virtual Result<std::vector<CorrectedTime>> corrections(const std::string& cluster) = 0;
    // Replaces the one of the same time.
    virtual Result<void> put(const std::string& cluster, const CorrectedTime& corrected) = 0;
    // Forgets the times that end at `last` or before.
    virtual Result<void> drop_corrections(const std::string& cluster, Instant last) = 0;
    virtual Result<std::vector<QosFactor>> factors(const std::string& cluster) = 0;
    virtual Result<void> put(const std::string& cluster, std::span<const QosFactor> factors) = 0;
};

} // namespace sluice::ports
