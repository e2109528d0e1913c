// SPDX-License-Identifier: GPL-2.0-or-later
// The newest snapshot of each cluster, and its bytes, made once for all plugins.
#pragma once

#include "common/base/result.hpp"
#include "common/base/thread.hpp"
#include "common/model/snapshot.hpp"
#include "common/wire/image.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace sluice::plugin_server {

using SnapshotPtr = std::shared_ptr<const model::Snapshot>; // immutable, sorted, with its sequence

class SnapshotStore {
public:
    // `started`: sequences begin there, so that those of a restarted daemon are larger.
    explicit SnapshotStore(std::chrono::sys_time<std::chrono::microseconds> started);

    // Thread-safe. True: it differs from the one before. O(accounts + users).
    bool put(const model::Snapshot& snapshot);
    // Thread-safe. Null: none yet.
    SnapshotPtr newest(const std::string& cluster) const;
    // Thread-safe. 0: none yet.
    std::uint64_t newest_sequence() const;
    // Thread-safe. Of each cluster, by its name in lower case.
    std::map<std::string, std::uint64_t> sequences() const;

private:
    struct Held {
        std::map<std::string, SnapshotPtr> editions; // by cluster, lower case
        std::uint64_t sequence = 0;
        std::uint64_t newest = 0;
    };
    mutable Guarded<Held> held_;
};

// Bytes of editions. For one thread.
class SnapshotEncoder {
public:
    // Errors: overflow.
    Result<std::shared_ptr<const std::string>> image(const SnapshotPtr& edition);
    // Null: larger than one frame takes; send the image.
    std::shared_ptr<const wire::Delta> delta(const SnapshotPtr& from, const SnapshotPtr& to);

private:
    SnapshotPtr image_of_;
    std::shared_ptr<const std::string> image_;
    SnapshotPtr delta_from_;
    SnapshotPtr delta_to_;
    std::shared_ptr<const wire::Delta> delta_;
};

} // namespace sluice::plugin_server
