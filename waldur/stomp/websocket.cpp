// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/stomp/websocket.hpp"

#include <algorithm>

namespace sluice::stomp {
namespace {

constexpr std::size_t kMaxControl = 125; // RFC 6455 section 5.5

bool is_control(Opcode opcode) {
    return static_cast<unsigned>(opcode) >= 8;
}

bool is_known(unsigned opcode) {
    return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char c : bytes)
        value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

void append_length(std::string& out, std::size_t length) {
    constexpr unsigned kMasked = 0x80;
    const int bytes = length <= kMaxControl ? 0 : length <= 0xFFFF ? 2 : 8;
    out += static_cast<char>(kMasked | (bytes == 0 ? length : bytes == 2 ? 126U : 127U));
    for (int i = bytes - 1; i >= 0; --i)
        out += static_cast<char>(static_cast<std::uint64_t>(length) >> (8 * i) & 0xFF);
}

} // namespace

std::string encode(Opcode opcode, std::string_view payload, Mask mask) {
    std::string out;
    out.reserve(payload.size() + 14);
    out += static_cast<char>(0x80U | static_cast<unsigned>(opcode));
    append_length(out, payload.size());
    for (const auto byte : mask)
        out += static_cast<char>(byte);
    for (std::size_t i = 0; i < payload.size(); ++i)
        out += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % mask.size()]);
    return out;
}

std::string close_reason(std::string_view payload) {
    if (payload.size() < 2)
        return "no reason given";
    const auto text = payload.substr(2);
    return std::to_string(big_endian(payload.substr(0, 2))) +
           (text.empty() ? "" : ' ' + std::string(text));
}

Result<std::optional<SocketPiece>> SocketReader::next() {
    if (fault_)
        return *fault_;
    auto read = this->read();
    if (!read) {
        fault_ = read.error();
        buffer_.clear();
    }
    return read;
}

Result<std::optional<SocketPiece>> SocketReader::read() {
    const std::optional<SocketPiece> none;
    for (;;) {
        if (left_ > 0) {
            const auto length = std::min<std::uint64_t>(left_, buffer_.size());
            left_ -= length;
            if (length == 0)
                return none;
            return std::optional(take(static_cast<std::size_t>(length), Opcode::text));
        }
        const auto found = head();
        if (!found)
            return found.error();
        if (!*found)
            return none;
        const Head& head = **found;
        if (const auto checked = check(head); !checked)
            return checked.error();
        if (is_control(head.opcode) && buffer_.size() - head.size < head.length)
            return none;
        buffer_.erase(0, head.size);
        if (is_control(head.opcode))
            return std::optional(take(static_cast<std::size_t>(head.length), head.opcode));
        left_ = head.length;
        inside_ = !head.last;
    }
}

Result<std::optional<SocketReader::Head>> SocketReader::head() const {
    if (buffer_.size() < 2)
        return std::optional<Head>{};
    const auto first = static_cast<unsigned char>(buffer_[0]);
    const auto second = static_cast<unsigned char>(buffer_[1]);
    if ((first & 0x70U) != 0)
        return bad_websocket("an extension that was not requested");
    if (!is_known(first & 0x0FU))
        return bad_websocket("an unknown kind of frame");
    if ((second & 0x80U) != 0)
        return bad_websocket("a masked frame from a server");
    Head head{(first & 0x80U) != 0, Opcode{static_cast<std::uint8_t>(first & 0x0FU)},
              second & 0x7FU, 2};
    const std::size_t more = head.length == 126 ? 2 : head.length == 127 ? 8 : 0;
    if (buffer_.size() < 2 + more)
        return std::optional<Head>{};
    if (more != 0) {
        head.length = big_endian(std::string_view(buffer_).substr(2, more));
        head.size += more;
        if (head.length <= (more == 2 ? kMaxControl : 0xFFFF))
            return bad_websocket("a length written longer than need be");
    }
    return std::optional(head);
}

Result<void> SocketReader::check(const Head& head) const {
    if (is_control(head.opcode)) {
        if (!head.last || head.length > kMaxControl)
            return bad_websocket("a control frame that is fragmented or too long");
        if (head.opcode == Opcode::close && head.length == 1)
            return bad_websocket("half a close code");
    } else if ((head.opcode == Opcode::continuation) != inside_) {
        return bad_websocket(inside_ ? "a message inside another" : "a continuation of nothing");
    }
    return {};
}

// REQUIRES: so much is in the buffer.
SocketPiece SocketReader::take(std::size_t length, Opcode opcode) {
    SocketPiece piece{opcode, buffer_.substr(0, length)};
    buffer_.erase(0, length);
    return piece;
}

} // namespace sluice::stomp
