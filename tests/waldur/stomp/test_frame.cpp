// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/case.hpp"
#include "waldur/stomp/frame.hpp"

#include <vector>

using namespace sluice;
using namespace sluice::stomp;

namespace {

using std::string_literals::operator""s;

// The one frame that `bytes` are.
Frame only(const std::string& bytes) {
    FrameReader reader;
    reader.add(bytes);
    auto frame = reader.next();
    CHECK(frame && *frame);
    const auto more = reader.next();
    CHECK(more && !*more);
    return std::move(**frame);
}

std::string refusal(const std::string& bytes, FrameBounds bounds = {}) {
    FrameReader reader(bounds);
    reader.add(bytes);
    const auto frame = reader.next();
    CHECK(!frame);
    CHECK(!reader.next()); // and stays refused
    return frame.error().context;
}

} // namespace

CASE(a_frame_is_read_as_it_was_written) {
    const Frame sent{
        "SEND", {{"destination", "/queue/a:b\\c\nd\re"}, {"x", ""}}, "body\0with nul"s};
    const auto bytes = encode(sent);
    CHECK(bytes);
    const auto read = only(*bytes);
    CHECK_EQ(read.command, "SEND");
    CHECK_EQ(read.header("destination"), "/queue/a:b\\c\nd\re");
    CHECK_EQ(read.header("x"), "");
    CHECK_EQ(read.header("absent"), "");
    CHECK_EQ(read.body, sent.body);
}

CASE(a_frame_may_come_byte_by_byte_after_heart_beats) {
    const auto bytes = "\n\r\n\nMESSAGE\r\nid:1\\c2\r\ncontent-length:3\r\n\r\na\0b\0\n"s;
    FrameReader reader;
    std::size_t frames = 0;
    for (const char c : bytes) {
        reader.add({&c, 1});
        const auto frame = reader.next();
        CHECK(frame);
        if (!*frame)
            continue;
        ++frames;
        CHECK_EQ((*frame)->header("id"), "1:2");
        CHECK_EQ((*frame)->body, "a\0b"s);
    }
    CHECK_EQ(frames, 1U);
}

CASE(several_frames_may_come_at_once) {
    FrameReader reader;
    reader.add("RECEIPT\nreceipt-id:1\n\n\0\n\nERROR\nmessage:no\n\nwhy\0MES"s);
    CHECK_EQ((*reader.next())->command, "RECEIPT");
    CHECK_EQ((*reader.next())->body, "why");
    const auto none = reader.next();
    CHECK(none && !*none);
}

CASE(the_first_of_a_repeated_header_counts) {
    CHECK_EQ(only("MESSAGE\nfoo:World\nfoo:Hello\n\n\0"s).header("foo"), "World");
}

CASE(connect_has_no_escapes) {
    CHECK_EQ(*encode({"CONNECT", {{"passcode", "a:b\\c"}}, ""}), "CONNECT\npasscode:a:b\\c\n\n\0"s);
    CHECK_EQ(only("CONNECTED\nserver:a\\nb\n\n\0"s).header("server"), "a\\nb");
    CHECK(!encode({"CONNECT", {{"passcode", "a\nlogin:root"}}, ""}));
    CHECK(!encode({"CONNECT", {{"pass:code", "a"}}, ""}));
    CHECK(!encode({"send", {}, ""}));
}

CASE(what_is_no_frame_is_refused) {
    CHECK_EQ(refusal("HTTP/1.1 400 Bad Request\r\n\r\n"), "STOMP: this is no command");
    CHECK_EQ(refusal("MESSAGE\nnocolon\n\n\0"s), "STOMP: a header line without a name");
    CHECK_EQ(refusal("MESSAGE\n:value\n\n\0"s), "STOMP: a header line without a name");
    CHECK_EQ(refusal("MESSAGE\na:\\t\n\n\0"s), "STOMP: an unknown escape in a header");
    CHECK_EQ(refusal("MESSAGE\na:b\\\n\n\0"s), "STOMP: an unknown escape in a header");
    CHECK_EQ(refusal("MESSAGE\ncontent-length:3x\n\n\0"s), "STOMP: content-length is no number");
    CHECK_EQ(refusal("MESSAGE\ncontent-length:-1\n\n\0"s), "STOMP: content-length is no number");
    CHECK_EQ(refusal("MESSAGE\ncontent-length:2\n\nabc\0"s), "STOMP: no NUL after the body");
}

CASE(what_is_too_large_is_refused_before_it_is_kept) {
    const FrameBounds small{64, 2, 16, 100};
    CHECK_EQ(refusal(std::string(65, 'A'), small), "STOMP: the head of a frame is too large");
    CHECK_EQ(refusal("MESSAGE\na:1\nb:2\nc:3\n\n\0"s, small), "STOMP: too many headers");
    CHECK_EQ(refusal("MESSAGE\ncontent-length:101\n\n", small),
             "STOMP: a body of 101 bytes is too large");
    CHECK_EQ(refusal("MESSAGE\ncontent-length:99999999999999999999999\n\n", small),
             "STOMP: a body of 99999999999999999999 bytes is too large");
    CHECK_EQ(refusal("MESSAGE\n\n" + std::string(17, 'x'), small),
             "STOMP: the body of a frame is too large");
    CHECK_EQ(refusal("MESSAGE\n\n" + std::string(17, 'x') + '\0', small),
             "STOMP: the body of a frame is too large");
}

CASE(a_body_too_large_is_skipped_and_what_follows_is_read) {
    FrameReader reader({64, 2, 16, 100});
    const auto bytes = "MESSAGE\nack:7\ncontent-length:17\n\n" + std::string(17, '\0') +
                       "\0RECEIPT\nreceipt-id:1\n\n\0"s;
    std::vector<Frame> frames;
    for (const char c : bytes) {
        reader.add({&c, 1});
        auto frame = reader.next();
        CHECK(frame);
        if (*frame)
            frames.push_back(std::move(**frame));
    }
    CHECK_EQ(frames.size(), 2U);
    CHECK(frames[0].too_large);
    CHECK_EQ(frames[0].header("ack"), "7");
    CHECK_EQ(frames[0].body, "");
    CHECK(!frames[1].too_large);
    CHECK_EQ(frames[1].command, "RECEIPT");
    FrameReader unended({64, 2, 16, 100});
    unended.add("MESSAGE\ncontent-length:17\n\n" + std::string(18, 'x'));
    CHECK_EQ(unended.next().error().context, "STOMP: no NUL after the body");
}
