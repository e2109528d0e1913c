// SPDX-License-Identifier: GPL-2.0-or-later
// One session with one daemon, from its challenge to the loss of the connection. Sends nothing
// before the daemon has proven itself. Runs in the receiver's thread.
#pragma once

#include "common/base/result.hpp"
#include "common/wire/channel.hpp"
#include "common/wire/frame.hpp"
#include "plugin/counters.hpp"
#include "plugin/snapshot_manager.hpp"
#include "plugin/stream.hpp"

#include <functional>
#include <optional>
#include <string>

namespace sluice::plugin {

// May this uid be the daemon's?
using TrustedUid = std::function<bool(std::uint32_t)>;

class Conversation {
public:
    // All outlive it.
    Conversation(Stream& stream, wire::Channel& channel, SnapshotManager& keeper,
                 const Counters& counters)
        : stream_(stream), channel_(channel), snapshots_(keeper), counters_(counters) {}

    // Reads the daemon's challenge and answers it. `speaks`: our newest version; the version of
    // `hello` is set here. Errors: refused (foreign uid, a standby), malformed, timeout,
    // unavailable.
    Result<void> greet(wire::Hello hello, std::uint8_t speaks, const TrustedUid& trusted);
    // Handles what arrives until `deadline`. Errors: the session is over.
    Result<void> listen(Steady::time_point deadline);

private:
    Result<wire::Opened> next_frame(Steady::time_point deadline, std::size_t most);
    Result<wire::Challenge> challenge(Steady::time_point deadline, const TrustedUid& trusted);
    Result<void> handle(const wire::Message& message);
    Result<void> on(const wire::Begin& begin);
    Result<void> on(const wire::Part& part);
    Result<void> on(const wire::End& end);
    Result<void> on(const wire::Delta& delta);
    Result<void> on(const wire::Heartbeat& heartbeat);
    Result<void> on(const wire::Challenge&) { return out_of_turn(); }
    Result<void> on(const wire::Hello&) { return out_of_turn(); }
    Result<void> on(const wire::Welcome&) { return out_of_turn(); }
    Result<void> on(const wire::Status&) { return out_of_turn(); }
    static Error out_of_turn();
    Result<void> report();
    Result<void> send(const wire::Message& message);

    Stream& stream_;
    wire::Channel& channel_;
    SnapshotManager& snapshots_;
    const Counters& counters_;
    wire::FrameReader frames_;
    std::optional<uid_t> daemon_uid_;
    std::optional<wire::Assembly> assembly_;
    Steady::time_point heard_{};
    std::optional<Steady::time_point> behind_since_;
};

} // namespace sluice::plugin
