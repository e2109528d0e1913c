// SPDX-License-Identifier: GPL-2.0-or-later
// Logins by an authenticating proxy: which headers from which address make a user, and which are
// refused.
#include "daemon/http/auth/login.hpp"
#include "daemon/http/auth/proxy.hpp"
#include "tests/daemon/http/raw_http.hpp"
#include "tests/support/scratch_dir.hpp"

#include <chrono>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

using namespace sluice;
using namespace sluice::http;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

const std::string kProxySecret = "0123456789abcdef0123456789abcdef";

std::string secret_in(const ScratchDir& dir, const std::string& text, mode_t mode = 0600) {
    const std::string path = dir.file("proxy.secret");
    std::ofstream(path) << text;
    CHECK(::chmod(path.c_str(), mode) == 0);
    return path;
}

ProxySettings settings_with(const std::string& file) {
    return {"X-Remote-User", "X-Sluice-Secret", file, {"192.0.2.7", "2001:db8::7"}};
}

Result<std::optional<std::uint32_t>> users(const std::string& name) {
    if (name == "alice")
        return std::optional<std::uint32_t>(kAlice);
    if (name == "root")
        return std::optional<std::uint32_t>(0);
    if (name == "slow")
        return Error{Errc::unavailable, "sssd is down"};
    return std::optional<std::uint32_t>();
}

// A Login with a proxy; status of a request with these headers.
struct Portal {
    ScratchDir dir;
    std::unique_ptr<TokenFile> tokens = std::move(*TokenFile::open(dir.file("tokens")));
    Nonces nonces = std::move(*Nonces::create());
    WebSessions sessions;
    std::unique_ptr<ProxyLogin> proxy =
        std::move(*ProxyLogin::open(settings_with(secret_in(dir, kProxySecret + "\n")), users));
    Login login{{{0}, "/nonexistent"}, *tokens, nonces, sessions, proxy.get()};

    Login::Outcome ask(const ProxyHeaders& headers, const char* address = "192.0.2.7",
                       const char* method = "GET", bool from_page = true,
                       const std::string& authorization = "", const std::string& cookie = "") {
        return login.identify(
            {authorization, address, method, "/api/v1/status", "", cookie, &headers, from_page});
    }
    template <class... T>
    int status(T... arguments) {
        const auto found = ask(arguments...);
        const auto* refusal = std::get_if<Response>(&found);
        return refusal != nullptr ? refusal->status : 200;
    }
};

} // namespace

CASE(the_proxy_names_the_user) {
    Portal portal;
    const auto found = std::get<Viewer>(portal.ask({{"alice"}, {kProxySecret}}));
    CHECK_EQ(found.uid, std::uint32_t{kAlice});
    CHECK(found.login == LoginKind::proxy && !found.staff && !found.sees_all());
    CHECK_EQ(found.user, "alice");
    CHECK_EQ(portal.status(ProxyHeaders{{"alice"}, {kProxySecret}}, "2001:DB8:0::7"), 200);
    CHECK_EQ(portal.status(ProxyHeaders{{"alice"}, {kProxySecret}}, "::ffff:192.0.2.7"), 200);
}

