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

// A control frame, or so much of a message as has come: where messages end is of no interest, since
// they carry a stream.
struct SocketPiece {
    Opcode opcode = Opcode::text; // text (for binary, too), close, ping, pong
    std::string payload;
};

// "1000 going away" from the payload of a close.
std::string close_reason(std::string_view payload);

// Cuts the frames of a stream. One thread. Keeps no more than a head or a control frame. Text is
// not checked to be UTF-8: it only carries bytes of STOMP, whose reader and the JSON reader check
// what they take.
class SocketReader {
public:
    void add(std::string_view bytes) {
        if (!fault_)
            buffer_ += bytes;
    }
    // nullopt: more bytes are needed. malformed: as long as it is asked.
    Result<std::optional<SocketPiece>> next();

private:
    struct Head {
        bool last = false;
        Opcode opcode = Opcode::text;
        std::uint64_t length = 0;
        std::size_t size = 0; // of the head itself
    };
    Result<std::optional<Head>> head() const;
    Result<std::optional<SocketPiece>> read();
    Result<void> check(const Head& head) const;
    SocketPiece take(std::size_t length, Opcode opcode);

    std::string buffer_;
    std::uint64_t left_ = 0; // of a data frame
    bool inside_ = false;    // more fragments of its message come
    std::optional<Error> fault_;
};

// What the other side sent is no WebSocket.
Error bad_websocket(std::string what);

} // namespace sluice::stomp
