// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/plugin_server/peer.hpp"

#include "common/base/text.hpp"
#include "common/wire/bytes.hpp"

#include <algorithm>

namespace sluice::plugin_server {
namespace {

using namespace std::chrono_literals;

constexpr auto kHeartbeat = 1s;
constexpr auto kGreetingTime = 10s;
// A plugin answers each heartbeat, except while it stores a large snapshot on a slow disk.
constexpr auto kSilence = 60s;
constexpr auto kStall = 30s;

} // namespace

Result<void> Peer::receive(std::string_view bytes, Instant now, Steady::time_point steady) {
    frames_.add(bytes);
    while (true) {
        // Every message of a plugin is short.
        auto frame = frames_.next(wire::kMaxGreeting);
        if (!frame)
            return std::move(frame).error();
        if (!*frame)
            return {};
        const auto opened = channel_.open(**frame);
        if (!opened)
            return opened.error();
        heard_ = steady;
        if (auto handled = handle(*opened, now); !handled)
            return handled;
    }
}

Result<void> Peer::handle(const wire::Opened& opened, Instant now) {
    if (opened.uid != rules_.allowed_uid)
        return Error{Errc::refused, "credential of uid " + std::to_string(opened.uid)};
    // The session accepts nothing else: first a hello, then status.
    if (const auto* hello = std::get_if<wire::Hello>(&opened.message))
        return greet(*hello, now);
    if (const auto* status = std::get_if<wire::Status>(&opened.message))
        learn(*status, now);
    return {};
}

Result<void> Peer::challenge() {
    return send(wire::Challenge{rules_.speaks});
}

Result<void> Peer::greet(const wire::Hello& hello, Instant now) {
    status_.cluster = hello.cluster;
    if (hello.version > rules_.speaks)
        return Error{Errc::refused, "plugin on host " + hello.host + ": unknown protocol version " +
                                        std::to_string(hello.version)};
    if (!serves(hello.cluster))
        return Error{Errc::refused, "plugin of cluster " + hello.cluster + " on host " +
                                        hello.host + ": sluiced serves " +
                                        join(rules_.clusters, ", ")};
    status_.host = hello.host;
    status_.slurm_version = hello.slurm_version;
    status_.plugin_version = hello.plugin_version;
    status_.connected = now;
    status_.last_seen = now;
    status_.sequence = hello.sequence;
    has_sequence_ = hello.sequence;
    proven_ = true;
    channel_.agree(hello.version);
    return send(wire::Welcome{true, rules_.daemon_version});
}

bool Peer::serves(const std::string& cluster) const {
    return rules_.clusters.empty() ||
           std::any_of(rules_.clusters.begin(), rules_.clusters.end(),
                       [&](const auto& name) { return equals_ignoring_case(name, cluster); });
}

void Peer::learn(const wire::Status& status, Instant now) {
    status_.sequence = status.sequence;
    status_.stored = status.stored;
    status_.last_seen = now;
    if (status.stored >= status.sequence)
        status_.unstored_since.reset();
    else if (!status_.unstored_since)
        status_.unstored_since = now;
    status_.counters = {status.admitted, status.warned, status.refused, status.faults,
                        status.oversized};
}

Result<void> Peer::send(const wire::Message& message) {
    auto bytes = channel_.seal(message, rules_.allowed_uid);
    if (!bytes)
        return std::move(bytes).error();
    out_ = std::move(*bytes);
    written_ = 0;
    return {};
}

void Peer::wrote(std::size_t bytes, Steady::time_point steady) {
    written_ += bytes;
    sent_ = steady;
    if (written_ < out_.size())
        return;
    out_.clear();
    out_.shrink_to_fit();
    written_ = 0;
}

Result<void> Peer::fill(Instant now, Steady::time_point steady) {
    if (!proven_ || !pending().empty())
        return {};
    sent_ = steady;
    if (transfer_)
        return send_part();
    const SnapshotPtr newest = store_.newest(status_.cluster);
    if (newest && newest->sequence != has_sequence_)
        return send_news(newest);
    if (newest && !has_)
        has_ = newest; // it read our newest from its file
    if (heartbeat_ && steady - *heartbeat_ < kHeartbeat)
        return {};
    heartbeat_ = steady;
    return send(wire::Heartbeat{now, newest ? newest->sequence : 0});
}

Result<void> Peer::send_news(const SnapshotPtr& newest) {
    const auto delta = has_ ? encoder_.delta(has_, newest) : nullptr;
    if (delta) {
        has_ = newest;
        has_sequence_ = newest->sequence;
        return send(*delta);
    }
    auto image = encoder_.image(newest);
    if (!image)
        return std::move(image).error();
    transfer_ = Transfer{newest, *image, 0};
    return send(wire::Begin{newest->sequence, static_cast<std::uint32_t>((*image)->size()),
                            wire::crc32c(**image)});
}

Result<void> Peer::send_part() {
    const std::string& image = *transfer_->image;
    if (transfer_->at < image.size()) {
        wire::Part part{image.substr(transfer_->at, wire::kPartBytes)};
        transfer_->at += part.bytes.size();
        return send(part);
    }
    has_ = transfer_->snapshot;
    has_sequence_ = has_->sequence;
    transfer_.reset();
    return send(wire::End{});
}

Result<void> Peer::check_time(Steady::time_point steady) const {
    if (!proven_ && steady - opened_ > kGreetingTime)
        return Error{Errc::timeout, "no greeting within 10 s"};
    if (steady - heard_ > kSilence)
        return Error{Errc::timeout, "no message for 60 s"};
    if (!pending().empty() && steady - sent_ > kStall)
        return Error{Errc::timeout, "no data accepted for 30 s"};
    return {};
}

} // namespace sluice::plugin_server
