// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/channel.hpp"

#include "common/wire/bytes.hpp"

#include <sys/random.h>

#include <algorithm>

namespace sluice::wire {
namespace {

constexpr std::size_t kLengthBytes = 4; // of a frame

// The greeting is read before a version is agreed: its frames always have version 1.
constexpr std::uint8_t kFirstVersion = 1;

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

Result<std::string> frame(std::string_view credential) {
    if (credential.empty() || credential.size() > kMaxFrame)
        return Error{Errc::overflow, "wire: frame too large"};
    Writer out;
    out.count(credential.size());
    out.raw(credential);
    return out.take();
}

Result<std::optional<std::string>> FrameReader::next(std::size_t most) {
    if (buffer_.size() < kLengthBytes)
        return std::optional<std::string>();
    const std::size_t length = Reader(buffer_).u32();
    if (length == 0 || length > most)
        return Error{Errc::malformed, "wire: invalid frame length"};
    if (buffer_.size() < kLengthBytes + length)
        return std::optional<std::string>();
    std::optional<std::string> out(buffer_.substr(kLengthBytes, length));
    buffer_.erase(0, kLengthBytes + length);
    return out;
}

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
    const std::size_t length = in.count();
    const std::string_view body = in.raw(length);
    if (!in.done() || purpose != kPurpose || reserved != 0)
        return Error{Errc::malformed, "wire: not a frame of this protocol"};
    if (version != (is_greeting(static_cast<Kind>(kind)) ? kFirstVersion : version_))
        return Error{Errc::malformed, "wire: frame of another version"};
    if (direction != static_cast<std::uint8_t>(receives()) || count != received_ ||
        !may_come(receives(), count, static_cast<Kind>(kind)))
        return Error{Errc::refused, "wire: unexpected frame"};
    auto message = decode(kind, body);
    if (!message)
        return message;
    if (auto same = check_nonces(plugin, daemon); !same)
        return std::move(same).error();
    ++received_;
    return message;
}

Result<std::string> Channel::seal(const Message& message, std::optional<uid_t> only) {
    auto payload = session_.seal(message);
    if (!payload)
        return payload;
    auto credential = sealer_->encode(*payload, only);
    if (!credential)
        return credential;
    return frame(*credential);
}

Result<Opened> Channel::open(std::string_view credential) {
    auto decoded = sealer_->decode(credential);
    if (!decoded)
        return std::move(decoded).error();
    auto message = session_.open(decoded->payload);
    if (!message)
        return std::move(message).error();
    return Opened{std::move(*message), decoded->uid};
}

} // namespace sluice::wire
