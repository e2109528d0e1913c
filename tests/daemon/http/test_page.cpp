// SPDX-License-Identifier: GPL-2.0-or-later
// The web page: its files, and the parts of the API that it was made for.
#include "common/hash/hash.hpp"
#include "daemon/http/server/encoding.hpp"
#include "daemon/http/server/router.hpp"
#include "daemon/http/views/web.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/daemon/http/raw_http.hpp"
#include "tests/support/case.hpp"
#include "tests/support/hostile.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>
#include <zlib.h>

using namespace sluice;
using sluice::test::FakeService;

namespace {

const http::Viewer kRoot{0, true, "", false};

http::Response ask(FakeService& service, const std::string& path,
                   std::map<std::string, std::string> query = {},
                   const http::Viewer& viewer = kRoot) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.query = std::move(query);
    request.viewer = viewer;
    return http::dispatch(request, service);
}

json::Value body_of(const http::Response& response) {
    auto body = json::parse(response.body, {.bytes = 1 << 20});
    CHECK(body.has_value());
    return std::move(*body);
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
        if (key == name)
            return value;
    return "";
}

std::string unpacked(const std::string& text) {
    std::string out(1 << 20, '\0');
    z_stream stream{};
    CHECK_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
    std::string in = text;
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    CHECK_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

// Names of the accounts of an answer, in its order.
std::string names(FakeService& service, std::map<std::string, std::string> query,
                  const http::Viewer& viewer = kRoot) {
    const auto body = body_of(ask(service, "/api/v1/accounts", std::move(query), viewer));
    std::string out;
    for (const auto& account : body["accounts"].items())
        out += (out.empty() ? "" : " ") + account["account"].text();
    return out;
}

} // namespace

