// SPDX-License-Identifier: GPL-2.0-or-later
// STOMP 1.2: frames as bytes and back, and the client's side of one connection (login,
// subscriptions, heart-beats, acks). Pure: bytes and instants come in, bytes and messages go out;
// no socket, no clock. What the broker sends is bounded before it is kept.
#pragma once

#include "common/base/result.hpp"
#include "waldur/stomp/inbox.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::stomp {

struct Frame {
    std::string command; // "MESSAGE"
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    bool too_large = false; // its body was skipped

    // The first of that name counts (STOMP 1.2, "Repeated Header Entries"); "" when absent.
    std::string_view header(std::string_view name) const;
};

// Between frames: shows the broker that the client is alive.
inline constexpr std::string_view kHeartBeat = "\n";

// With content-length, which is added. malformed: a command that is not upper-case letters, or a
// header of CONNECT, where STOMP has no escapes, with a line break or colon in its name.
Result<std::string> encode(const Frame& frame);

struct FrameBounds {
    std::size_t head = 32 * 1024;   // command and headers
    std::size_t headers = 64;       // how many
    std::size_t body = 1024 * 1024; // Waldur's messages are some kilobytes; a longer one is skipped
    std::size_t skipped = 1024UL * 1024 * 1024; // RabbitMQ itself takes up to 512 MiB
};

// Cuts a stream into frames. One thread.
class FrameReader {
public:
    explicit FrameReader(FrameBounds bounds = {}) : bounds_(bounds) {}

    void add(std::string_view bytes) {
        if (!fault_)
            buffer_ += bytes;
    }
    // nullopt: more bytes are needed. malformed, overflow: the rest of the stream cannot be read;
    // every later call returns the same error.
    Result<std::optional<Frame>> next();

private:
    Result<std::optional<Frame>> read();
    Result<bool> read_head();
    Result<bool> read_body();
    Result<bool> skip_body();

    FrameBounds bounds_;
    std::string buffer_;
    std::size_t searched_ = 0;          // bytes of the buffer that do not hold the end
    std::optional<Frame> frame_;        // head read, body not yet
    std::optional<std::size_t> length_; // of the body, or of what is left to skip
    std::optional<Error> fault_;
};

// The broker sent something other than STOMP.
Error malformed(std::string what);

struct SessionOptions {
    std::chrono::milliseconds heart_beat{10'000}; // offered for both ways
    std::chrono::milliseconds patience{20'000};   // from begin() to the last subscription
    std::size_t prefetch = 100;                   // unsettled messages at the same time
};

// The client's side of one connection. One thread. After an error the connection must be closed.
class Session {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct Message {
        std::string ack; // for settle()
        std::string kind;
        std::string body;
        std::string fault; // why there is no body; "": there is one
    };

    explicit Session(SessionOptions options = {}) : options_(options) {}

    // The first bytes to send; they hold the passcode. malformed: a line break in the login.
    Result<std::string> begin(const InboxAccess& access, Time now);
    // Appends to `out` what must be sent. refused: ERROR of the broker; malformed, overflow.
    Result<std::vector<Message>> take(std::string_view bytes, Time now, std::string& out);
    Result<std::string> settle(const std::string& ack, Ack outcome) const;
    Result<std::string> end() const;

    // All subscriptions are confirmed.
    bool ready() const { return connected_ && unconfirmed_.empty(); }
    // A heart-beat when it is due. timeout: the broker sends nothing.
    Result<std::string> tick(Time now);
    // When to call tick() next.
    Time due() const;
    // Something was sent: the next heart-beat is due later.
    void sent(Time now) { last_sent_ = now; }

private:
    Result<void> take(const Frame& frame, std::string& out, std::vector<Message>& messages);
    Result<void> connected(const Frame& frame, std::string& out);
    Result<Message> message(const Frame& frame) const;

    SessionOptions options_;
    FrameReader reader_;
    std::vector<InboxQueue> queues_;
    std::set<std::string> unconfirmed_; // receipts that are due
    bool connected_ = false;
    std::chrono::milliseconds send_every_{0};     // 0: the broker needs none
    std::chrono::milliseconds receive_within_{0}; // 0: the broker sends none
    Time began_{};
    Time last_sent_{};
    Time last_received_{};
};

} // namespace sluice::stomp
