// SPDX-License-Identifier: GPL-2.0-or-later
// The messages between plugin and daemon, as values and as bytes (docs/wire-format.md). Pure: no
// socket, no munge, no clock. Any input is safe: it is decoded or refused.
#pragma once

#include "common/base/result.hpp"
#include "common/wire/image.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace sluice::wire {

// Bytes of an image in one frame: header, base64 and munge's own head still fit into its limit.
constexpr std::size_t kPartBytes = std::size_t{192} * 1024;

// Daemon, first frame, before the plugin sends any. Its layout grows at the end only.
struct Challenge {
    std::uint8_t speaks = kVersion; // newest version of the daemon

    friend bool operator==(const Challenge&, const Challenge&) = default;
};

// Plugin, first frame, in answer to the challenge. Its layout grows at the end only.
struct Hello {
    std::uint8_t version = kVersion; // of all frames after the greeting: one that both sides speak
    std::string cluster;
    std::string host;
    std::string slurm_version;
    std::string plugin_version;
    std::uint64_t sequence = 0; // snapshot it has (from its file); 0: none

    friend bool operator==(const Hello&, const Hello&) = default;
};

// Daemon, in answer to the hello. Its layout grows at the end only.
struct Welcome {
    bool leader = true; // false: a standby, which sends no snapshots
    std::string daemon_version;

    friend bool operator==(const Welcome&, const Welcome&) = default;
};

// Announces an image that follows in parts.
struct Begin {
    std::uint64_t sequence = 0;
    std::uint32_t bytes = 0; // <= kMaxImage
    std::uint32_t crc = 0;   // CRC-32C of the image

    friend bool operator==(const Begin&, const Begin&) = default;
};

struct Part {
    std::string bytes; // <= kPartBytes, not empty

    friend bool operator==(const Part&, const Part&) = default;
};

struct End {
    friend bool operator==(const End&, const End&) = default;
};

struct Heartbeat {
    Instant now{};              // the daemon's clock
    std::uint64_t sequence = 0; // newest snapshot; 0: none made yet

    friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

// Plugin, after each heartbeat and each snapshot. Counts since the plugin was loaded.
struct Status {
    std::uint64_t sequence = 0; // snapshot in use; 0: none
    std::uint64_t stored = 0;   // newest snapshot that is safely in the file; 0: none
    std::uint64_t admitted = 0;
    std::uint64_t warned = 0;
    std::uint64_t refused = 0;
    std::uint64_t faults = 0;
    std::uint64_t oversized = 0; // job descriptions with strings too long to be checked

    friend bool operator==(const Status&, const Status&) = default;
};

enum class Kind : std::uint8_t {
    challenge = 1,
    hello = 2,
    welcome = 3,
    begin = 4,
    part = 5,
    end = 6,
    delta = 7,
    heartbeat = 8,
    status = 9,
};

using Message = std::variant<Challenge, Hello, Welcome, Begin, Part, End, Delta, Heartbeat, Status>;

Kind kind_of(const Message& message);
std::string_view name(Kind kind);
// Comes before a version is agreed.
bool is_greeting(Kind kind);

// Errors: overflow.
Result<std::string> encode(const Message& message);
// Errors: malformed (unknown kind, missing or left-over bytes, a value out of range).
Result<Message> decode(std::uint8_t kind, std::string_view body);

// Joins the parts of one image. Accepts no more bytes than `begin` announced, and allocates only
// for bytes that have arrived.
class Assembly {
public:
    explicit Assembly(const Begin& begin) : begin_(begin) {}

    // Errors: malformed (more bytes than announced).
    Result<void> add(const Part& part);
    // Errors: malformed (bytes missing, wrong checksum, no snapshot, another sequence).
    Result<model::Snapshot> finish() const;

private:
    Begin begin_;
    std::string bytes_;
};

} // namespace sluice::wire
