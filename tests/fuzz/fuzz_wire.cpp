// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as file, frame, payload or message: decoded or refused; what was decoded encodes to the
// same bytes again (greetings may have a tail of a newer version). The first byte chooses.
#include "common/wire/bytes.hpp"
#include "common/wire/channel.hpp"
#include "common/wire/file.hpp"

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

void try_message(std::uint8_t kind, std::string_view body) {
    const auto message = decode(kind, body);
    if (!message)
        return;
    const auto again = encode(*message);
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

void try_file(std::string_view bytes) {
    if (const auto snapshot = decode_file(bytes))
        must(*encode_file(*snapshot) == bytes);
}

void try_session(Direction direction, std::string_view payload) {
    Nonce nonce{};
    nonce.fill(0x11);
    Session session(direction, nonce);
    if (session.open(payload))
        must(!session.open(payload).has_value()); // once
}

// What comes after a challenge that the payload claims to answer.
void try_answer(std::string_view payload) {
    Nonce nonce{};
    nonce.fill(0xd2);
    Session session(Direction::to_plugin, nonce);
    must(session.seal(Challenge{}).has_value());
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
        if (const auto snapshot = decode_image(bytes))
            must(*encode_image(*snapshot) == bytes);
        break;
    case 'D':
        try_delta(bytes);
        break;
    case 'L':
        try_frames(bytes);
        break;
    case 'P':
        try_session(Direction::to_plugin, bytes);
        try_answer(bytes);
        break;
    case 'Q':
        try_session(Direction::to_daemon, bytes);
        break;
    default:
        try_message(data[0], bytes);
    }
    return 0;
}
