// SPDX-License-Identifier: GPL-2.0-or-later
// Port: sums of job records that were read once and need not be read again after a restart, where
// slurmdbd has no rollups of them. Adapters: SQLite.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace sluice::ports {

// What the jobs used that ended inside one slice of time.
struct ClosedSlice {
    Window ended;
    Instant read_at{};      // the job records, last
    std::int64_t reads = 0; // how often, an hour or more apart; at least 1
    std::string figures;    // the writer's own form
};

// Thread-safe. unavailable as for the journal.
class ClosedUsage {
public:
    ClosedUsage() = default;
    ClosedUsage(const ClosedUsage&) = delete;
    ClosedUsage& operator=(const ClosedUsage&) = delete;
    virtual ~ClosedUsage() = default;

    // All of a cluster, earliest first. `take` must not come back to the store.
    virtual Result<void> each(const std::string& cluster,
                              const std::function<void(const ClosedSlice&)>& take) = 0;
    // Replaces those that begin with them, each as a whole. In one transaction.
    virtual Result<void> put(const std::string& cluster, std::span<const ClosedSlice> slices) = 0;
    // Forgets those that end at `until` or before.
    virtual Result<void> drop(const std::string& cluster, Instant until) = 0;
};

} // namespace sluice::ports
