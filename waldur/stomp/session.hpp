// SPDX-License-Identifier: GPL-2.0-or-later
// The client's side of one STOMP 1.2 connection: login, subscriptions, heart-beats, acks. Pure:
// bytes and instants come in, bytes and messages go out; no socket.
#pragma once

#include "daemon/ports/inbox.hpp"
#include "waldur/stomp/frame.hpp"

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::stomp {

struct SessionOptions {
    std::chrono::milliseconds heart_beat{10'000}; // offered for both ways
    std::chrono::milliseconds patience{20'000};   // from begin() to the last subscription
    std::size_t prefetch = 100;                   // messages that we hold unsettled
};

// One thread. After an error the connection is to be closed.
class Session {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct Message {
        std::string ack; // what settle() wants
        std::string kind;
        std::string body;
        std::string fault; // set: why there is no body
    };

    explicit Session(SessionOptions options = {}) : options_(options) {}

    // What to send first; it holds the passcode. malformed: a line break in the login.
    Result<std::string> begin(const ports::InboxAccess& access, Time now);
    // `out` grows by what has to be sent. refused: the broker says ERROR; malformed, overflow.
    Result<std::vector<Message>> take(std::string_view bytes, Time now, std::string& out);
    Result<std::string> settle(const std::string& ack, ports::Ack verdict) const;
    Result<std::string> end() const;

    // All subscriptions are confirmed.
    bool ready() const { return connected_ && unconfirmed_.empty(); }
    // A heart-beat when it is time. timeout: the other side is silent.
    Result<std::string> tick(Time now);
    // When to call tick() next.
    Time due() const;
    // Something was sent: the next heart-beat can wait.
    void sent(Time now) { last_sent_ = now; }

private:
    Result<void> take(const Frame& frame, std::string& out, std::vector<Message>& messages);
    Result<void> connected(const Frame& frame, std::string& out);
    Result<Message> message(const Frame& frame) const;

    SessionOptions options_;
    FrameReader reader_;
    std::vector<ports::InboxQueue> queues_;
    std::set<std::string> unconfirmed_; // receipts that are due
    bool connected_ = false;
    std::chrono::milliseconds send_every_{0};     // 0: the broker wants none
    std::chrono::milliseconds receive_within_{0}; // 0: the broker sends none
    Time began_{};
    Time last_sent_{};
    Time last_received_{};
};

} // namespace sluice::stomp
