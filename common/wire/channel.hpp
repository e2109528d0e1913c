// SPDX-License-Identifier: GPL-2.0-or-later
// From a message to the bytes of the stream and back: Session makes the payload, a Sealer the
// credential, frame() and FrameReader put its length before it (docs/wire-format.md, "Layers").
#pragma once

#include "common/base/result.hpp"
#include "common/cred/sealer.hpp"
#include "common/wire/message.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::wire {

// A payload of 256 KiB as a credential: base64 of the payload, head and MAC.
constexpr std::size_t kMaxFrame = std::size_t{360} * 1024;
// Until the other side is known, longer frames are refused.
constexpr std::size_t kMaxGreeting = std::size_t{16} * 1024;

// u32 length, then the text. Errors: overflow.
Result<std::string> frame(std::string_view credential);

// Collects bytes as they arrive.
class FrameReader {
public:
    void add(std::string_view bytes) { buffer_ += bytes; }
    // The next whole frame; nullopt: more bytes are needed. Errors: malformed (length 0 or above
    // `most`); the stream cannot be used any further.
    Result<std::optional<std::string>> next(std::size_t most);

private:
    std::string buffer_;
};

// The begin of each payload. This protocol accepts no other, and no other user of munge credentials
// or of the key accepts this one.
inline constexpr std::string_view kPurpose = "sluice plugin-server v1\n";

enum class Direction : std::uint8_t { to_daemon = 1, to_plugin = 2 };

using Nonce = std::array<unsigned char, 16>;

// From getrandom(2). Errors: internal.
Result<Nonce> random_nonce();

// The head of every payload: what the credential is for, which session, which way, which count.
// munged refuses a credential that it has decoded before, but only on that host: the nonces of both
// sides, the direction and the exact count also refuse a frame that is replayed to another host,
// reflected, reordered or of another session. Pure: bytes in, bytes out.
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

    // The version of all frames after the greeting, which the plugin sends in its hello.
    void agree(std::uint8_t version) { version_ = version; }

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

struct Opened {
    Message message;
    uid_t uid = 0; // of the sender
};

// May ask munged, so each call may block: for threads that may wait, never for slurmctld's. Not
// thread-safe. `sealer` outlives it.
class Channel {
public:
    Channel(cred::Sealer& sealer, const Session& session) : sealer_(&sealer), session_(session) {}

    // Bytes for the stream, readable by uid `only`.
    Result<std::string> seal(const Message& message, std::optional<uid_t> only);
    // `credential`: one frame without its length.
    Result<Opened> open(std::string_view credential);

    void agree(std::uint8_t version) { session_.agree(version); }

private:
    cred::Sealer* sealer_;
    Session session_;
};

} // namespace sluice::wire
