// SPDX-License-Identifier: GPL-2.0-or-later
// Corrections of the past, read from job records day by day and kept in the journal: only jobs of a
// QOS with a UsageFactor and of reservations are read, and what was read stays when slurmdbd purges
// the records. Called by the cycle's thread only.
#pragma once

#include "common/model/facts.hpp"
#include "daemon/ports/closed_usage.hpp"
#include "daemon/slurm/rpc/connection.hpp"
#include "daemon/slurm/usage/corrections.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace sluice::slurm {

// Of one cluster.
class CorrectionCache {
public:
    // nullptr: nothing outlives the process. The store must outlive it.
    explicit CorrectionCache(ports::ClosedUsage* store = nullptr) : store_(store) {}

    struct Need {
        Session& session;
        const model::Structure& structure;
        Instant now;
        Instant earliest; // nothing before it is of interest
        Instant hour;     // the begin of any hour of slurmdbd
    };

    // At the begin of a question: notes the factors of the QOS and forgets what is too old.
    Result<void> begin(const Need& need);
    // A rollup has run: records of the past may be new.
    void rollup_seen() { ++rollups_; }
    const FactorHistory& factors() const { return factors_; }

    // All corrections of a range of the past.
    Result<ports::Corrections> of(const Need& need, Window range);
    // Idle time of reservations in a range that is still open; read each time.
    Result<ports::UserSums> idle(const Need& need, Window range) const;

private:
    struct Known {
        ports::CorrectedTime time;
        std::uint64_t rollups = 0;     // seen when it was last read or compared
        std::uint64_t fingerprint = 0; // of the cluster's usage rows; 0: not known
    };

    struct First {
        Instant at{};
        std::uint64_t rollups = 0; // seen when it was found
    };

    Result<void> load(const std::string& cluster);
    Result<Instant> first(const Need& need, Window range);
    Result<Instant> find_first(const Need& need, Window range) const;
    Result<const ports::Corrections*> piece(const Need& need, Window time);
    Result<bool> is_current(const Need& need, Known& known) const;
    Result<ports::CorrectedTime> read(const Need& need, Window time) const;
    Result<std::int64_t> add_idle(const Need& need, Window range, ports::UserSums& sums) const;

    ports::ClosedUsage* store_;
    bool loaded_ = false;
    std::uint64_t rollups_ = 0;
    FactorHistory factors_;
    std::map<std::pair<Instant, Instant>, Known> known_;
    std::map<std::pair<Instant, Instant>, First> firsts_; // by range
};

} // namespace sluice::slurm
