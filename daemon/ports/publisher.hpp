// SPDX-License-Identifier: GPL-2.0-or-later
// Port: sends snapshots to the plugins and knows which one each of them has.
#pragma once

#include "common/model/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::ports {

struct PluginCounters {
    std::uint64_t admitted = 0;
    std::uint64_t warned = 0;
    std::uint64_t refused = 0;
    std::uint64_t faults = 0;    // caught inside the plugin; the job was admitted
    std::uint64_t oversized = 0; // job descriptions with strings too long to be checked
};

struct PluginStatus {
    std::string host;
    std::string address; // "127.0.0.1:41234"
    std::string slurm_version;
    std::string plugin_version;
    std::uint64_t sequence = 0; // snapshot it has acknowledged; 0: none
    Instant connected{};
    Instant last_seen{};
    PluginCounters counters;
    std::string cluster = {}; // as its slurmctld calls it
    std::uint64_t stored = 0; // newest snapshot that is safely in its file; 0: none
    // Since when its file has been older than the snapshot in use; nullopt: it is current.
    std::optional<Instant> unstored_since = {};

    // After a restart of slurmctld it would use an older snapshot. A slow disk has two minutes.
    bool fails_to_store(Instant now) const {
        return unstored_since && now - *unstored_since > std::chrono::minutes{2};
    }
};

struct PluginServerStatus {
    std::vector<PluginStatus> plugins;
    std::uint64_t sequence = 0;                          // newest published
    std::map<std::string, std::uint64_t> sequences = {}; // newest of each cluster, in lower case
    std::uint64_t rejected_frames = 0;                   // wrong, oversized, replayed, foreign uid
};

// Thread-safe; never blocks on a plugin.
class Publisher {
public:
    Publisher() = default;
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;
    virtual ~Publisher() = default;

    // Every connected plugin receives it, and every one that connects later.
    virtual void publish(std::shared_ptr<const model::Snapshot> snapshot) = 0;
    virtual PluginServerStatus status() const = 0;
};

} // namespace sluice::ports
