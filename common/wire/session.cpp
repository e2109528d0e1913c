// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/session.hpp"

#include "common/wire/bytes.hpp"

#include <sys/random.h>

#include <algorithm>

namespace sluice::wire {
namespace {

// The greeting is read before a version is agreed: its frames stay version 1 for ever.
constexpr std::uint8_t kFirstVersion = 1;

bool is_greeting(Kind kind) {
    return kind == Kind::challenge || kind == Kind::hello || kind == Kind::welcome;
}

// `count`: of the frames of this direction before this one.
bool may_come(Direction direction, std::uint64_t count, Kind kind) {
    if (direction == Direction::to_daemon)
        return kind == (count == 0 ? Kind::hello : Kind::status);
    if (count < 2)
        return kind == (count == 0 ? Kind::challenge : Kind::welcome);
    return !is_greeting(kind) && kind != Kind::status;
}

std::string_view view(const Nonce& nonce) {
    return {reinterpret_cast<const char*>(nonce.data()), nonce.size()};
}

Nonce get_nonce(Reader& in) {
    Nonce nonce{};
    const std::string_view bytes = in.raw(nonce.size());
    std::copy(bytes.begin(), bytes.end(), nonce.begin());
    return nonce;
}

} // namespace

Result<Nonce> random_nonce() {
    Nonce nonce{};
    if (::getrandom(nonce.data(), nonce.size(), 0) != static_cast<ssize_t>(nonce.size()))
        return Error{Errc::internal, "getrandom"};
    return nonce;
}

Direction Session::receives() const {
    return sends_ == Direction::to_daemon ? Direction::to_plugin : Direction::to_daemon;
}

Result<std::string> Session::seal(const Message& message) {
    auto body = encode(message);
    if (!body)
        return body;
    const Kind kind = kind_of(message);
    Writer out;
    out.raw(kPurpose);
    out.u8(is_greeting(kind) ? kFirstVersion : version_);
    out.u8(static_cast<std::uint8_t>(kind));
    out.u8(static_cast<std::uint8_t>(sends_));
    out.u8(0);
    out.raw(view(nonces_[0]));
    out.raw(view(nonces_[1]));
    out.u64(sent_);
    out.count(body->size());
    out.raw(*body);
    ++sent_;
    return out.take();
}

// The other side's first frame brings its nonce; ours must come back unchanged. A challenge cannot
// know the plugin's nonce yet and carries zeros.
Result<void> Session::check_nonces(const Nonce& plugin, const Nonce& daemon) {
    std::array<Nonce, 2> expected = nonces_;
    if (received_ == 0 && receives() == Direction::to_daemon)
        expected[0] = plugin;
    if (received_ == 0 && receives() == Direction::to_plugin)
        expected = {Nonce{}, daemon};
    const Nonce& theirs = receives() == Direction::to_daemon ? plugin : daemon;
    if (plugin != expected[0] || daemon != expected[1] || theirs == Nonce{})
        return Error{Errc::refused, "wire: frame of another session"};
    nonce(receives()) = theirs;
    return {};
}

Result<Message> Session::open(std::string_view payload) {
    Reader in(payload);
    const std::string_view purpose = in.raw(kPurpose.size());
    const std::uint8_t version = in.u8();
    const std::uint8_t kind = in.u8();
    const std::uint8_t direction = in.u8();
    const std::uint8_t reserved = in.u8();
    const Nonce plugin = get_nonce(in);
    const Nonce daemon = get_nonce(in);
    const std::uint64_t count = in.u64();
    const std::size_t length = in.count(1);
    const std::string_view body = in.raw(length);
    if (!in.done() || purpose != kPurpose || reserved != 0)
        return Error{Errc::malformed, "wire: not a frame of this protocol"};
    if (version != (is_greeting(static_cast<Kind>(kind)) ? kFirstVersion : version_))
        return Error{Errc::malformed, "wire: frame of another version"};
    if (direction != static_cast<std::uint8_t>(receives()) || count != received_ ||
        !may_come(receives(), count, static_cast<Kind>(kind)))
        return Error{Errc::refused, "wire: frame out of turn"};
    auto message = decode(kind, body);
    if (!message)
        return message;
    if (auto same = check_nonces(plugin, daemon); !same)
        return std::move(same).error();
    ++received_;
    return message;
}

} // namespace sluice::wire
