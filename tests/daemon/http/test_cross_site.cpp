// SPDX-License-Identifier: GPL-2.0-or-later
// What a page of another site can make a browser send changes nothing; programs go on as they did.
#include "common/hash/hash.hpp"
#include "daemon/http/server/request_checks.hpp"
#include "tests/daemon/http/raw_http.hpp"

#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::test;

namespace {

int fault(const http::SiteHeaders& headers) {
    const auto found = http::cross_site_fault(headers);
    return found ? found->status : 200;
}

} // namespace

CASE(changes_need_a_json_content_type) {
    for (const char* type : {"application/json", "Application/JSON", "application/json; charset=x",
                             " application/json "})
        CHECK_EQ(fault({.content_type = type}), 200);
    for (const char* type :
         {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
          "text/plain; application/json", "application/json2", "application/jso"})
        CHECK_EQ(fault({.content_type = type}), 415);
}

CASE(changes_made_by_pages_of_other_sites_are_refused) {
    const char* json = "application/json";
    const auto from = [&](const char* origin, const char* site, const char* host, bool tls) {
        return fault({json, origin, site, host, tls});
    };
    CHECK_EQ(from("https://a:6831", "same-origin", "A:6831", true), 200);
    CHECK_EQ(from("https://a", "", "a", true), 200);
    CHECK_EQ(from("http://a", "", "a", true), 403);
    CHECK_EQ(from("http://a", "", "a", false), 200);
    CHECK_EQ(from("https://a", "", "a", false), 200); // a proxy ends TLS
    for (const char* origin : {"https://evil.example", "null", "https://a:1", "https://a.evil",
                               "https://evila", "file://", "a"})
        CHECK_EQ(from(origin, "", "a", true), 403);
    CHECK_EQ(from("https://a", "", "", true), 403);
    for (const char* site : {"cross-site", "same-site", "none", "x"})
        CHECK_EQ(from("", site, "a", true), 403);
}

CASE(names_of_sluiced_are_those_of_loopback_and_settings) {
    const std::vector<std::string> loopback{"localhost", "127.0.0.1", "[::1]"};
    CHECK(http::known_names({}, "") == loopback);
    auto all = loopback;
    all.insert(all.end(), {"[fd00::1]", "0.0.0.0", "sluice.example.org"});
    CHECK(http::known_names({"[FD00::1]:6831", "0.0.0.0:6831"},
                            "https://Sluice.example.org:1/p/") == all);
}

CASE(pages_under_a_foreign_name_are_refused) {
    const auto names = http::known_names({"127.0.0.2:6831"}, "https://sluice.example.org/");
    const auto at = [&](http::Door door, const char* host, const char* origin) {
        const auto found = http::foreign_name_fault({.origin = origin, .host = host}, door, names);
        return found ? found->status : 200;
    };
    for (const auto door : {http::Door::socket, http::Door::plain, http::Door::encrypted}) {
        for (const char* host : {"localhost", "LocalHost:8080", "127.0.0.1:80", "127.0.0.2",
                                 "[::1]", "[::1]:8080", "sluice.example.org"}) {
            CHECK_EQ(at(door, host, "http://x"), 200);
            CHECK_EQ(at(door, host, ""), 200);
        }
    }
    for (const char* host : {"evil.example:8080", "localhost.evil.example", "evil.localhost", "x",
                             "", "127.0.0.1.evil.example", "[::1", "[::1].evil.example@x", "::1",
                             "localhost.", "127.0.0.3", "evil.example#localhost"}) {
        CHECK_EQ(at(http::Door::socket, host, "http://x"), 403);
        CHECK_EQ(at(http::Door::socket, host, "https://x"), 403);
        CHECK_EQ(at(http::Door::plain, host, "http://x"), 403);
        CHECK_EQ(at(http::Door::plain, host, "null"), 403);
        CHECK_EQ(at(http::Door::plain, host, "HTTPS://x"), 200); // a proxy ends TLS
        CHECK_EQ(at(http::Door::plain, host, ""), 200);          // needs a login of its own
        CHECK_EQ(at(http::Door::encrypted, host, "https://x"), 200);
    }
    // reads have no Origin
    CHECK_EQ(at(http::Door::socket, "evil.example:8080", ""), 403);
    CHECK_EQ(at(http::Door::socket, "sluice", ""), 200); // curl http://sluice/
    CHECK_EQ(at(http::Door::socket, "", ""), 200);
}

