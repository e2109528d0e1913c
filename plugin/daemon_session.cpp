// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/daemon_session.hpp"

#include <algorithm>

namespace sluice::plugin {
namespace {

using namespace std::chrono_literals;

constexpr auto kGreetingTime = 10s;
// The daemon sends a heartbeat each second; munged of a loaded host may add some.
constexpr auto kSilence = 15s;
constexpr auto kWriteTime = 10s;
// After so long without the newest snapshot the plugin connects again.
constexpr auto kBehind = 60s;

Error wrong_sender(uid_t uid) {
    return Error{Errc::refused,
                 "frame from uid " + std::to_string(uid) + ", another user than the daemon"};
}

} // namespace

Error DaemonSession::unexpected() {
    return Error{Errc::malformed, "unexpected message from the daemon"};
}

Result<void> DaemonSession::send(const wire::Message& message) {
    const auto bytes = channel_.seal(message, daemon_uid_);
    if (!bytes)
        return bytes.error();
    return stream_.write(*bytes, Steady::now() + kWriteTime);
}

// Errors: timeout when no whole frame came; what did come is kept for the next call.
Result<wire::Opened> DaemonSession::next_frame(Steady::time_point deadline, std::size_t most) {
    while (true) {
        auto frame = frames_.next(most);
        if (!frame)
            return std::move(frame).error();
        if (*frame)
            return channel_.open(**frame);
        auto bytes = stream_.read(deadline);
        if (!bytes)
            return std::move(bytes).error();
        if (*bytes)
            frames_.add(**bytes);
        else if (Steady::now() >= deadline)
            return Error{Errc::timeout, "the daemon did not answer in time"};
    }
}

Result<wire::Challenge> DaemonSession::challenge(Steady::time_point deadline,
                                                 const TrustedUid& trusted) {
    const auto opened = next_frame(deadline, wire::kMaxGreeting);
    if (!opened && (opened.error().code == Errc::refused || opened.error().code == Errc::malformed))
        return Error{opened.error().code,
                     "challenge rejected: " + opened.error().context +
                         "; check plugin_server: user: of sluiced.yaml, and munge keys and clocks"};
    if (!opened)
        return opened.error();
    if (!trusted(opened->uid))
        return Error{Errc::refused, "the daemon runs as uid " + std::to_string(opened->uid) +
                                        ", which DaemonUser does not allow"};
    const auto* challenge = std::get_if<wire::Challenge>(&opened->message);
    if (challenge == nullptr)
        return unexpected();
    daemon_uid_ = opened->uid;
    return *challenge;
}

Result<void> DaemonSession::greet(wire::Hello hello, std::uint8_t speaks,
                                  const TrustedUid& trusted) {
    const auto deadline = Steady::now() + kGreetingTime;
    const auto challenged = challenge(deadline, trusted);
    if (!challenged)
        return challenged.error();
    hello.version = std::min(challenged->speaks, speaks);
    channel_.agree(hello.version);
    if (auto sent = send(hello); !sent)
        return sent;
    const auto answer = next_frame(deadline, wire::kMaxGreeting);
    if (!answer)
        return answer.error();
    if (answer->uid != *daemon_uid_)
        return wrong_sender(answer->uid);
    const auto* welcome = std::get_if<wire::Welcome>(&answer->message);
    if (welcome == nullptr)
        return unexpected();
    if (!welcome->leader)
        return Error{Errc::refused, "the daemon is a standby"};
    received_ = Steady::now();
    return report();
}

Result<void> DaemonSession::listen(Steady::time_point deadline) {
    while (Steady::now() < deadline) {
        const auto frame = next_frame(deadline, wire::kMaxFrame);
        if (!frame && frame.error().code == Errc::timeout)
            break;
        if (!frame)
            return frame.error();
        if (frame->uid != *daemon_uid_)
            return wrong_sender(frame->uid);
        received_ = Steady::now();
        if (auto handled = handle(frame->message); !handled)
            return handled;
    }
    if (Steady::now() - received_ > kSilence)
        return Error{Errc::timeout, "no message from the daemon for 15 s"};
    return {};
}

Result<void> DaemonSession::handle(const wire::Message& message) {
    return std::visit([this](const auto& value) { return on(value); }, message);
}

Result<void> DaemonSession::on(const wire::Begin& begin) {
    assembly_.emplace(begin);
    return {};
}

Result<void> DaemonSession::on(const wire::Part& part) {
    return assembly_ ? assembly_->add(part) : Result<void>(unexpected());
}

Result<void> DaemonSession::on(const wire::End&) {
    if (!assembly_)
        return unexpected();
    auto snapshot = assembly_->finish();
    assembly_.reset();
    if (!snapshot)
        return std::move(snapshot).error();
    if (auto taken = snapshots_.take(std::move(*snapshot), steady_seconds()); !taken)
        return taken;
    return report();
}

Result<void> DaemonSession::on(const wire::Delta& delta) {
    if (auto taken = snapshots_.take(delta, steady_seconds()); !taken)
        return taken;
    return report();
}

Result<void> DaemonSession::on(const wire::Heartbeat& heartbeat) {
    snapshots_.note_time(heartbeat.now, steady_seconds());
    if (heartbeat.sequence == snapshots_.sequence()) {
        if (heartbeat.sequence != 0)
            snapshots_.confirm(steady_seconds());
        behind_since_.reset();
    } else if (heartbeat.sequence != 0 && !assembly_) {
        if (!behind_since_)
            behind_since_ = received_;
        if (received_ - *behind_since_ > kBehind)
            return Error{Errc::conflict, "no newest snapshot from the daemon for 60 s"};
    }
    return report();
}

Result<void> DaemonSession::report() {
    wire::Status status;
    status.sequence = snapshots_.sequence();
    status.stored = snapshots_.stored_sequence();
    status.admitted = Counters::read(counters_.admitted);
    status.warned = Counters::read(counters_.warned);
    status.refused = Counters::read(counters_.refused);
    status.faults = Counters::read(counters_.faults);
    status.oversized = Counters::read(counters_.oversized);
    return send(status);
}

} // namespace sluice::plugin
