// SPDX-License-Identifier: GPL-2.0-or-later
// Holds what the plugin has - settings and the snapshot - publishes it to the submit path, stores
// it on disk and frees what is no longer read. For one thread: init() before the receiver runs,
// then the receiver.
#pragma once

#include "common/base/result.hpp"
#include "common/model/snapshot.hpp"
#include "common/wire/image.hpp"
#include "plugin/log.hpp"
#include "plugin/snapshot_cell.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::plugin {

class SnapshotManager {
public:
    // `cell` outlives it. `cluster`: snapshots of another one are refused; "": not checked.
    SnapshotManager(SnapshotCell& cell, Log log, std::string cluster)
        : cell_(cell), log_(log), cluster_(std::move(cluster)) {}

    void use(Settings settings);
    // Where the snapshot is stored; "": nowhere. Another path gets the snapshot at once.
    // `steady`, here and below: the clock of SnapshotCell::confirm().
    void store_in(std::string path, std::int64_t steady = 0);
    // Starts from the stored snapshot, or from the one before it where the newest is damaged or
    // missing. `now`: wall clock.
    void load(Instant now, std::int64_t steady);

    // Errors: refused (another cluster).
    Result<void> take(model::Snapshot snapshot, std::int64_t steady);
    // Errors: conflict (for another snapshot than ours).
    Result<void> take(const wire::Delta& delta, std::int64_t steady);
    // The daemon says that ours is the newest.
    void confirm(std::int64_t steady);
    // Stores the snapshot if that failed before and the next try is due: after 1, 2, 4 s ... 60 s.
    void retry_store(std::int64_t steady);
    void note_time(Instant daemon, std::int64_t steady) { cell_.note_time(daemon, steady); }
    // Frees old snapshots that nobody reads any more. Cheap.
    void sweep();

    const Settings& settings() const { return *settings_; }
    bool has_snapshot() const { return view_ != nullptr; }
    std::uint64_t sequence() const { return snapshot_.sequence; }
    // What a restart would start from; 0: nothing is stored.
    std::uint64_t stored_sequence() const { return stored_sequence_; }

private:
    Result<std::string> load_from(const std::string& file, Instant now, std::int64_t steady);
    Result<void> accept(model::Snapshot snapshot, std::int64_t steady);
    void adopt(std::int64_t steady);
    void publish();
    void store(std::int64_t steady);

    SnapshotCell& cell_;
    Log log_;
    std::string cluster_;
    std::string path_;
    bool tidied_ = false; // unfinished files of killed processes are removed from path_
    std::uint64_t stored_sequence_ = 0;
    bool store_due_ = false; // path_ does not have the snapshot
    // It is the one before the newest, and the daemon has not confirmed it: what is in path_, and
    // cannot be read now, may be newer and stays.
    bool older_ = false;
    bool store_failed_ = false; // logged
    std::int64_t retry_at_ = 0;
    std::int64_t retry_after_ = 0;
    std::int64_t file_confirmed_ = 0;
    model::Snapshot snapshot_;         // sequence 0: none
    std::shared_ptr<const View> view_; // of snapshot_
    std::shared_ptr<const Settings> settings_ = std::make_shared<const Settings>();
    std::vector<std::shared_ptr<const Current>> old_;
};

} // namespace sluice::plugin