CASE(a_page_under_a_foreign_name_reads_and_changes_nothing_at_the_forwarded_socket) {
    Running running;
    const auto ask = [&](const std::string& first, const std::string& headers) {
        return status_in(request(running.socket(),
                                 first + " HTTP/1.1\r\nConnection: close\r\n" + headers + "\r\n"));
    };
    const std::string evil = "Host: evil.example:8080\r\n";
    const std::string own = "Host: localhost:8080\r\n";
    CHECK_EQ(ask("GET /api/v1/status", evil), 403);
    CHECK_EQ(ask("GET /", evil), 403);
    CHECK_EQ(ask("POST /api/v1/evaluate",
                 evil + kJsonType + "Origin: http://evil.example:8080\r\nContent-Length: 0\r\n"),
             403);
    CHECK_EQ(running.service.evaluated.load(), 0);
    CHECK_EQ(ask("GET /api/v1/status", own), 200);
    CHECK_EQ(ask("POST /api/v1/evaluate",
                 own + kJsonType + "Origin: http://localhost:8080\r\nContent-Length: 0\r\n"),
             200);
}

CASE(a_form_of_another_site_sets_no_override) {
    RunningTcp running;
    const std::string body = R"({"account":"physics","standing":"normal","until":"now+1minute",)"
                             R"("reason":"csrf="})";
    const auto basic = "Authorization: Basic " + hash::base64("x:" + running.token) + "\r\n";
    const auto enter = [&](const std::string& headers) {
        return status_in(post(running.port, body, headers, "/api/v1/overrides"));
    };
    const std::string text = "Content-Type: text/plain\r\n";
    const std::string evil = "Origin: http://evil.example\r\nSec-Fetch-Site: cross-site\r\n";
    CHECK_EQ(enter(basic + text + evil), 403);
    CHECK_EQ(enter(basic + text), 415);
    CHECK_EQ(enter(basic + kJsonType), 403); // Basic only reads
    CHECK_EQ(enter(running.bearer() + text), 415);
    CHECK_EQ(enter(running.bearer() + kJsonType + evil), 403);
    CHECK_EQ(enter(running.bearer() + kJsonType + "Origin: http://evil.example\r\n"), 403);
    CHECK_EQ(running.service.last.by, "");
    // its own name resolves to the loopback address
    CHECK_EQ(enter(running.bearer() + kJsonType + "Origin: http://x\r\n"), 403);
    CHECK_EQ(running.service.last.by, "");
    CHECK_EQ(enter(running.bearer() + kJsonType + "Origin: https://x\r\n"), 201);
    CHECK_EQ(status_in(get(running.port, "/api/v1/status", basic)), 200);
    CHECK_EQ(status_in(get(running.port, "/", basic + "Sec-Fetch-Site: cross-site\r\n")),
             200); // a link on another page
}

CASE(changes_without_a_body_need_the_content_type_as_well) {
    Running running;
    const auto remove = [&](const std::string& headers) {
        return status_in(request(running.socket(), "DELETE /api/v1/overrides/2?reason=r "
                                                   "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                                                       headers + "\r\n"));
    };
    CHECK_EQ(remove(""), 415);
    CHECK_EQ(remove(kJsonType), 200);
    CHECK_EQ(status_in(post(running.socket(), "")), 415);
    CHECK_EQ(running.service.evaluated.load(), 0);
    CHECK_EQ(status_in(post(running.socket(), "", kJsonType)), 200);
}

CASE(answers_tell_browsers_what_not_to_do) {
    Running running;
    for (const char* target : {"/", "/web/app.js", "/api/v1/status", "/api/v1/nothing"}) {
        const auto answer = get(running.socket(), target);
        const bool file = !has(target, "/api");
        for (const char* line :
             {file ? "Cache-Control: no-cache\r\n" : "Cache-Control: no-store\r\n",
              "X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n",
              "frame-ancestors 'none'"})
            if (!has(answer, line) || answer.find(line) != answer.rfind(line))
                fail(std::string(target) + " has not once: " + line);
        CHECK(!has(answer, "Strict-Transport-Security"));
    }
}
