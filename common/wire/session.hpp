// SPDX-License-Identifier: GPL-2.0-or-later
// The head of every payload: what the credential is for, which session, which way, which count.
// munged refuses a credential that it has decoded before, but only on that host: the nonces of both
// sides, the direction and the exact count also refuse a frame that is replayed to another host,
// reflected, reordered or of another session. Pure: bytes in, bytes out.
#pragma once

#include "common/base/result.hpp"
#include "common/wire/message.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::wire {

// How each payload begins. Nothing else that takes munge credentials or holds the key accepts a
// payload that begins so, and this protocol accepts no other.
inline constexpr std::string_view kPurpose = "sluice plugin-server v1\n";

enum class Direction : std::uint8_t { to_daemon = 1, to_plugin = 2 };

using Nonce = std::array<unsigned char, 16>;

// From getrandom(2). Errors: internal.
Result<Nonce> random_nonce();

class Session {
public:
    // `sends`: the direction of our own frames.
    Session(Direction sends, const Nonce& own) : sends_(sends) { nonce(sends) = own; }

    // Payload for one frame; counts it. Errors: overflow.
    Result<std::string> seal(const Message& message);
    // Errors: malformed (another purpose or version), refused (another session, direction or count;
    // a kind that may not come here). The first frame sets the other side's nonce. A refused frame
    // changes nothing.
    Result<Message> open(std::string_view payload);

    // The version of all frames after the greeting: the plugin says it in its hello.
    void agree(std::uint8_t version) { version_ = version; }
    std::uint8_t version() const { return version_; }

private:
    // Nonces are stored by whose frames they come with.
    Nonce& nonce(Direction whose) { return nonces_[whose == Direction::to_daemon ? 0 : 1]; }
    Direction receives() const;
    Result<void> check_nonces(const Nonce& plugin, const Nonce& daemon);

    Direction sends_;
    std::array<Nonce, 2> nonces_{}; // plugin's, daemon's
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    std::uint8_t version_ = kVersion;
};

} // namespace sluice::wire
