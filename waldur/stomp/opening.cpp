// SPDX-License-Identifier: GPL-2.0-or-later
// The opening handshake of a WebSocket (RFC 6455 section 4), client's side.
#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/hash/hash.hpp"
#include "waldur/stomp/websocket.hpp"

#include <algorithm>

namespace sluice::stomp {
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
        return bad_websocket("\"" + shown(opening.host + opening.path) + "\" is no address");
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
        return bad_websocket("the answer is not to our key");
    if (!header(head, "Sec-WebSocket-Extensions").empty())
        return bad_websocket("an extension that was not requested");
    if (header(head, "Sec-WebSocket-Protocol") != kProtocol)
        return bad_websocket("the server does not speak STOMP 1.2");
    return std::optional(end + 4);
}

} // namespace sluice::stomp
