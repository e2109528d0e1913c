// SPDX-License-Identifier: GPL-2.0-or-later
// One connected plugin: its greeting, which snapshot it has, what it receives next. Bytes in, bytes
// out, no socket. At most one frame waits to be sent, so a slow plugin costs one frame of memory
// and needs one difference to be current again.
#pragma once

#include "common/base/result.hpp"
#include "common/wire/channel.hpp"
#include "daemon/plugin_server/snapshot_store.hpp"
#include "daemon/ports/publisher.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::plugin_server {

using Steady = std::chrono::steady_clock;

struct PeerRules {
    uid_t allowed_uid = 0;
    std::string daemon_version;
    std::vector<std::string> clusters = {}; // whose plugins are served; empty: all
    std::uint8_t speaks = wire::kVersion;   // newest version
};

class Peer {
public:
    // All references must outlive it.
    Peer(cred::Sealer& sealer, const SnapshotStore& store, SnapshotEncoder& encoder,
         const PeerRules& rules, const wire::Nonce& nonce, Steady::time_point now)
        : channel_(sealer, wire::Session(wire::Direction::to_plugin, nonce)), store_(store),
          encoder_(encoder), rules_(rules), opened_(now), heard_(now), sent_(now) {}

    // Makes the first frame, which only slurmctld's user can read. Asks munged. Errors: unavailable
    // (munged is away), others of the sealer.
    Result<void> challenge();
    // Bytes from the plugin. Errors: the connection must be closed; unavailable: munged is away,
    // else the frame was wrong.
    Result<void> receive(std::string_view bytes, Instant now, Steady::time_point steady);
    // Makes the next frame, if one is due and the last one is sent. Errors: as above.
    Result<void> fill(Instant now, Steady::time_point steady);
    // Errors: timeout, with what the plugin failed to do in time.
    Result<void> check_time(Steady::time_point steady) const;

    std::string_view pending() const { return std::string_view(out_).substr(written_); }
    // fill() has the next part of a snapshot and room for it.
    bool has_more() const { return transfer_ && pending().empty(); }
    void wrote(std::size_t bytes, Steady::time_point steady);

    // Its hello answers our challenge: it is slurmctld's user, and here now.
    bool proven() const { return proven_; }
    const std::string& cluster() const { return status_.cluster; }
    const ports::PluginStatus& status() const { return status_; }

private:
    Result<void> handle(const wire::Opened& opened, Instant now);
    Result<void> greet(const wire::Hello& hello, Instant now);
    bool serves(const std::string& cluster) const;
    void learn(const wire::Status& status, Instant now);
    Result<void> send(const wire::Message& message);
    Result<void> send_news(const SnapshotPtr& newest);
    Result<void> send_part();

    struct Transfer {
        SnapshotPtr snapshot;
        std::shared_ptr<const std::string> image;
        std::size_t at = 0;
    };

    wire::Channel channel_;
    const SnapshotStore& store_;
    SnapshotEncoder& encoder_;
    const PeerRules& rules_;
    wire::FrameReader frames_;
    std::string out_;
    std::size_t written_ = 0;
    bool proven_ = false;
    std::optional<Transfer> transfer_;
    SnapshotPtr has_;                // sent last; null: what it has was not sent by this process
    std::uint64_t has_sequence_ = 0; // of the snapshot it has, or has when it has read all
    std::optional<Steady::time_point> heartbeat_;
    Steady::time_point opened_;
    Steady::time_point heard_;
    Steady::time_point sent_; // progress of pending bytes
    ports::PluginStatus status_;
};

} // namespace sluice::plugin_server
