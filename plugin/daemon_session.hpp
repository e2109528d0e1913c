// SPDX-License-Identifier: GPL-2.0-or-later
// One session with one daemon, from its challenge to the end of the connection. Sends nothing
// before the daemon has proven its identity. Runs in the receiver's thread.
#pragma once

#include "common/base/result.hpp"
#include "common/wire/channel.hpp"
#include "plugin/snapshot_manager.hpp"
#include "plugin/stream.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace sluice::plugin {

// What the plugin did since it was loaded. Any thread counts, the receiver reports.
struct Counters {
    std::atomic<std::uint64_t> admitted{0}; // with or without a warning
    std::atomic<std::uint64_t> warned{0};   // of these, with one
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> faults{0}; // caught inside; the job was admitted
    // Jobs with a string longer than slurmctld accepts: the string is not read, slurmctld refuses.
    std::atomic<std::uint64_t> oversized{0};

    static void count(std::atomic<std::uint64_t>& counter) noexcept {
        counter.fetch_add(1, std::memory_order_relaxed);
    }
    static std::uint64_t read(const std::atomic<std::uint64_t>& counter) noexcept {
        return counter.load(std::memory_order_relaxed);
    }
};

// Whether the daemon may run as this uid.
using TrustedUid = std::function<bool(std::uint32_t)>;

class DaemonSession {
public:
    // All outlive it.
    DaemonSession(Stream& stream, wire::Channel& channel, SnapshotManager& snapshots,
                  const Counters& counters)
        : stream_(stream), channel_(channel), snapshots_(snapshots), counters_(counters) {}

    // Reads the daemon's challenge and answers. `speaks`: our newest version; sets the version of
    // `hello`. Errors: refused (foreign uid, a standby), malformed, timeout,
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
    Result<void> on(const wire::Challenge&) { return unexpected(); }
    Result<void> on(const wire::Hello&) { return unexpected(); }
    Result<void> on(const wire::Welcome&) { return unexpected(); }
    Result<void> on(const wire::Status&) { return unexpected(); }
    static Error unexpected();
    Result<void> report();
    Result<void> send(const wire::Message& message);

    Stream& stream_;
    wire::Channel& channel_;
    SnapshotManager& snapshots_;
    const Counters& counters_;
    wire::FrameReader frames_;
    std::optional<uid_t> daemon_uid_;
    std::optional<wire::Assembly> assembly_;
    Steady::time_point received_{}; // the last frame
    std::optional<Steady::time_point> behind_since_;
};

} // namespace sluice::plugin
