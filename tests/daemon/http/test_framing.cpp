// SPDX-License-Identifier: GPL-2.0-or-later
// Requests that two parsers read differently, and requests that do not fit: each gets an answer, at
// once, and none reaches a route.
#include "tests/daemon/http/raw_http.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr const char* kEvaluate = "POST /api/v1/evaluate HTTP/1.1\r\nHost: x\r\n"
                                  "Content-Type: application/json\r\n";

// A page of the library may say "HTTP/1.1", too, but no digit follows there.
int answers_in(const std::string& text) {
    int count = 0;
    for (std::size_t at = 0; (at = text.find("HTTP/1.1 ", at)) != std::string::npos; at += 9)
        count += at + 9 < text.size() && text[at + 9] >= '1' && text[at + 9] <= '5' ? 1 : 0;
    return count;
}

void check_refused(const std::string& text, int status) {
    Running running;
    std::string answer;
    const double took = seconds_of([&] { answer = request(running.socket(), text); });
    // A newer libmicrohttpd refuses some of these itself: with 400, 501, or by closing.
    const int got = status_in(answer);
    if (got != status && got != 0 && got != 400 && got != 501)
        fail("status " + std::to_string(got) + " for " + text);
    // One answer: what follows on the connection is not read as a request.
    CHECK_EQ(answers_in(answer), got == 0 ? 0 : 1);
    CHECK_EQ(running.service.evaluated.load(), 0);
    CHECK(took < 5.0);
}

std::string many(int count, const char* before, const char* after) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out += before + std::to_string(i) + after;
    return out;
}

} // namespace

