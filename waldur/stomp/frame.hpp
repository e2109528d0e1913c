// SPDX-License-Identifier: GPL-2.0-or-later
// STOMP 1.2 frames as bytes and back. Pure: no socket, no clock. What comes from the other side is
// bounded before it is kept.
#pragma once

#include "common/base/result.hpp"

#include <cstddef>
#include <optional>
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

// Between frames; sent so that the other side knows that we live.
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
    // nullopt: more bytes are needed. malformed, overflow: the stream cannot be followed any
    // further; every later call says so again.
    Result<std::optional<Frame>> next();

private:
    Result<std::optional<Frame>> read();
    Result<bool> read_head();
    Result<bool> read_body();
    Result<bool> skip_body();

    FrameBounds bounds_;
    std::string buffer_;
    std::size_t searched_ = 0;   // bytes of the buffer in which the end was looked for in vain
    std::optional<Frame> frame_; // head read, body not yet
    std::optional<std::size_t> length_; // of the body, or of what is left to skip
    std::optional<Error> fault_;
};

// What the other side sent is no STOMP.
Error malformed(std::string what);

} // namespace sluice::stomp
