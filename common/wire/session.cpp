// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/session.hpp"

#include "common/wire/bytes.hpp"

#include <sys/random.h>

#include <algorithm>

namespace sluice::wire {
namespace {

constexpr std::string_view kMagic = "SLCE";
// Hello and welcome are read before a version is agreed: their frames stay version 1 for ever.
constexpr std::uint8_t kFirstVersion = 1;

bool is_greeting(Kind kind) {
    return kind == Kind::hello || kind == Kind::welcome;
}

bool may_send(Direction direction, Kind kind) {
    const bool plugins = kind == Kind::hello || kind == Kind::status;
    return plugins == (direction == Direction::to_daemon);
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
    auto body = encode(message, version_);
    if (!body)
        return body;
    const Kind kind = kind_of(message);
    Writer out;
    out.raw(kMagic);
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

// The other side's first frame brings its nonce; ours must come back unchanged. A hello cannot know
// the daemon's nonce yet and carries zeros.
Result<void> Session::check_nonces(const Nonce& plugin, const Nonce& daemon) {
    const bool first = received_ == 0;
    const Direction from = receives();
    if (first)
        nonce(from) = from == Direction::to_daemon ? plugin : daemon;
    const Nonce expected_daemon = first && from == Direction::to_daemon ? Nonce{} : nonces_[1];
    if (plugin != nonces_[0] || daemon != expected_daemon || nonce(from) == Nonce{})
        return Error{Errc::refused, "wire: frame of another session"};
    return {};
}

Result<Message> Session::open(std::string_view payload) {
    Reader in(payload);
    const std::string_view magic = in.raw(kMagic.size());
    const std::uint8_t version = in.u8();
    const std::uint8_t kind = in.u8();
    const std::uint8_t direction = in.u8();
    const std::uint8_t reserved = in.u8();
    const Nonce plugin = get_nonce(in);
    const Nonce daemon = get_nonce(in);
    const std::uint64_t count = in.u64();
    const std::size_t length = in.count(1);
    const std::string_view body = in.raw(length);
    if (!in.done() || magic != kMagic || reserved != 0)
        return Error{Errc::malformed, "wire: not a frame of this protocol"};
    if (version != (is_greeting(static_cast<Kind>(kind)) ? kFirstVersion : version_))
        return Error{Errc::malformed, "wire: frame of another version"};
    if (direction != static_cast<std::uint8_t>(receives()) || count != received_ ||
        !may_send(receives(), static_cast<Kind>(kind)) ||
        is_greeting(static_cast<Kind>(kind)) != (received_ == 0))
        return Error{Errc::refused, "wire: frame out of turn"};
    auto message = decode(kind, body, version_);
    if (!message)
        return message;
    if (auto same = check_nonces(plugin, daemon); !same)
        return std::move(same).error();
    ++received_;
    return message;
}

} // namespace sluice::wire