CASE(two_lengths_are_refused) {
    check_refused(kEvaluate + std::string("Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), 400);
    check_refused(kEvaluate + std::string("Content-Length: 0\r\ncontent-length: 45\r\n\r\n"
                                          "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
                  400);
}

CASE(a_length_beside_a_transfer_encoding_is_refused) {
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    const std::string body = "2\r\n{}\r\n0\r\n\r\n";
    check_refused(kEvaluate + ("Content-Length: 2\r\n" + chunked) + "\r\n" + body, 400);
    check_refused(kEvaluate + (chunked + "Content-Length: 2\r\n") + "\r\n" + body, 400);
}

CASE(a_transfer_encoding_needs_a_length_instead) {
    for (const char* coding : {"chunked", "gzip, chunked", "xchunked", "identity"})
        check_refused(kEvaluate + ("Transfer-Encoding: " + std::string(coding)) +
                          "\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                      411);
}

CASE(bare_line_feeds_are_refused) {
    check_refused("GET /healthz HTTP/1.1\nHost: x\r\nConnection: close\r\n\r\n", 400);
    check_refused("GET /healthz HTTP/1.1\r\nHost: x\nConnection: close\r\n\r\n", 400);
    check_refused("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\n\r\n", 400);
    check_refused("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\n", 400);
    check_refused("GET /healthz HTTP/1.1\nHost: x\n\n", 400);
}

CASE(folded_headers_are_refused) {
    for (const char* fold : {" more", "\tmore", " "}) {
        check_refused("GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n" + std::string(fold) +
                          "\r\nConnection: close\r\n\r\n",
                      400);
        check_refused("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: 1\r\n" +
                          std::string(fold) + "\r\n\r\n",
                      400);
    }
}

// The library ends a text at its first NUL; a proxy may read on, and see another length.
CASE(nul_bytes_are_refused) {
    const auto with = [](std::string_view text) { // '#' is a NUL
        std::string out(text);
        std::replace(out.begin(), out.end(), '#', '\0');
        return out;
    };
    const std::string second = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    const std::string begin = "POST /api/v1/evaluate HTTP/1.1\r\nHost: x\r\n";
    const std::string type = "Content-Type: application/json\r\n";
    for (const char* length : {"0#NNN", "0#", "0##", "0# ", "0#\t#"}) {
        const std::string line = "Content-Length: " + with(length) + "\r\n";
        check_refused(begin + type + line + "\r\n" + second, 400);
        check_refused(begin + line + type + "\r\n" + second, 400);
    }
    const std::string rest = "Host: x\r\nConnection: close\r\n\r\n";
    for (const char* line : {"/healthz# HTTP/1.1", "/healthz#x HTTP/1.1", "/healthz?a=#b HTTP/1.1",
                             "/healthz HTTP/1.1#", "/healthz HTTP/1.1#x", " /healthz HTTP/1.1"})
        check_refused("GET " + with(line) + "\r\n" + rest, 400);
}

CASE(headers_that_say_who_asks_come_once) {
    for (const char* name : {"Host", "Authorization", "Content-Type", "Origin", "Sec-Fetch-Site"})
        check_refused("GET /healthz HTTP/1.1\r\nHost: x\r\n" + std::string(name) + ": a\r\n" +
                          name + ": b\r\n\r\n",
                      400);
    check_refused("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400); // no Host
    check_refused("GET /healthz HTTP/1.1\r\nHost: x\r\nX-A : 1\r\n\r\n", 400);
    check_refused("GET /healthz HTTP/1.1\r\n Host: x\r\nHost: x\r\n\r\n", 400);
    check_refused("GET /healthz x HTTP/1.1\r\nHost: x\r\n\r\n", 400);
    check_refused("GET /healthz?a=b c HTTP/1.1\r\nHost: x\r\n\r\n", 400);
}

CASE(conditions_that_are_not_read_are_refused) {
    Running running;
    for (const char* name : {"If-Match", "if-match", "If-Unmodified-Since"}) {
        const auto answer = post(running.socket(), "", std::string(kJsonType) + name + ": *\r\n");
        CHECK_EQ(status_in(answer), 400);
        CHECK(has(answer, "Send the version of the entry in the body"));
    }
    CHECK_EQ(running.service.evaluated.load(), 0);
    CHECK_EQ(status_in(get(running.socket(), "/healthz", "If-Match: *\r\n")), 200);
}

// As clients write them: no blank after the colon, blanks at the end, empty values, bytes that come
// one by one.
CASE(what_the_standard_allows_is_served) {
    Running running;
    for (const char* headers :
         {"X-A:1\r\n", "X-A: 1 \t\r\n", "X-A:\r\n", "X-A:   \r\n", "X-A: 1\r\nX-A: 2\r\n",
          "Accept: */*\r\nCookie: a=b; c=d\r\nX-Empty:\r\n"})
        CHECK_EQ(status_in(get(running.socket(), "/healthz", headers)), 200);
    const std::string whole =
        "POST /api/v1/evaluate?x=1 HTTP/1.1\r\nHost:x\r\nX-A:\r\nX-B: " + std::string(300, 'b') +
        "\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\n"
        "Content-Length: 2\r\n\r\n{}";
    const UniqueFd fd = dial(running.socket());
    for (const char byte : whole)
        send_all(fd.get(), std::string_view(&byte, 1));
    CHECK_EQ(status_in(receive_all(fd.get())), 200);
    // Large enough that the library's buffer grows and moves on its way.
    for (int size = 500; size < 12000; size += 713)
        CHECK_EQ(status_in(get(running.socket(), "/healthz",
                               "X-A: " + std::string(static_cast<std::size_t>(size), 'a') +
                                   "\r\nX-B: 1\r\n")),
                 200);
}

CASE(what_does_not_fit_is_answered_at_once) {
    Running running;
    const auto close = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    const std::pair<const char*, std::string> inputs[] = {
        {"129 arguments", "GET /healthz?" + many(129, "a", "=&") + close + "\r\n"},
        {"500 arguments", "GET /healthz?" + many(500, "a", "=&") + close + "\r\n"},
        {"5000 arguments", "GET /healthz?" + many(5000, "a", "=&") + close + "\r\n"},
        {"ampersands", "GET /healthz?" + std::string(9000, '&') + close + "\r\n"},
        {"long argument", "GET /healthz?a=" + std::string(40000, 'a') + close + "\r\n"},
        {"long path", "GET /" + std::string(40000, 'a') + close + "\r\n"},
        {"headers", "GET /healthz" + std::string(close) + many(2000, "X", ": 1\r\n") + "\r\n"},
        {"short headers", "GET /healthz" + std::string(close) + many(900, "X", ":\r\n") + "\r\n"},
        {"long name",
         "GET /healthz" + std::string(close) + std::string(40000, 'N') + ": 1\r\n\r\n"},
        {"long value",
         "GET /healthz" + std::string(close) + "N: " + std::string(40000, 'v') + "\r\n\r\n"},
        {"cookies",
         "GET /healthz" + std::string(close) + "Cookie: " + many(2000, "c", "=1; ") + "\r\n\r\n"},
        {"long cookie",
         "GET /healthz" + std::string(close) + "Cookie: " + std::string(20000, 'c') + "\r\n\r\n"}};
    for (const auto& input : inputs) {
        const auto& what = input.first;
        std::string answer;
        const double took = seconds_of([&] { answer = request(running.socket(), input.second); });
        const int status = status_in(answer);
        if (took > 5.0 || (status != 400 && status != 414 && status != 431))
            fail(std::string(what) + ": status " + std::to_string(status) + " after " +
                 std::to_string(took) + " s");
    }
    CHECK_EQ(status_in(get(running.socket(), "/healthz?" + many(127, "a", "=1&"))), 200);
}
