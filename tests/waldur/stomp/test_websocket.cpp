// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/case.hpp"
#include "waldur/stomp/websocket.hpp"

#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::stomp;

namespace {

using std::string_literals::operator""s;

const Opening kOpening{"server.example.com", "/chat", "dGhlIHNhbXBsZSBub25jZQ=="};

std::string answer(const std::string& changed = "", const std::string& to = "") {
    std::string text = "HTTP/1.1 101 Switching Protocols\r\n"
                       "upgrade: WebSocket\r\n"
                       "connection: keep-alive, Upgrade\r\n"
                       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                       "Sec-WebSocket-Protocol: v12.stomp\r\n"
                       "\r\n";
    if (!changed.empty())
        text.replace(text.find(changed), changed.size(), to);
    return text;
}

std::string opening_fault(const std::string& text) {
    const auto checked = check_opening(text, kOpening);
    CHECK(!checked);
    return checked.error().context;
}

std::string refusal(const std::string& bytes) {
    SocketReader reader;
    reader.add(bytes);
    auto message = reader.next();
    while (message && *message)
        message = reader.next();
    CHECK(!message);
    CHECK(!reader.next());
    return message.error().context;
}

} // namespace

CASE(the_opening_asks_for_stomp) {
    CHECK_EQ(*opening_request(kOpening),
             "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v12.stomp\r\n\r\n");
    CHECK(!opening_request({"host\r\nX: y", "/", "k"}));
    CHECK(!opening_request({"host", "/a b", "k"}));
    CHECK(!opening_request({"host", "", "k"}));
}

CASE(an_opening_is_accepted_only_when_it_answers_ours) {
    const auto good = check_opening(answer() + "\x81", kOpening);
    CHECK(good && *good);
    CHECK_EQ(**good, answer().size());
    const auto part = check_opening(answer().substr(0, 90), kOpening);
    CHECK(part && !*part);
    CHECK_EQ(opening_fault("HTTP/1.1 403 Forbidden\r\nA: b\r\n\r\n"),
             "WebSocket: the server answered HTTP/1.1 403 Forbidden");
    CHECK_EQ(check_opening("HTTP/1.1 502 x\r\n\r\n", kOpening).error().code, Errc::refused);
    CHECK_EQ(opening_fault(answer("s3pP", "xxxx")), "WebSocket: the answer is not to our key");
    CHECK_EQ(opening_fault(answer("upgrade: WebSocket", "a: b")),
             "WebSocket: the answer does not upgrade the connection");
    CHECK_EQ(opening_fault(answer("v12.stomp", "mqtt")),
             "WebSocket: the server does not speak STOMP 1.2");
    CHECK_EQ(opening_fault(answer("upgrade:", "Sec-WebSocket-Extensions: x\r\nupgrade:")),
             "WebSocket: an extension that was not requested");
    CHECK_EQ(opening_fault(std::string(20000, 'a')), "WebSocket: the answer's head is too large");
}

CASE(a_clients_frame_is_masked_as_in_the_rfc) {
    const Mask mask{0x37, 0xfa, 0x21, 0x3d};
    CHECK_EQ(encode(Opcode::text, "Hello", mask), "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s);
    CHECK_EQ(encode(Opcode::text, std::string(126, 'a'), mask).substr(0, 4), "\x81\xfe\x00\x7e"s);
    CHECK_EQ(encode(Opcode::binary, std::string(65536, 'a'), mask).substr(0, 10),
             "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00"s);
}

CASE(a_message_comes_in_pieces_round_a_ping) {
    SocketReader reader;
    const auto bytes = "\x01\x03Hel\x89\x05Hello\x80\x02lo\x88\x02\x03\xe8"s;
    std::vector<SocketPiece> controls;
    std::string text;
    for (const char c : bytes) {
        reader.add({&c, 1});
        auto piece = reader.next();
        CHECK(piece);
        if (*piece && (*piece)->opcode == Opcode::text)
            text += (*piece)->payload;
        else if (*piece)
            controls.push_back(std::move(**piece));
    }
    CHECK_EQ(text, "Hello");
    CHECK_EQ(controls.size(), 2U);
    CHECK_EQ(controls[0].opcode, Opcode::ping);
    CHECK_EQ(controls[0].payload, "Hello");
    CHECK_EQ(controls[1].opcode, Opcode::close);
    CHECK_EQ(close_reason(controls[1].payload), "1000");
    CHECK_EQ(close_reason("\x03\xe9gone"), "1001 gone");
    CHECK_EQ(close_reason(""), "no reason given");
}

CASE(long_frames_are_read) {
    const std::string text(300, 'x');
    SocketReader reader;
    reader.add("\x82\x7e\x01\x2c"s + text);
    CHECK_EQ((*reader.next())->payload, text);
    const std::string longer(70000, 'y');
    reader.add("\x82\x7f\x00\x00\x00\x00\x00\x01\x11\x70"s + longer);
    CHECK_EQ((*reader.next())->payload, longer);
}

CASE(frames_against_the_rfc_are_refused) {
    CHECK_EQ(refusal("\xc1\x01"s), "WebSocket: an extension that was not requested");
    CHECK_EQ(refusal("\x83\x01"s), "WebSocket: an unknown kind of frame");
    CHECK_EQ(refusal("\x81\x81"s), "WebSocket: a masked frame from a server");
    CHECK_EQ(refusal("\x80\x01"s), "WebSocket: a continuation of nothing");
    CHECK_EQ(refusal("\x01\x01"s + "a\x81\x01"), "WebSocket: a message inside another");
    CHECK_EQ(refusal("\x09\x01"s), "WebSocket: a control frame that is fragmented or too long");
    CHECK_EQ(refusal("\x89\x7e\x00\x7e"s),
             "WebSocket: a control frame that is fragmented or too long");
    CHECK_EQ(refusal("\x88\x01"s), "WebSocket: half a close code");
    CHECK_EQ(refusal("\x81\x7e\x00\x05"s), "WebSocket: a length written longer than need be");
    CHECK_EQ(refusal("\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff"s),
             "WebSocket: a length written longer than need be");
}

CASE(of_a_message_of_any_size_no_more_is_kept_than_has_come) {
    SocketReader reader;
    reader.add("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"s + "abc");
    CHECK_EQ((*reader.next())->payload, "abc");
    const auto none = reader.next();
    CHECK(none && !*none);
    reader.add("d");
    CHECK_EQ((*reader.next())->payload, "d");
}
