// SPDX-License-Identifier: GPL-2.0-or-later
// Links and sessions of the web page: one use, an end, limits, and which requests a cookie is good
// for.
#include "common/hash/hash.hpp"
#include "daemon/http/auth/login.hpp"
#include "daemon/http/auth/web_sessions.hpp"
#include "tests/daemon/http/raw_http.hpp"
#include "tests/support/scratch_dir.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::http;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

constexpr Instant kClock = instant(1795395000);
const WebSessions::Time kStart{1000h};

Errc open_fault(WebSessions& sessions, std::string_view code, WebSessions::Time now) {
    const auto opened = sessions.open(code, "192.0.2.1", now, kClock);
    return opened ? Errc::overflow : opened.error().code; // no other case has overflow
}

constexpr const char* kFromPage = "X-Sluice-Request: 1\r\n";
constexpr const char* kOpen = "/api/v1/session";

std::string between(const std::string& text, const std::string& before, const std::string& after) {
    const auto at = text.find(before);
    if (at == std::string::npos)
        return "";
    const auto from = at + before.size();
    return text.substr(from, text.find(after, from) - from);
}

std::string new_code(const Running& running) {
    const auto made = post(running.socket(), "", kJsonType, "/api/v1/sessions");
    CHECK_EQ(status_in(made), 201);
    return between(made, "#/code/", "\"");
}

std::string open_by(unsigned port, const std::string& code, const std::string& headers = "") {
    return post(port, R"({"code":")" + code + "\"}", std::string(kJsonType) + kFromPage + headers,
                kOpen);
}

// "Cookie: sluice_session=...\r\n"
std::string new_cookie(const RunningTcp& running) {
    const auto opened = open_by(running.port, new_code(running));
    CHECK_EQ(status_in(opened), 201);
    return "Cookie: " + between(opened, "Set-Cookie: ", ";") + "\r\n";
}

} // namespace

CASE(a_code_opens_one_session_within_a_minute) {
    WebSessions sessions;
    const auto code = sessions.make_code(7, "alice", kStart);
    CHECK(code);
    CHECK_EQ(code->reveal().size(), 32U);
    const auto late = sessions.make_code(8, "bob", kStart);
    CHECK(open_fault(sessions, "", kStart) == Errc::refused);
    CHECK(open_fault(sessions, std::string(32, '0'), kStart) == Errc::refused);
    const auto opened = sessions.open(code->reveal(), "192.0.2.1", kStart + 59s, kClock);
    CHECK(opened);
    CHECK_EQ(opened->session.uid, 7U);
    CHECK(opened->session.until == kClock + 12h);
    CHECK_EQ(opened->cookie.reveal().size(), 64U);
    CHECK(open_fault(sessions, code->reveal(), kStart + 59s) == Errc::refused);
    CHECK(open_fault(sessions, late->reveal(), kStart + 60s) == Errc::refused);
}

CASE(a_session_ends_after_twelve_hours_or_when_it_is_ended) {
    WebSessions sessions;
    const auto open = [&] {
        const auto code = sessions.make_code(7, "alice", kStart);
        auto opened = sessions.open(code->reveal(), "192.0.2.1", kStart, kClock);
        CHECK(opened);
        return std::move(*opened);
    };
    const auto first = open();
    const auto second = open();
    CHECK(!sessions.find(first.session.digest, kStart).has_value());
    CHECK(!sessions.find("", kStart).has_value());
    CHECK_EQ(sessions.find(first.cookie.reveal(), kStart + 11h)->user, "alice");
    CHECK(sessions.end(first.session.id, "test", kStart));
    CHECK(!sessions.end(first.session.id, "test", kStart));
    CHECK(!sessions.find(first.cookie.reveal(), kStart).has_value());
    CHECK(sessions.find(second.cookie.reveal(), kStart + 12h - 1s).has_value());
    CHECK(!sessions.find(second.cookie.reveal(), kStart + 12h).has_value());
    CHECK_EQ(sessions.counts(kStart).open, 0U);
    CHECK_EQ(sessions.counts(kStart).opened, 2U);
}

