// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a STOMP stream that comes in pieces (the first byte is their size): frames or a
// refusal, the same whatever the pieces are; what was read is written and read again alike. The
// session takes them before and after its login.
#include "waldur/stomp/frame.hpp"
#include "waldur/stomp/session.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace sluice;
using namespace sluice::stomp;

namespace {

constexpr FrameBounds kBounds{4096, 16, 64, 4096};

void must(bool condition) {
    if (!condition)
        std::abort();
}

struct Outcome {
    std::vector<Frame> frames;
    std::string fault;
};

Outcome read(std::string_view bytes, std::size_t piece) {
    FrameReader reader(kBounds);
    Outcome outcome;
    for (std::size_t at = 0; at < bytes.size() && outcome.fault.empty(); at += piece) {
        reader.add(bytes.substr(at, piece));
        auto frame = reader.next();
        for (; frame && *frame; frame = reader.next())
            outcome.frames.push_back(std::move(**frame));
        if (!frame)
            outcome.fault = frame.error().context;
    }
    return outcome;
}

bool same(const Frame& a, const Frame& b) {
    return a.command == b.command && a.body == b.body && a.too_large == b.too_large;
}

void check_round(const Frame& frame) {
    const auto again = encode(frame);
    if (!again || frame.too_large) // a header that CONNECT cannot carry; a body that is gone
        return;
    FrameReader reader;
    reader.add(*again);
    const auto read = reader.next();
    must(read && *read && (*read)->command == frame.command);
    for (const auto& header : frame.headers)
        must((*read)->header(header.first) == frame.header(header.first));
}

// What is handed on can be settled.
void converse(std::string_view bytes, bool logged_in) {
    using std::string_view_literals::operator""sv;
    constexpr auto kConnected = "CONNECTED\nversion:1.2\nheart-beat:9,9\n\n\0"sv;
    Session session;
    ports::InboxAccess access;
    access.queues = {{"queue", ""}};
    must(session.begin(access, {}).has_value());
    std::string out;
    if (logged_in)
        must(session.take(kConnected, {}, out).has_value() && !out.empty());
    const auto messages = session.take(bytes, {}, out);
    (void)session.tick(session.due());
    if (messages)
        for (const auto& message : *messages)
            must(session.settle(message.ack, ports::Ack::bad).has_value());
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = read(bytes, std::max<std::size_t>(bytes.size(), 1));
    const auto pieces = read(bytes, std::max<std::size_t>(data[0], 1));
    must(whole.frames.size() == pieces.frames.size() &&
         whole.fault.empty() == pieces.fault.empty());
    must(std::equal(whole.frames.begin(), whole.frames.end(), pieces.frames.begin(), same));
    for (const auto& frame : whole.frames)
        check_round(frame);
    converse(bytes, false);
    converse(bytes, true);
    return 0;
}
