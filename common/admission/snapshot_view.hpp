// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot with what the submit path needs to find its records: immutable, looked up without
// allocating, from any thread. Must not know Slurm, sockets or time.
#pragma once

#include "common/model/snapshot.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::admission {

// What holds for an account at an instant. Points into the view.
struct InForce {
    model::Standing standing = model::Standing::normal;
    std::string_view text = {};    // paused: the refusal; else a warning; may be empty
    std::string_view contact = {}; // whom the user asks; "": the text is complete

    bool paused() const noexcept { return standing == model::Standing::paused; }
};

InForce in_force(const model::SnapshotAccount& account, Instant now) noexcept;

class SnapshotView {
public:
    // REQUIRES: accounts and QOS factors sorted by name, users by uid, default factors as the
    // snapshot has them.
    explicit SnapshotView(model::Snapshot snapshot);
    SnapshotView(const SnapshotView&) = delete;
    SnapshotView& operator=(const SnapshotView&) = delete;
    ~SnapshotView() = default;

    const model::Snapshot& snapshot() const noexcept { return snapshot_; }
    // In any case, as Slurm compares account names; of two that differ in case only, the stricter.
    // nullptr: unknown. O(log accounts).
    const model::SnapshotAccount* account(std::string_view name) const noexcept;
    // nullptr: unknown. O(log users).
    const model::SnapshotUser* user(std::uint32_t uid) const noexcept;
    // The next account above that has budgets; nullptr: none. REQUIRES: `account` is the view's.
    const model::SnapshotAccount* above(const model::SnapshotAccount& account) const noexcept;
    // Jobs of some account are checked against what is left.
    bool has_budgets() const noexcept { return has_budgets_; }
    // UsageFactor of a QOS in millionths, in any case; 1 for a name that the snapshot lacks. O(log
    // QOS).
    std::int64_t factor(std::string_view qos) const noexcept;
    // Of a job that names no QOS, in millionths. `user` may be DefaultFactor::kAnyUser, `partition`
    // "". O(log entries).
    std::int64_t default_factor(const model::SnapshotAccount& account, std::uint32_t user,
                                std::string_view partition) const noexcept;
    // nullptr: unknown. O(log partitions).
    const model::Partition* partition(std::string_view name) const noexcept;
    const model::Partition* default_partition() const noexcept { return default_partition_; }

private:
    const model::Snapshot snapshot_;
    // Of an account's name the eight bytes after those that all names begin with, in lower case:
    // most steps of a search compare only these, which lie side by side in memory.
    struct Head {
        std::uint64_t bytes;
        std::uint32_t account;
    };
    std::vector<Head> heads_; // by name in lower case
    std::size_t common_ = 0;  // how many bytes all names begin with
    // By account: the account that it is bounded by, or kNone.
    static constexpr std::uint32_t kNone = UINT32_MAX;
    std::vector<std::uint32_t> above_;
    bool has_budgets_ = false;
    std::vector<std::uint32_t> uids_;                 // of the users
    std::vector<const model::Partition*> partitions_; // by name
    const model::Partition* default_partition_ = nullptr;
};

} // namespace sluice::admission
