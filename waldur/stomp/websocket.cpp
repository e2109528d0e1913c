// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/stomp/websocket.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/hash/hash.hpp"

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
            return bad_websocket("a length in a longer form than needed");
    }
    return std::optional(head);
}

Result<void> SocketReader::check(const Head& head) const {
    if (is_control(head.opcode)) {
        if (!head.last || head.length > kMaxControl)
            return bad_websocket("a control frame that is fragmented or too long");
        if (head.opcode == Opcode::close && head.length == 1)
            return bad_websocket("an incomplete close code");
    } else if ((head.opcode == Opcode::continuation) != inside_) {
        return bad_websocket(inside_ ? "a message inside another"
                                     : "a continuation without a message");
    }
    return {};
}

// REQUIRES: so much is in the buffer.
SocketPiece SocketReader::take(std::size_t length, Opcode opcode) {
    SocketPiece piece{opcode, buffer_.substr(0, length)};
    buffer_.erase(0, length);
    return piece;
}

// The opening handshake of a WebSocket (RFC 6455 section 4), client's side.

namespace {

constexpr std::size_t kMaxHead = 16 * 1024;
constexpr std::size_t kMaxShown = 120;
constexpr std::string_view kProtocol = "v12.stomp";

bool is_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F;
    });
}

std::string shown(std::string_view text) {
    return printable(trim(text.substr(0, kMaxShown)));
}

// Values of all headers of that name, comma-separated.
std::string header(std::string_view head, std::string_view name) {
    std::string out;
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
        const auto begin = at + 2;
        at = head.find("\r\n", begin);
        const auto line = head.substr(begin, at == std::string_view::npos ? at : at - begin);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !equals_ignoring_case(line.substr(0, colon), name))
            continue;
        if (!out.empty())
            out += ',';
        out += trim(line.substr(colon + 1));
    }
    return out;
}

bool lists(std::string_view head, std::string_view name, std::string_view word) {
    const auto words = split(header(head, name), ',');
    return std::any_of(words.begin(), words.end(),
                       [&](const auto& one) { return equals_ignoring_case(one, word); });
}

Result<std::string> accept_key(const std::string& key) {
    const auto digest = hash::sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    if (!digest)
        return digest.error();
    return hash::base64(*digest);
}

} // namespace

Error bad_websocket(std::string what) {
    return {Errc::malformed, "WebSocket: " + std::move(what)};
}

Result<std::string> opening_request(const Opening& opening) {
    if (!is_word(opening.host) || !is_word(opening.path) || opening.path.front() != '/')
        return bad_websocket("\"" + shown(opening.host + opening.path) + "\" is not an address");
    return "GET " + opening.path + " HTTP/1.1\r\nHost: " + opening.host +
           "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + opening.key +
           "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: " + std::string(kProtocol) +
           "\r\n\r\n";
}

Result<std::optional<std::size_t>> check_opening(std::string_view text, const Opening& opening) {
    const auto end = text.find("\r\n\r\n");
    if (std::min(end, text.size()) > kMaxHead)
        return Error{Errc::overflow, "WebSocket: the answer's head is too large"};
    if (end == std::string_view::npos)
        return std::optional<std::size_t>{};
    const auto head = text.substr(0, end);
    const auto status = head.substr(0, head.find("\r\n"));
    if (!status.starts_with("HTTP/1.1 101"))
        return Error{Errc::refused, "WebSocket: the server answered " + shown(status)};
    if (!lists(head, "Upgrade", "websocket") || !lists(head, "Connection", "upgrade"))
        return bad_websocket("the answer does not upgrade the connection");
    const auto accept = accept_key(opening.key);
    if (!accept)
        return accept.error();
    if (header(head, "Sec-WebSocket-Accept") != *accept)
        return bad_websocket("the answer does not match the key");
    if (!header(head, "Sec-WebSocket-Extensions").empty())
        return bad_websocket("an extension that was not requested");
    if (header(head, "Sec-WebSocket-Protocol") != kProtocol)
        return bad_websocket("the server does not speak STOMP 1.2");
    return std::optional(end + 4);
}

} // namespace sluice::stomp
