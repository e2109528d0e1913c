// SPDX-License-Identifier: GPL-2.0-or-later
// The client's side of RFC 6455: the opening request, the check of its answer, frames. Pure: no
// socket; keys and masks are handed in. Extensions are never asked for and refused when offered.
#pragma once

#include "common/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::stomp {

struct Opening {
    std::string host; // "waldur.example.org:443"
    std::string path; // "/rmqws-stomp"
    std::string key;  // base64 of 16 random bytes
};
// Asks for the subprotocol v12.stomp. malformed: a line break or blank in host or path.
Result<std::string> opening_request(const Opening& opening);

// Bytes of the answer's head, once all of it is in `text`; nullopt: more is needed. refused: the
// server does not switch protocols (its status line is in the text); malformed: a wrong answer.
Result<std::optional<std::size_t>> check_opening(std::string_view text, const Opening& opening);

enum class Opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

using Mask = std::array<unsigned char, 4>;

// One whole message in one frame, masked as a client must.
std::string encode(Opcode opcode, std::string_view payload, Mask mask);

struct WebSocketMessage {
    Opcode opcode = Opcode::text; // never continuation
    std::string payload;          // of all fragments
};

// "1000 going away" from the payload of a close.
std::string close_reason(std::string_view payload);

// Joins the frames of a stream. One thread. Text is not checked to be UTF-8: it only carries bytes
// of STOMP, whose reader and the JSON reader check what they take.
class MessageReader {
public:
    explicit MessageReader(std::size_t most_bytes = 2 * 1024 * 1024) : most_bytes_(most_bytes) {}

    void add(std::string_view bytes) {
        if (!fault_)
            buffer_ += bytes;
    }
    // nullopt: more bytes are needed. malformed, overflow: as long as it is asked.
    Result<std::optional<WebSocketMessage>> next();

private:
    struct Head {
        bool last = false;
        Opcode opcode = Opcode::text;
        std::uint64_t length = 0;
        std::size_t size = 0; // of the head itself
    };
    Result<std::optional<Head>> head() const;
    Result<std::optional<WebSocketMessage>> read();
    Result<bool> check(const Head& head) const;
    std::optional<WebSocketMessage> take(const Head& head);

    std::size_t most_bytes_;
    std::string buffer_;
    std::optional<WebSocketMessage> partial_;
    std::optional<Error> fault_;
};

} // namespace sluice::stomp