CASE(a_session_has_the_rights_that_its_user_has_now) {
    ScratchDir dir;
    const auto tokens = TokenFile::open(dir.file("tokens"));
    auto nonces = Nonces::create();
    WebSessions sessions;
    const auto now = std::chrono::steady_clock::now();
    const auto code = sessions.make_code(7, "alice", now);
    const auto opened = sessions.open(code->reveal(), "192.0.2.1", now, kClock);
    const auto cookie = "sluice_session=" + std::string(opened->cookie.reveal());
    for (const bool staff : {true, false}) {
        const std::vector<std::uint32_t> uids{0, staff ? 7U : 8U};
        Login login({uids, "/nonexistent"}, **tokens, *nonces, sessions);
        const auto found = std::get<Viewer>(
            login.identify({"", "192.0.2.1", "GET", "/api/v1/status", "", cookie}));
        CHECK_EQ(found.staff, staff);
        CHECK(!found.reads_all && found.login == LoginKind::session);
    }
}

CASE(sessions_and_codes_are_limited_by_user_and_in_all) {
    WebSessions sessions;
    const auto open = [&](std::uint32_t uid) {
        const auto code = sessions.make_code(uid, "", kStart);
        return sessions.open(code->reveal(), "", kStart, kClock);
    };
    const auto first = open(1);
    for (std::size_t i = 1; i < WebSessions::kMaxOfUser; ++i)
        CHECK(open(1));
    CHECK(sessions.find(first->cookie.reveal(), kStart).has_value());
    CHECK(open(1));
    CHECK(!sessions.find(first->cookie.reveal(), kStart).has_value());
    CHECK_EQ(sessions.list(kStart).size(), WebSessions::kMaxOfUser);
    std::uint32_t uid = 2;
    while (sessions.list(kStart).size() < WebSessions::kMax)
        CHECK(open(uid++));
    CHECK(open(uid).error().code == Errc::conflict);
    CHECK(open(1)); // the oldest of this user makes room

    WebSessions codes;
    const auto oldest = codes.make_code(1, "", kStart);
    for (std::size_t i = 0; i < WebSessions::kMaxCodesOfUser; ++i)
        CHECK(codes.make_code(1, "", kStart));
    CHECK(open_fault(codes, oldest->reveal(), kStart) == Errc::refused);
    for (uid = 2; uid + WebSessions::kMaxCodesOfUser <= WebSessions::kMax + 1; ++uid)
        CHECK(codes.make_code(uid, "", kStart));
    CHECK(codes.make_code(uid, "", kStart).error().code == Errc::conflict);
    CHECK(codes.make_code(uid, "", kStart + 60s));
}

