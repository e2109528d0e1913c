// SPDX-License-Identifier: GPL-2.0-or-later
// A snapshot, and the difference of two snapshots, as bytes. The same image is sent in parts over
// the channel and stored in the file (docs/wire-format.md). Any input is safe: it is decoded or
// refused.
#pragma once

#include "common/base/result.hpp"
#include "common/model/snapshot.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::wire {

// Of all frames after the greeting, and of the image in the file.
constexpr std::uint8_t kVersion = 1;

constexpr std::size_t kMaxName = 1024; // cluster, account, host; Slurm's own column has 255
constexpr std::size_t kMaxText = 4096; // refusal or warning
constexpr std::size_t kMaxImage = std::size_t{128} << 20; // 100,000 accounts take about 10 MiB

struct Delta {
    std::uint64_t base = 0; // sequence of the snapshot that this applies to
    std::uint64_t sequence = 0;
    Instant made{};
    std::vector<model::SnapshotAccount> accounts;      // new or changed, sorted by name
    std::vector<std::string> removed_accounts;         // sorted
    std::vector<model::SnapshotUser> users;            // new or changed, sorted by uid
    std::vector<std::uint32_t> removed_users;          // sorted
    std::vector<model::Measure> measures;              // all of them
    std::vector<model::QosFactor> factors;             // all of them
    std::vector<model::DefaultFactor> default_factors; // all of them
    std::vector<model::Partition> partitions;          // all of them

    friend bool operator==(const Delta&, const Delta&) = default;
};

// Errors: overflow (a name, text or the whole is too large). REQUIRES: accounts strictly ascending
// by name, users by uid.
Result<std::string> encode_image(const model::Snapshot& snapshot);
// Errors: malformed. What it returns is strictly ascending.
Result<model::Snapshot> decode_image(std::string_view bytes);

Result<std::string> encode_delta(const Delta& delta);
Result<Delta> decode_delta(std::string_view bytes);

// What turns `from` into `to`. REQUIRES: both sorted, same cluster. O(accounts + users).
Delta difference(const model::Snapshot& from, const model::Snapshot& to);
// Errors: conflict (made for another base); `snapshot` is then unchanged. O(accounts + users).
Result<void> apply(const Delta& delta, model::Snapshot& snapshot);

} // namespace sluice::wire
