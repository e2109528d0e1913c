// SPDX-License-Identifier: GPL-2.0-or-later
// What the submit path reads, replaced as a whole. gcc 11 has no std::atomic<std::shared_ptr>; the
// mutex is held for copying one pointer only, by readers and by the writer.
#pragma once

#include "common/base/clock.hpp"
#include "plugin/settings.hpp"
#include "plugin/view.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace sluice::plugin {

// Immutable, but for the one figure that changes with every heartbeat.
struct Current {
    std::shared_ptr<const View> view; // null: no snapshot yet
    std::shared_ptr<const Settings> settings;
};

class SnapshotCell {
public:
    // Thread-safe. Null before the first publish().
    std::shared_ptr<const Current> get() const noexcept {
        const std::lock_guard lock(mutex_);
        return current_;
    }
    // Returns the old one. The caller must keep it until it is its last owner: a controller thread
    // must never be the one that frees a large snapshot.
    std::shared_ptr<const Current> publish(std::shared_ptr<const Current> next) noexcept {
        const std::lock_guard lock(mutex_);
        std::swap(current_, next);
        return next;
    }

    // When the daemon last said that the snapshot is the newest: seconds of the boot-time clock,
    // which goes on during suspend and does not jump.
    void confirm(std::int64_t at) noexcept { confirmed_.store(at, std::memory_order_relaxed); }
    std::int64_t confirmed() const noexcept { return confirmed_.load(std::memory_order_relaxed); }
    // The daemon's time at `steady` seconds of the boot-time clock.
    void note_time(Instant daemon, std::int64_t steady) noexcept {
        boot_.store(epoch(daemon) - steady, std::memory_order_relaxed);
    }
    // By which pauses end: never later than the daemon's clock has come since, so that a slurmctld
    // whose clock jumps forward does not open one.
    Instant now(Instant wall, std::int64_t steady) const noexcept {
        const std::int64_t boot = boot_.load(std::memory_order_relaxed);
        return boot == kNoTime ? wall : std::min(wall, instant(boot + steady));
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Current> current_;
    std::atomic<std::int64_t> confirmed_{0};
    static constexpr std::int64_t kNoTime = INT64_MIN;
    std::atomic<std::int64_t> boot_{kNoTime}; // when the host booted, by the daemon's clock
};

} // namespace sluice::plugin