CASE(headers_that_prove_no_user_are_refused) {
    Portal portal;
    const std::vector<std::pair<ProxyHeaders, int>> cases{
        {{{"alice"}, {}}, 401},
        {{{"alice"}, {""}}, 401},
        {{{"alice"}, {kProxySecret + "0"}}, 401},
        {{{"alice"}, {kProxySecret.substr(1)}}, 401},
        {{{"alice"}, {kProxySecret, kProxySecret}}, 401},
        {{{}, {kProxySecret}}, 401},
        {{{""}, {kProxySecret}}, 401},
        {{{"alice", "alice"}, {kProxySecret}}, 401},
        {{{"alice", "root"}, {kProxySecret}}, 401},
        {{{"ali ce"}, {kProxySecret}}, 401},
        {{{"alice,root"}, {kProxySecret}}, 401},
        {{{"alice:x"}, {kProxySecret}}, 401},
        {{{"../alice"}, {kProxySecret}}, 401},
        {{{"ali\x01"}, {kProxySecret}}, 401},
        {{{"alic\xc3\xa9"}, {kProxySecret}}, 401},
        {{{std::string(257, 'a')}, {kProxySecret}}, 401},
        {{{"nobody-here"}, {kProxySecret}}, 403},
        {{{"0"}, {kProxySecret}}, 403},
        {{{"root"}, {kProxySecret}}, 403},
        {{{"slow"}, {kProxySecret}}, 503},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        Portal fresh; // wrong logins are counted by address
        if (const int got = fresh.status(cases[i].first); got != cases[i].second)
            fail("case " + std::to_string(i) + " is answered " + std::to_string(got));
    }
    for (const char* address : {"192.0.2.8", "127.0.0.1", "2001:db8::8", "", "x", "192.0.2.7.1"})
        CHECK_EQ(portal.status(ProxyHeaders{{"alice"}, {kProxySecret}}, address), 401);
    // A good token does not make up for it: someone stands in for the proxy.
    const auto token = portal.tokens->add("t", Role::staff, instant(0));
    const auto bearer = "Bearer " + std::string(token->reveal());
    CHECK_EQ(portal.status(ProxyHeaders{{"alice"}, {"x"}}, "192.0.2.9", "GET", true, bearer), 401);
    CHECK_EQ(portal.status(ProxyHeaders{}, "192.0.2.7", "GET", true, bearer), 200);
    CHECK_EQ(portal.status(ProxyHeaders{}), 401);
    CHECK(portal.sessions.counts(std::chrono::steady_clock::now()).refused > 5);
}

CASE(explicit_logins_come_before_the_proxy_and_basic_after) {
    Portal portal;
    const ProxyHeaders headers{{"alice"}, {kProxySecret}};
    const auto token = portal.tokens->add("t", Role::reader, instant(0));
    const auto text = std::string(token->reveal());
    CHECK_EQ(std::get<Viewer>(portal.ask(headers, "192.0.2.7", "GET", true, "Token " + text)).name,
             "token t");
    const auto basic =
        std::get<Viewer>(portal.ask(headers, "192.0.2.7", "GET", true, "Basic eDp5"));
    CHECK_EQ(basic.user, "alice");
    const auto now = std::chrono::steady_clock::now();
    const auto code = portal.sessions.make_code(0, "root", now);
    const auto opened = portal.sessions.open(code->reveal(), "", now, instant(0));
    const auto cookie = "sluice_session=" + std::string(opened->cookie.reveal());
    CHECK(std::get<Viewer>(portal.ask(headers, "192.0.2.7", "GET", true, "", cookie)).staff);
    portal.sessions.end(opened->session.id, "test", now);
    CHECK_EQ(std::get<Viewer>(portal.ask(headers, "192.0.2.7", "GET", true, "", cookie)).user,
             "alice");
}

CASE(changes_through_a_proxy_come_from_the_page_only) {
    Portal portal;
    const ProxyHeaders headers{{"alice"}, {kProxySecret}};
    CHECK_EQ(portal.status(headers, "192.0.2.7", "POST", false), 403);
    CHECK_EQ(portal.status(headers, "192.0.2.7", "POST", true), 200);
    CHECK_EQ(portal.status(headers, "192.0.2.7", "GET", false), 200);
}

