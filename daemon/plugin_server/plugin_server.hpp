// SPDX-License-Identifier: GPL-2.0-or-later
// Hands snapshots to the plugins that connect. One thread of its own; a plugin that is slow or gone
// costs the others and the caller nothing.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/wire/image.hpp"
#include "daemon/ports/publisher.hpp"

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::plugin_server {

struct PluginServerSettings {
    // "127.0.0.1:6830", "[::1]:6830", "unix:/path"; port 0: any free one
    std::vector<std::string> listen;
    uid_t allowed_uid = 0;                  // who slurmctld runs as; no other is served
    std::string munge_socket;               // "": munge's own
    std::string key_file = {};              // "": credentials are munge's; else by this file's key
    std::vector<std::string> clusters = {}; // whose plugins are served; empty: all
    std::uint8_t speaks = wire::kVersion;   // newest; a test plays a newer release with it
};

class PluginServer final : public ports::Publisher {
public:
    // Listens when it returns. `clock` must outlive the plugin server. Errors: malformed (an
    // address), unavailable (with the address: in use, not of this host), internal, those of the
    // key file.
    static Result<std::unique_ptr<PluginServer>> start(const PluginServerSettings& settings,
                                                       const Clock& clock);
    // Closes all connections and joins; takes a few seconds when munged does not answer.
    ~PluginServer() override;

    // Same content as before: nothing is sent and the sequence stays. Else the snapshot gets a
    // sequence that also grows across restarts, whatever `snapshot->sequence` says. Records need
    // not be sorted. The plugin of each cluster gets the snapshots of its own cluster.
    void publish(std::shared_ptr<const model::Snapshot> snapshot) override;
    ports::PluginServerStatus status() const override;

    // What it listens on, in the order of the settings; 0: a Unix socket.
    const std::vector<std::uint16_t>& listening_ports() const;

private:
    class Engine;
    explicit PluginServer(std::unique_ptr<Engine> engine);
    std::unique_ptr<Engine> engine_;
};

} // namespace sluice::plugin_server
