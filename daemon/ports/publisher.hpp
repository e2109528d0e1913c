// SPDX-License-Identifier: GPL-2.0-or-later
// Port: hands snapshots to the plugins and knows what each of them has.
#pragma once

#include "common/model/snapshot.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::ports {

struct PluginCounters {
    std::uint64_t admitted = 0;
    std::uint64_t warned = 0;
    std::uint64_t refused = 0;
    std::uint64_t faults = 0; // caught inside the plugin; the job was admitted
};

struct PluginStatus {
    std::string host;
    std::string address; // "127.0.0.1:41234"
    std::string slurm_version;
    std::string plugin_version;
    std::uint64_t sequence = 0; // snapshot it has acknowledged; 0: none
    Instant connected{};
    Instant last_heard{};
    PluginCounters counters;
    std::string cluster = {}; // as its slurmctld calls it
};

struct GateStatus {
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

    // Every connected plugin gets it, and every one that connects later.
    virtual void publish(std::shared_ptr<const model::Snapshot> snapshot) = 0;
    virtual GateStatus status() const = 0;
};

} // namespace sluice::ports