CASE(the_cookie_header_has_one_reading) {
    const std::string good(64, 'a');
    const std::string pair = "sluice_session=" + good;
    for (const auto& header :
         {pair, " " + pair + " ", "x=1; " + pair, pair + ";", "a;b;;=; " + pair + "; y=2",
          "sluice_sessionx=1; " + pair, "Sluice_Session=1; " + pair,
          "x=\"sluice_session=1\";" + pair, "x\xff=\x80; " + pair, "sluice_session = " + good,
          "x==" + good + ";" + pair})
        CHECK_EQ(session_cookie(header).value(), good);
    for (const std::string& header :
         {std::string(), std::string("x=1"), std::string(";;;"), std::string("sluice_session"),
          "xsluice_session=" + good, "x=" + pair, std::string(30'000, ';'),
          std::string(30'000, '=')})
        CHECK(session_cookie(header).error().code == Errc::not_found);
    for (const std::string& header :
         {pair + "; " + pair, pair + "; sluice_session=", std::string("sluice_session="),
          pair + "a", "sluice_session=" + std::string(63, 'a'), "sluice_session=\"" + good + "\"",
          "sluice_session=" + std::string(64, 'A'), "sluice_session=" + std::string(64, '\xe4'),
          "sluice_session=" + std::string(30'000, 'a'), pair + " x", pair + std::string(1, '\0')})
        CHECK(session_cookie(header).error().code == Errc::malformed);
}

CASE(a_link_opens_a_session_in_a_browser_once) {
    RunningTcp running;
    const auto made = post(running.socket(), "", kJsonType, "/api/v1/sessions");
    CHECK(has(made, "http://127.0.0.1:" + std::to_string(running.port) + "/#/code/"));
    const auto code = between(made, "#/code/", "\"");
    const auto opened = open_by(running.port, code);
    CHECK_EQ(status_in(opened), 201);
    const auto cookie = between(opened, "Set-Cookie: ", "\r\n");
    CHECK(has(cookie, "; HttpOnly") && has(cookie, "; SameSite=Strict") &&
          has(cookie, "; Max-Age=43200"));
    CHECK(!has(cookie, "Path") && !has(cookie, "Domain") && !has(cookie, "Secure"));
    CHECK_EQ(status_in(open_by(running.port, code)), 401);
    const auto sent = "Cookie: " + between(opened, "Set-Cookie: ", ";") + "\r\n";
    const auto info = get(running.port, "/api/v1/info", sent);
    CHECK_EQ(status_in(info), 200);
    CHECK(has(info, "\"login\":\"session\"") && has(info, "\"staff\":true") &&
          has(info, "\"until\":\"20"));
    // A proxy ends TLS: the page has the scheme.
    CHECK(has(open_by(running.port, new_code(running), "Origin: https://x\r\n"), "; Secure"));
}

CASE(codes_and_sessions_make_no_others) {
    RunningTcp running;
    const auto cookie = new_cookie(running) + kFromPage + kJsonType;
    CHECK_EQ(status_in(post(running.port, "", cookie, "/api/v1/sessions")), 403);
    CHECK_EQ(status_in(post(running.port, "", running.bearer() + kJsonType, "/api/v1/sessions")),
             403);
    CHECK_EQ(status_in(get(running.port, "/api/v1/tokens", cookie)), 403);
    CHECK_EQ(
        status_in(post(running.port, R"({"name":"x","role":"staff"})", cookie, "/api/v1/tokens")),
        403);
    // On the socket the connection is the login.
    CHECK_EQ(status_in(post(running.socket(), R"({"code":"x"})", kJsonType, kOpen)), 409);
    for (const char* body : {"", "{}", R"({"code":1})", R"({"code":"x","y":1})", "[]", "x"})
        CHECK_EQ(status_in(post(running.port, body, std::string(kJsonType) + kFromPage, kOpen)),
                 400);
    // Without the header of the page a code opens nothing, and is not used up.
    const auto code = new_code(running);
    CHECK_EQ(status_in(post(running.port, R"({"code":")" + code + "\"}", kJsonType, kOpen)), 403);
    CHECK_EQ(status_in(open_by(running.port, code)), 201);
}

CASE(changes_by_a_session_come_from_the_page_only) {
    RunningTcp running;
    const auto cookie = new_cookie(running);
    const std::string body =
        R"({"account":"physics","standing":"normal","until":"now+1minute","reason":"r"})";
    const auto enter = [&](const std::string& headers) {
        return status_in(post(running.port, body, cookie + headers, "/api/v1/overrides"));
    };
    const std::string page = std::string(kJsonType) + kFromPage;
    CHECK_EQ(enter(kJsonType), 403);
    CHECK_EQ(enter(std::string(kJsonType) + "X-Sluice-Request: 0\r\n"), 403);
    CHECK_EQ(enter(kFromPage), 415);
    CHECK_EQ(enter(page + "Origin: http://evil.example\r\n"), 403);
    CHECK_EQ(enter(page + "Sec-Fetch-Site: cross-site\r\n"), 403);
    CHECK_EQ(enter(page + "Sec-Fetch-Site: same-site\r\n"), 403);
    CHECK_EQ(enter(page + kFromPage), 400);
    CHECK_EQ(running.service.last.by, "");
    CHECK_EQ(enter(page + "Origin: https://x\r\nSec-Fetch-Site: same-origin\r\n"), 201);
    CHECK(!running.service.last.by.empty());
}

CASE(a_session_that_ended_is_refused_with_the_remedy) {
    RunningTcp running;
    const auto cookie = new_cookie(running);
    const auto page = cookie + kFromPage;
    CHECK_EQ(status_in(request(running.port, "DELETE /api/v1/session HTTP/1.1\r\nHost: x\r\n"
                                             "Connection: close\r\n" +
                                                 page + kJsonType + "\r\n")),
             200);
    const auto refusal = get(running.port, "/api/v1/info", page);
    CHECK_EQ(status_in(refusal), 401);
    CHECK(has(refusal, "sluice web") && has(refusal, "\"session\":\"ended\""));
    CHECK(!has(refusal, "Basic"));
    CHECK(has(get(running.port, "/api/v1/info"), "Basic"));
    CHECK(!has(get(running.port, "/api/v1/info", kFromPage), "Basic"));
    // Not counted as a guess: all browsers come with old cookies after a restart.
    for (int i = 0; i < 25; ++i)
        CHECK_EQ(status_in(get(running.port, "/api/v1/info", page)), 401);
    // An explicit login is not bothered by the cookie; Basic is not needed beside a good one.
    CHECK_EQ(status_in(get(running.port, "/api/v1/info", page + running.bearer())), 200);
    const auto fresh = new_cookie(running);
    const auto basic = "Authorization: Basic " + hash::base64("x:" + running.token) + "\r\n";
    CHECK(has(get(running.port, "/api/v1/info", fresh + basic), "\"login\":\"session\""));
    CHECK_EQ(status_in(get(running.port, "/api/v1/info", fresh + fresh)), 400);
    CHECK_EQ(status_in(get(running.port, "/api/v1/info", "Cookie: sluice_session=x\r\n")), 401);
    CHECK_EQ(status_in(get(running.port, "/api/v1/info",
                           fresh.substr(0, fresh.size() - 2) + "; " + fresh.substr(8))),
             401);
}

CASE(wrong_codes_are_counted_as_wrong_logins) {
    RunningTcp running;
    for (int i = 0; i < 20; ++i)
        CHECK_EQ(status_in(open_by(running.port, std::string(32, 'f'))), 401);
    CHECK_EQ(status_in(open_by(running.port, std::string(32, 'f'))), 429);
    CHECK_EQ(status_in(open_by(running.port, new_code(running))), 201);
}

CASE(sessions_are_listed_and_ended_by_their_owner_and_by_staff) {
    RunningTcp running;
    const auto first = new_cookie(running);
    const auto second = new_cookie(running);
    const auto remove = [&](const std::string& target) {
        return request(running.socket(), "DELETE /api/v1/sessions" + target +
                                             " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                                             kJsonType + "\r\n");
    };
    const auto list = get(running.socket(), "/api/v1/sessions");
    CHECK(has(list, "\"id\":1,") && has(list, "\"id\":2,") &&
          has(list, "\"address\":\"127.0.0.1\""));
    CHECK(!has(list, between(first, "=", "\r")));
    CHECK_EQ(status_in(remove("/9")), 404);
    CHECK_EQ(status_in(remove("/x")), 404);
    CHECK_EQ(status_in(remove("/1")), 200);
    CHECK_EQ(status_in(get(running.port, "/api/v1/info", first)), 401);
    CHECK_EQ(status_in(get(running.port, "/api/v1/info", second)), 200);
    CHECK(has(get(running.port, "/metrics", running.bearer()), "\nsluice_web_sessions 1\n"));
    CHECK(has(remove(""), "\"ended\":1"));
    CHECK_EQ(status_in(get(running.port, "/api/v1/info", second)), 401);

    FakeService service;
    WebSessions sessions;
    const auto code = sessions.make_code(kAlice, "alice", std::chrono::steady_clock::now());
    CHECK(sessions.open(code->reveal(), "", std::chrono::steady_clock::now(), kClock));
    const auto ask = [&](const char* method, const char* path, Viewer viewer,
                         const char* body = "") {
        Request request;
        request.method = method;
        request.path = path;
        request.body = body;
        request.viewer = viewer;
        Shared shared;
        shared.sessions = &sessions;
        shared.page = "http://x/";
        return dispatch(request, service, shared);
    };
    const Viewer bob{kBob, false, "", false, LoginKind::socket};
    const Viewer reader{4294967295U, false, "token r", true, LoginKind::token};
    CHECK(has(ask("GET", "/api/v1/sessions", bob).body, "\"sessions\":[]"));
    CHECK_EQ(ask("DELETE", "/api/v1/sessions/1", bob).status, 404);
    CHECK_EQ(ask("DELETE", "/api/v1/sessions", bob, R"({"all":true})").status, 403);
    CHECK_EQ(ask("DELETE", "/api/v1/sessions/1", reader).status, 404);
    CHECK(has(ask("GET", "/api/v1/sessions", reader).body, "alice"));
    CHECK_EQ(sessions.list(std::chrono::steady_clock::now()).size(), 1U);
    CHECK_EQ(
        ask("DELETE", "/api/v1/sessions/1", {kAlice, false, "", false, LoginKind::socket}).status,
        200);
}

CASE(a_socket_without_tcp_needs_no_session) {
    Running running;
    const auto refusal = post(running.socket(), "", kJsonType, "/api/v1/sessions");
    CHECK_EQ(status_in(refusal), 404);
    CHECK(has(refusal, "http.listen"));
}
