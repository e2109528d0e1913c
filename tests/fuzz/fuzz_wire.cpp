// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as file, frame, payload or message: decoded or refused; what was decoded encodes to the
// same bytes again (greetings may have a tail of a newer version). The first byte chooses.
#include "common/wire/bytes.hpp"
#include "common/wire/file.hpp"
#include "common/wire/frame.hpp"
#include "common/wire/session.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace sluice;
using namespace sluice::wire;

namespace {

void must(bool condition) {
    if (!condition)
        std::abort();
}

void try_message(std::uint8_t kind, std::string_view body, std::uint8_t version) {
    const auto message = decode(kind, body, version);
    if (!message)
        return;
    const auto again = encode(*message, version);
    must(again.has_value() && body.starts_with(*again));
}

void try_frames(std::string_view bytes) {
    FrameReader reader;
    reader.add(bytes);
    while (true) {
        const auto next = reader.next(kMaxFrame);
        if (!next || !*next)
            return;
        must(!(*next)->empty());
    }
}

void try_delta(std::string_view bytes) {
    const auto delta = decode_delta(bytes);
    model::Snapshot snapshot;
    if (!delta)
        return;
    snapshot.sequence = delta->base;
    if (apply(*delta, snapshot))
        must(encode_image(snapshot).has_value());
}

// Files of older versions are read, only the newest is written.
void try_file(std::string_view bytes) {
    const auto snapshot = decode_file(bytes);
    if (!snapshot)
        return;
    const auto written = encode_file(*snapshot);
    must(written.has_value());
    const auto again = decode_file(*written);
    must(again.has_value() && again->same_content(*snapshot));
    must(*encode_file(*again) == *written);
}

void try_session(Direction direction, std::string_view payload) {
    Nonce nonce{};
    nonce.fill(0x11);
    Session session(direction, nonce);
    if (session.open(payload))
        must(!session.open(payload).has_value()); // once
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0]) {
    case 'F':
        try_file(bytes);
        break;
    case 'I':
        for (std::uint8_t version = 1; version <= kVersion; ++version)
            if (const auto snapshot = decode_image(bytes, version))
                must(*encode_image(*snapshot, version) == bytes);
        break;
    case 'D':
        try_delta(bytes);
        break;
    case 'L':
        try_frames(bytes);
        break;
    case 'P':
        try_session(Direction::to_plugin, bytes);
        break;
    case 'Q':
        try_session(Direction::to_daemon, bytes);
        break;
    default:
        for (std::uint8_t version = 1; version <= kVersion; ++version)
            try_message(data[0], bytes, version);
    }
    return 0;
}
