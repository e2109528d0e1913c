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

class Keeper {
public:
    // `cell` outlives it. `cluster`: snapshots of another one are refused; "": not checked.
    Keeper(SnapshotCell& cell, Log log, std::string cluster)
        : cell_(cell), log_(log), cluster_(std::move(cluster)) {}

    void use(Settings settings);
    // Where the snapshot is stored; "": nowhere.
    void store_in(std::string path) { path_ = std::move(path); }
    // Starts from the stored snapshot, if there is a good one. `now`: wall clock, `steady`: the
    // clock of SnapshotCell::confirm().
    void load(Instant now, std::int64_t steady);

    // Errors: refused (another cluster).
    Result<void> take(model::Snapshot snapshot, std::int64_t steady);
    // Errors: conflict (for another snapshot than ours).
    Result<void> take(const wire::Delta& delta, std::int64_t steady);
    // The daemon says that ours is the newest.
    void confirm(std::int64_t steady);
    // Frees old snapshots that nobody reads any more. Cheap.
    void sweep();

    const Settings& settings() const { return *settings_; }
    bool has_snapshot() const { return view_ != nullptr; }
    std::uint64_t sequence() const { return snapshot_.sequence; }
    // The newest snapshot that is safely in the file; 0: none.
    std::uint64_t stored_sequence() const { return stored_; }

private:
    Result<void> accept(model::Snapshot snapshot, std::int64_t steady);
    void adopt(std::int64_t steady);
    void publish();
    void store();

    SnapshotCell& cell_;
    Log log_;
    std::string cluster_;
    std::string path_;
    bool store_failed_ = false; // said once
    std::uint64_t stored_ = 0;
    std::int64_t file_confirmed_ = 0;
    model::Snapshot snapshot_;         // sequence 0: none
    std::shared_ptr<const View> view_; // of snapshot_
    std::shared_ptr<const Settings> settings_ = std::make_shared<const Settings>();
    std::vector<std::shared_ptr<const Current>> old_;
};

} // namespace sluice::plugin