CASE(a_user_is_looked_up_once_a_minute) {
    ScratchDir dir;
    int calls = 0;
    std::uint32_t uid = 5;
    const auto proxy =
        ProxyLogin::open(settings_with(secret_in(dir, kProxySecret)),
                         [&](const std::string& name) -> Result<std::optional<std::uint32_t>> {
                             ++calls;
                             if (name == "slow")
                                 return Error{Errc::unavailable, "down"};
                             return std::optional<std::uint32_t>(uid);
                         });
    CHECK(proxy);
    const ProxyLogin::Time start{1000h};
    CHECK(!(*proxy)->remembers("alice", start));
    CHECK_EQ((*proxy)->uid("alice", "", start).value(), 5U);
    uid = 6;
    CHECK_EQ((*proxy)->uid("alice", "", start + 59s).value(), 5U);
    CHECK_EQ((*proxy)->uid("alice", "", start + 60s).value(), 6U);
    CHECK_EQ(calls, 2);
    CHECK((*proxy)->uid("slow", "", start).error().code == Errc::unavailable);
    CHECK((*proxy)->uid("slow", "", start).error().code == Errc::unavailable);
    CHECK_EQ(calls, 4); // a failure is not kept
}

CASE(a_secret_that_others_may_read_or_that_is_short_is_refused) {
    ScratchDir dir;
    const auto fault = [](const ProxySettings& settings) {
        const auto opened = ProxyLogin::open(settings, users);
        return opened ? Errc::overflow : opened.error().code;
    };
    CHECK(fault(settings_with(dir.file("none"))) == Errc::not_found);
    CHECK(fault(settings_with(secret_in(dir, "short"))) == Errc::malformed);
    CHECK(fault(settings_with(secret_in(dir, kProxySecret, 0644))) == Errc::refused);
    auto settings = settings_with(secret_in(dir, kProxySecret));
    settings.addresses = {"proxy.example.org"};
    CHECK(fault(settings) == Errc::not_found);
}

CASE(the_proxy_headers_are_read_from_the_connection) {
    Directory directory;
    ScratchDir dir;
    FakeService service;
    const unsigned port = free_port();
    HttpSettings settings{directory.socket(), {}};
    settings.listen = {"127.0.0.1:" + std::to_string(port)};
    settings.tokens = directory.tokens();
    settings.url = "https://portal.example.org/sluice/";
    settings.proxy = {
        "X-Remote-User", "X-Sluice-Secret", secret_in(dir, kProxySecret), {"127.0.0.1"}};
    const auto server = HttpServer::start(settings, service);
    CHECK(server);
    const std::string secret = "x-sluice-SECRET: " + kProxySecret + "\r\n";
    const std::string daemon = "X-REMOTE-user: daemon\r\n"; // a user of every host
    const auto info = get(port, "/api/v1/info", daemon + secret);
    CHECK_EQ(status_in(info), 200);
    CHECK(has(info, "\"login\":\"proxy\"") && has(info, "\"user\":\"daemon\""));
    CHECK_EQ(status_in(get(port, "/api/v1/info", daemon)), 401);
    CHECK_EQ(status_in(get(port, "/api/v1/info", daemon + secret + secret)), 401);
    CHECK_EQ(status_in(get(port, "/api/v1/info", daemon + daemon + secret)), 401);
    CHECK_EQ(status_in(get(port, "/api/v1/info", secret)), 401);
    CHECK_EQ(status_in(get(port, "/api/v1/info", "X-Remote-User: root\r\n" + secret)), 403);
    CHECK_EQ(status_in(get(port, "/api/v1/info", "X-Remote-User: no-such-user\r\n" + secret)), 403);
    CHECK_EQ(status_in(get(directory.socket(), "/api/v1/info", daemon)), 403);
    CHECK_EQ(status_in(get(directory.socket(), "/api/v1/info")), 200);
    CHECK_EQ(status_in(get(port, "/", daemon)), 200); // the files need no login
    // The page is at the portal, whose name is the origin.
    const auto changes = daemon + secret + kJsonType + "X-Sluice-Request: 1\r\n";
    CHECK_EQ(status_in(post(port, "", changes + "Origin: https://portal.example.org\r\n")), 403);
    CHECK(has(post(port, "", changes + "Origin: https://portal.example.org\r\n"), "Only staff"));
    CHECK(has(post(port, "", changes + "Origin: https://portal.example\r\n"), "another site"));
    CHECK(has(post(directory.socket(), "", kJsonType, "/api/v1/sessions"),
              "https://portal.example.org/sluice/#/code/"));
}
