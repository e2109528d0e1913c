// SPDX-License-Identifier: GPL-2.0-or-later
// The settings and the snapshot that the plugin has: SnapshotCell is what the submit path reads,
// SnapshotManager publishes to it, stores the snapshot on disk and frees what is no longer read.
#pragma once

#include "common/admission/snapshot_view.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/model/snapshot.hpp"
#include "common/wire/image.hpp"
#include "plugin/log.hpp"
#include "plugin/settings.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sluice::plugin {

// Seconds of the boot-time clock, which goes on during suspend and does not jump.
std::int64_t steady_seconds() noexcept;

// Immutable, but for the one figure that changes with every heartbeat.
struct Current {
    std::shared_ptr<const admission::SnapshotView> view; // null: no snapshot yet
    std::shared_ptr<const Settings> settings;
};

// What the submit path reads, replaced as a whole. gcc 11 has no std::atomic<std::shared_ptr>; the
// mutex is held for copying one pointer only, by readers and by the writer.
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

    // When the daemon last confirmed that the snapshot is the newest: seconds of the boot-time
    // clock, which goes on during suspend and does not jump.
    void confirm(std::int64_t at) noexcept { confirmed_.store(at, std::memory_order_relaxed); }
    std::int64_t confirmed() const noexcept { return confirmed_.load(std::memory_order_relaxed); }
    // The daemon's time at `steady`.
    void note_time(Instant daemon, std::int64_t steady) noexcept {
        boot_.store(epoch(daemon) - steady, std::memory_order_relaxed);
    }
    // The time by which pauses end: never ahead of the daemon's clock, so that a forward jump of
    // slurmctld's clock does not end a pause.
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

// For one thread: init() before the receiver runs, then the receiver.
class SnapshotManager {
public:
    // `cell` outlives it. `cluster`: snapshots of another one are refused; "": not checked.
    SnapshotManager(SnapshotCell& cell, Log log, std::string cluster)
        : cell_(cell), log_(log), cluster_(std::move(cluster)) {}

    void use(Settings settings);
    // Where the snapshot is stored; "": nowhere. Another path gets the snapshot at once.
    // `steady`, here and below: steady_seconds().
    void store_in(std::string path, std::int64_t steady = 0);
    // Starts from the stored snapshot, or from the previous one if the newest is damaged or
    // missing. `now`: wall clock.
    void load(Instant now, std::int64_t steady);

    // Errors: refused (another cluster).
    Result<void> take(model::Snapshot snapshot, std::int64_t steady);
    // Errors: conflict (for another snapshot than ours).
    Result<void> take(const wire::Delta& delta, std::int64_t steady);
    // The daemon reports that ours is the newest.
    void confirm(std::int64_t steady);
    // Stores the snapshot if that failed before and the next try is due: after 1, 2, 4 s ... 60 s.
    void retry_store(std::int64_t steady);
    void note_time(Instant daemon, std::int64_t steady) { cell_.note_time(daemon, steady); }
    // Frees old snapshots that no submission reads any more. Cheap.
    void sweep();

    const Settings& settings() const { return *settings_; }
    bool has_snapshot() const { return view_ != nullptr; }
    std::uint64_t sequence() const { return view_ ? view_->snapshot().sequence : 0; }
    // The snapshot that a restart starts from; 0: none is stored.
    std::uint64_t stored_sequence() const { return stored_sequence_; }

private:
    Result<std::string> load_from(const std::string& file, Instant now, std::int64_t steady);
    Result<void> accept(model::Snapshot snapshot, std::int64_t steady);
    void publish();
    void store(std::int64_t steady);

    SnapshotCell& cell_;
    Log log_;
    std::string cluster_;
    std::string path_;
    bool tidied_ = false; // unfinished files of killed processes are removed from path_
    std::uint64_t stored_sequence_ = 0;
    bool store_due_ = false; // path_ does not have the snapshot
    // The snapshot is the previous one, and the daemon has not confirmed it: the file in path_,
    // which cannot be read now, may be newer and stays.
    bool older_ = false;
    bool store_failed_ = false; // logged
    std::int64_t retry_at_ = 0;
    std::int64_t retry_after_ = 0;
    std::int64_t file_confirmed_ = 0;
    std::shared_ptr<const admission::SnapshotView> view_; // null: none yet
    std::shared_ptr<const Settings> settings_ = std::make_shared<const Settings>();
    std::vector<std::shared_ptr<const Current>> old_;
};

} // namespace sluice::plugin