CASE(the_page_runs_and_loads_only_files_of_the_daemon) {
    FakeService service;
    const auto page = ask(service, "/");
    CHECK_EQ(page.status, 200);
    CHECK(has(page.type, "text/html"));
    std::size_t size = 0;
    for (const auto& file : http::web_files()) {
        const bool page_itself = file.name == "index.html";
        const auto answer = ask(service, page_itself ? "/" : "/web/" + std::string(file.name));
        CHECK_EQ(answer.status, 200);
        CHECK_EQ(answer.body, std::string(file.text));
        const auto policy = header(answer, "Content-Security-Policy");
        CHECK(has(policy, "default-src 'none'") && !has(policy, "unsafe"));
        CHECK_EQ(header(answer, "Cache-Control"), "no-cache");
        for (const char* bad : {"innerHTML", "insertAdjacentHTML", "document.write", "eval(",
                                "://cdn", "src=\"http", "href=\"http", "javascript:"})
            if (has(file.text, bad))
                test::fail(std::string(file.name) + " has " + bad);
        size += file.text.size();
    }
    CHECK(!has(page.body, " style=") && !has(page.body, "<style") && !has(page.body, " onclick"));
    CHECK(size > 10'000);
    CHECK_EQ(ask(service, "/web/nothing.js").status, 404);
    CHECK_EQ(ask(service, "/web/../tokens").status, 404);
}

CASE(the_files_of_the_page_are_those_of_the_folder) {
    const char* top = std::getenv("SLUICE_SRCDIR");
    std::vector<std::string> there;
    for (const auto& each : std::filesystem::directory_iterator(
             std::string(top != nullptr ? top : ".") + "/daemon/http/web"))
        if (each.path().extension() != ".sh")
            there.push_back(each.path().filename());
    std::vector<std::string> embedded;
    for (const auto& file : http::web_files())
        embedded.emplace_back(file.name);
    std::sort(there.begin(), there.end());
    std::sort(embedded.begin(), embedded.end());
    CHECK(there == embedded);
}

CASE(gzip_is_sent_to_those_who_take_it) {
    for (const char* yes : {"gzip", "deflate, gzip", "GZIP;q=0.5", "br, gzip ;q=1.0, *;q=0"})
        CHECK(http::accepts_gzip(yes));
    for (const char* no : {"", "br", "gzip;q=0", "gzip; q=0.000", "x-gzip", "identity"})
        CHECK(!http::accepts_gzip(no));
    const std::string text(5000, 'x');
    http::Response packed{200, text};
    http::encode(packed, {true, ""});
    CHECK_EQ(header(packed, "Content-Encoding"), "gzip");
    CHECK(packed.body.size() < 100);
    CHECK_EQ(unpacked(packed.body), text);
    http::Response plain{200, text};
    http::encode(plain, {false, ""});
    CHECK_EQ(plain.body, text);
    CHECK_EQ(header(plain, "ETag"), header(packed, "ETag"));
    CHECK(has(header(plain, "Vary"), "Accept-Encoding"));
    http::Response few{200, "few"};
    http::encode(few, {true, ""});
    CHECK_EQ(few.body, "few");
}

CASE(an_answer_that_the_client_has_is_a_304) {
    http::Response first{200, "text"};
    http::encode(first, {true, ""});
    const auto tag = header(first, "ETag");
    http::Response again{200, "text"};
    http::encode(again, {true, "\"other\", " + tag});
    CHECK_EQ(again.status, 304);
    CHECK_EQ(again.body, "");
    CHECK_EQ(header(again, "ETag"), tag);
    http::Response changed{200, "texts"};
    http::encode(changed, {true, tag});
    CHECK_EQ(changed.status, 200);
    http::Response large{200, std::string((1 << 20) + 1, 'x')};
    http::encode(large, {true, ""});
    CHECK_EQ(header(large, "ETag"), "");
    CHECK_EQ(header(large, "Content-Encoding"), "gzip");
    http::Response failed{503, "text"};
    http::encode(failed, {true, tag});
    CHECK_EQ(failed.status, 503);
    CHECK_EQ(header(failed, "ETag"), "");
}

CASE(the_files_need_no_login_and_the_figures_do) {
    test::RunningTcp running;
    CHECK_EQ(test::status_in(test::get(running.port, "/")), 200);
    CHECK_EQ(test::status_in(test::get(running.port, "/web/app.js")), 200);
    for (const char* target : {"/api/v1/overview", "/api/v1/policies", "/webx", "/web"})
        CHECK_EQ(test::status_in(test::get(running.port, target)), 401);
    const auto accepts = running.bearer() + "Accept-Encoding: gzip\r\n";
    const auto packed = test::get(running.port, "/api/v1/status", accepts);
    CHECK(has(packed, "Content-Encoding: gzip\r\n"));
    const auto at = packed.find("ETag: ") + 6;
    const auto tag = packed.substr(at, packed.find('\r', at) - at);
    CHECK_EQ(test::status_in(test::get(running.port, "/api/v1/status",
                                       accepts + "If-None-Match: " + tag + "\r\n")),
             304);
    CHECK(!has(test::get(running.port, "/api/v1/status", running.bearer()), "Content-Encoding"));
}

CASE(accounts_are_searched_filtered_and_sorted) {
    FakeService service;
    auto cycle = test::sample_cycle(); // chem 61 %, empty, optics (observed), physics paused
    cycle.decision.accounts[0].notify_reached = true;
    cycle.decision.accounts[1].in_force.emplace();
    cycle.decision.accounts[1].error = "no";
    cycle.decision.accounts[2].policies = {"other"};
    cycle.decision.accounts[0].thresholds[0].forecast.date = instant(test::kNow + 100);
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const std::map<std::string, std::map<std::string, std::string>> cases{
        {"chem empty optics physics", {}},
        {"optics physics", {{"search", "ICS"}}},
        {"", {{"search", "nothing"}}},
        {"physics", {{"standing", "paused"}}},
        {"chem physics", {{"standing", "paused,warned"}}},
        {"chem ", {{"standing", "warned"}, {"search", "m"}}},
        {"optics", {{"standing", "observed"}}},
        {"empty", {{"standing", "overridden"}}},
        {"empty ", {{"standing", "failed"}}},
        {"empty  ", {{"standing", "normal"}}},
        {"optics ", {{"policy", "other"}}},
        {"optics  ", {{"parent", "Physics"}}},
        {"physics optics empty chem", {{"sort", "-account"}}},
        {"physics chem optics empty", {{"sort", "-usage"}}},
        {"physics chem empty optics", {{"sort", "-standing"}}},
        {"optics empty chem physics", {{"sort", "standing"}}},
        {"chem empty optics physics ", {{"sort", "forecast"}}},
    };
    for (const auto& [wanted, query] : cases) {
        const auto text = wanted.substr(0, wanted.find_last_not_of(' ') + 1);
        CHECK_EQ(names(service, query), text);
    }
    CHECK_EQ(names(service, {{"sort", "-usage"}, {"page", "2"}, {"page_size", "1"}}), "chem");
    CHECK_EQ(ask(service, "/api/v1/accounts", {{"standing", "stopped"}}).status, 400);
    CHECK_EQ(ask(service, "/api/v1/accounts", {{"sort", "name"}}).status, 400);
    const auto body = body_of(ask(service, "/api/v1/accounts", {{"account", "optics"}}));
    CHECK_EQ(body["accounts"].at(0)["parent"].text(), "physics");
    // bob is in chem
    const http::Viewer bob{test::kBob, false, "", false};
    CHECK_EQ(names(service, {{"parent", "physics"}}, bob), "");
    CHECK_EQ(names(service, {{"sort", "-usage"}}, bob), "chem");
}

CASE(overview_counts_accounts_and_groups_problems_by_remedy) {
    FakeService service;
    auto cycle = test::sample_cycle();
    for (int i = 0; i < 12; ++i)
        cycle.problems.push_back({"a" + std::to_string(i), "QOS crawl does not exist", "add it"});
    for (int i = 0; i < 30; ++i)
        cycle.problems.push_back({"", "problem " + std::to_string(i), ""});
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const auto body = body_of(ask(service, "/api/v1/overview"));
    CHECK_EQ(body["counts"]["accounts"].integer(), 4);
    CHECK_EQ(body["counts"]["paused"].integer(), 1);
    CHECK_EQ(body["counts"]["observed"].integer(), 1);
    CHECK_EQ(body["counts"]["normal"].integer(), 2);
    const auto found = body["attention"];
    CHECK_EQ(found["problems"].integer(), 42);
    CHECK_EQ(found["largest"].size(), 20U);
    CHECK_EQ(found["largest"].at(0)["remedy"].text(), "add it");
    CHECK_EQ(found["largest"].at(0)["count"].integer(), 12);
    CHECK_EQ(found["largest"].at(0)["accounts"].size(), 10U);
    const auto alice =
        body_of(ask(service, "/api/v1/overview", {}, {test::kAlice, false, "", false}));
    CHECK_EQ(alice["counts"]["accounts"].integer(), 2);
    CHECK(alice["attention"].is_null());
    CHECK_EQ(alice["daemon"]["config_file"].text(), "");
    CHECK(!alice["outbox"].exists());
    service.cycle = nullptr;
    CHECK(body_of(ask(service, "/api/v1/overview"))["counts"].is_null());
}

CASE(overview_steers_no_terminal) {
    FakeService service;
    auto cycle = test::sample_cycle();
    cycle.problems = {{"a" + test::kHostile, "b" + test::kHostile, "c" + test::kHostile}};
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    service.daemon.cluster += test::kHostile;
    CHECK_EQ(test::harm_in(ask(service, "/api/v1/overview").body), "");
}

CASE(policies_are_listed_by_the_keys_of_the_file) {
    FakeService service;
    const auto body = body_of(ask(service, "/api/v1/policies"));
    CHECK_EQ(body["policies"].size(), 1U);
    const auto policy = body["policies"].at(0);
    CHECK_EQ(policy["name"].text(), "quarterly");
    CHECK_EQ(policy["accounts"].integer(), 4);
    CHECK_EQ(policy["period"].text(), "quarter");
    CHECK_EQ(policy["notify_at"].integer(), 80);
}

CASE(records_are_paged_by_number) {
    FakeService service;
    CHECK_EQ(ask(service, "/api/v1/evaluations", {{"before", "5"}, {"only", "changed"}}).status,
             200);
    CHECK_EQ(ask(service, "/api/v1/commands", {{"only", "failed"}}).status, 200);
    CHECK_EQ(ask(service, "/api/v1/commands", {{"only", "open"}}).status, 200);
    CHECK_EQ(ask(service, "/api/v1/commands", {{"only", "changed"}}).status, 400);
    CHECK_EQ(ask(service, "/api/v1/overrides", {{"only", "failed"}}).status, 400);
    for (const char* bad : {"0", "-1", "x"})
        CHECK_EQ(ask(service, "/api/v1/evaluations", {{"before", bad}}).status, 400);
}
