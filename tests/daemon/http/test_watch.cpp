// SPDX-License-Identifier: GPL-2.0-or-later
// Readiness, metrics, the description of the routes, and Open OnDemand's balances.
#include "daemon/http/server/router.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"
#include "tests/support/hostile.hpp"

#include <algorithm>
#include <cctype>
#include <map>

using namespace sluice;
using sluice::test::FakeService;

namespace {

http::Response get(FakeService& service, const std::string& path,
                   http::Viewer viewer = {0, true, "", false},
                   std::map<std::string, std::string> query = {}) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    for (auto& [key, value] : query)
        request.query.emplace(key, value);
    request.viewer = std::move(viewer);
    return http::dispatch(request, service);
}

json::Value parsed(const http::Response& response) {
    auto body = json::parse(response.body, {.bytes = 1 << 20});
    CHECK(body.has_value());
    return std::move(*body);
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

CASE(ready_means_that_each_part_is) {
    FakeService service;
    CHECK_EQ(get(service, "/readyz").status, 200);
    service.plugins = false;
    service.daemon.down = {"slurmdbd"};
    service.daemon.now += std::chrono::hours(1);
    const auto answer = get(service, "/readyz");
    CHECK_EQ(answer.status, 503);
    const auto body = parsed(answer);
    CHECK(!body["parts"]["slurmdbd"]["ready"].boolean());
    CHECK(body["parts"]["journal"]["ready"].boolean());
    CHECK(!body["parts"]["plugin"]["ready"].boolean());
    CHECK_EQ(body["parts"]["cycle"]["fault"].text(), "the last evaluation was 3600 s ago");
    service.cycle = nullptr;
    CHECK_EQ(get(service, "/readyz").status, 503);
}

CASE(metrics_have_types_and_escaped_labels) {
    FakeService service;
    auto cycle = sluice::test::sample_cycle();
    cycle.decision.accounts.front().account = "odd\"na\\me\n";
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const auto answer = get(service, "/metrics");
    CHECK(has(answer.type, "version=0.0.4"));
    CHECK(has(answer.body, "# TYPE sluice_account_usage_ratio gauge\n"));
    CHECK(has(answer.body, "sluice_account_usage_ratio{account=\"physics\"} 1.2310\n"));
    CHECK(has(answer.body, "sluice_account_paused{account=\"odd\\\"na\\\\me\\\\n\","
                           "mode=\"enforce\"} 0\n"));
    // An alert on a pause must not fire for an account that is only observed.
    CHECK(has(answer.body, "sluice_account_paused{account=\"physics\",mode=\"enforce\"} 1\n"));
    CHECK(has(answer.body, "sluice_account_paused{account=\"optics\",mode=\"observe\"} 0\n"));
    CHECK(has(answer.body, "sluice_account_would_be_paused{account=\"optics\"} 1\n"));
    CHECK(!has(answer.body, "sluice_account_would_be_paused{account=\"physics\"}"));
    CHECK(has(answer.body, "sluice_submissions_refused_total{host=\"ctl1\"} 3\n"));
    CHECK(has(answer.body, "sluice_plugin_stored_sequence{host=\"ctl1\"} 11\n"));
    CHECK(has(answer.body, "sluice_plugin_snapshot_sequence{host=\"ctl1\"} "));
    CHECK(has(answer.body, "sluice_plugin_seen_timestamp_seconds{host=\"ctl1\"} "));
    CHECK(has(answer.body, "sluice_evaluation_interval_seconds 60\n"));
    CHECK(has(answer.body, "sluice_submissions_oversized_total{host=\"ctl1\"} 1\n"));
    CHECK(has(answer.body, "sluice_source_up{source=\"slurmdbd\"} 1\n"));
    CHECK_EQ(get(service, "/metrics", {5, false, "", false}).status, 403);
    CHECK_EQ(get(service, "/metrics", {5, false, "token x", true}).status, 200);
}

CASE(metrics_of_ten_thousand_accounts_stay_below_a_megabyte) {
    FakeService service;
    auto cycle = sluice::test::sample_cycle();
    auto account = cycle.decision.accounts.back();
    account.flags = {};
    account.percent = 5000;
    cycle.decision.accounts.assign(10'000, account);
    for (std::size_t i = 0; i < 10'000; ++i)
        cycle.decision.accounts[i].account = "department-project-" + std::to_string(10'000 + i);
    cycle.decision.accounts[7000].flags.paused = true;
    cycle.decision.accounts[7000].enforced.paused = true;
    cycle.decision.accounts[8000].percent = 9900;
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const auto body = get(service, "/metrics").body;
    CHECK(body.size() < 1'000'000);
    CHECK(has(body,
              "sluice_account_paused{account=\"department-project-17000\",mode=\"enforce\"} 1\n"));
    CHECK(has(body, "sluice_account_usage_ratio{account=\"department-project-18000\"} 0.9900\n"));
    CHECK(has(body, "standing=\"paused\"} 1\n"));
    CHECK(has(body, "sluice_accounts_with_samples 1000\n"));
    const auto with = [&](const std::string& query) {
        return get(service, "/metrics", {0, true, "", false}, {{"accounts", query}});
    };
    CHECK(has(with("all").body, "sluice_accounts_with_samples 10000\n"));
    CHECK(has(with("all").body, "account=\"department-project-19999\""));
    CHECK(!has(with("none").body, "account="));
    CHECK_EQ(with("some").status, 400);
    service.daemon.account_series.accounts = 2;
    CHECK(has(with("").body, "sluice_accounts_with_samples 2\n"));
    CHECK(has(with("").body, "sluice_account_paused{account=\"department-project-17000\""));
    CHECK(has(with("all").body, "sluice_accounts_with_samples 10000\n"));
    service.daemon.account_series = {1000, {"none-of-them"}};
    CHECK(has(with("").body, "sluice_accounts_with_samples 0\n"));
    CHECK(has(with("").body, "standing=\"paused\"} 1\n")); // all are counted
}

CASE(metrics_hide_and_steer_nothing) {
    FakeService service;
    auto cycle = sluice::test::sample_cycle();
    auto& account = cycle.decision.accounts.back();
    account.account += test::kHostile;
    account.policies = {"q" + test::kHostile};
    account.period.label += test::kHostile;
    account.error = "x" + test::kHostile;
    account.figures.front().component.name += test::kHostile;
    cycle.problems = {{"a" + test::kHostile, "b" + test::kHostile, "c" + test::kHostile}};
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    service.daemon.cluster += test::kHostile;
    service.daemon.config_error = test::kHostile;
    service.daemon.version += test::kHostile;
    service.daemon.down = {"slurmdbd" + test::kHostile};
    service.end_texts_with(test::kHostile);
    CHECK_EQ(test::harm_in(get(service, "/metrics").body), "");
}

CASE(metrics_tell_how_old_waldurs_answer_is_and_what_waits_for_it) {
    FakeService service;
    const auto quiet = get(service, "/metrics").body;
    CHECK(!has(quiet, "waldur"));
    service.daemon.waldur_asked = instant(1'795'400'000);
    service.daemon.waldur_answers = {{"a1", instant(1'795'300'000)},
                                     {"b2", instant(1'795'400'000)}};
    service.daemon.down = {"waldur"};
    service.post.held.emplace_back();
    service.post.held.back().state = ports::MessageState::parked;
    const auto body = get(service, "/metrics").body;
    CHECK(has(body, "sluice_source_up{source=\"waldur\"} 0\n"));
    CHECK(has(body, "sluice_source_up{source=\"journal\"} 1\n"));
    CHECK(has(body, "sluice_waldur_answer_timestamp_seconds{offering=\"a1\"} 1795300000\n"));
    CHECK(has(body, "sluice_waldur_answer_timestamp_seconds{offering=\"b2\"} 1795400000\n"));
    CHECK(has(body, "sluice_outbox_messages{target=\"waldur\",state=\"waiting\"} 0\n"));
    CHECK(has(body, "sluice_outbox_messages{target=\"waldur\",state=\"parked\"} 1\n"));
}

CASE(openapi_describes_every_route_and_nothing_else) {
    FakeService service;
    const auto body = parsed(get(service, "/api/v1/openapi.json"));
    std::size_t described = 0;
    for (const auto& path : body["paths"].keys())
        described += body["paths"][path].size();
    CHECK_EQ(described, http::routes().size());
    for (const auto& route : http::routes()) {
        std::string method;
        for (const char c : route.method)
            method += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        const auto operation = body["paths"][route.path][method];
        CHECK(operation.exists());
        CHECK(!operation["summary"].text().empty());
        CHECK(operation["responses"]["200"].exists());
        const bool placeholder = route.path.find('{') != std::string_view::npos;
        CHECK_EQ(placeholder, operation["parameters"].size() != 0 &&
                                  operation["parameters"].at(0)["in"].text() == "path");
    }
}

// Whatever the description calls required is asked for, and it knows each key that a route takes.
CASE(openapi_describes_bodies_as_the_routes_take_them) {
    FakeService service;
    const auto api = parsed(get(service, "/api/v1/openapi.json"));
    const auto paths = api["paths"];
    for (const char* path :
         {"/api/v1/evaluate", "/api/v1/overrides", "/api/v1/adjustments", "/api/v1/resets",
          "/api/v1/releases", "/api/v1/reload", "/api/v1/cleanup"}) {
        const auto schema =
            paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        http::Request request;
        request.method = "POST";
        request.path = path;
        request.viewer = {0, true, "", false};
        request.body = R"({"no_such_key":1})";
        const auto refused = http::dispatch(request, service);
        CHECK_EQ(refused.status, 400);
        for (const auto& key : schema["properties"].keys())
            CHECK(has(refused.body, key));
        const auto known = refused.body.substr(refused.body.find("known: "));
        CHECK_EQ(static_cast<std::size_t>(std::count(known.begin(), known.end(), ',')) + 1,
                 schema["properties"].size());
        request.body = "{}";
        if (schema["required"].size() != 0)
            CHECK_EQ(http::dispatch(request, service).status, 400);
    }
    CHECK(!paths["/api/v1/status"]["get"]["requestBody"].exists());
}

CASE(ondemand_gets_a_balance_for_each_user_and_account) {
    FakeService service;
    const auto body = parsed(get(service, "/api/v1/ondemand/balances.json"));
    CHECK_EQ(body["version"].integer(), 1);
    CHECK_EQ(body["config"]["unit"].text(), "node_hours");
    CHECK_EQ(body["balances"].size(), 2U);
    CHECK_EQ(body["balances"].at(1)["user"].text(), "bob");
    CHECK_EQ(body["balances"].at(1)["project"].text(), "chem");
    CHECK_EQ(body["balances"].at(1)["value"].number(), 389.75);
    CHECK_EQ(get(service, "/api/v1/ondemand/balances.json", {5, false, "", false}).status, 403);
    // OnDemand warns by one threshold for all accounts: the daemon leaves out those that are
    // normal.
    auto cycle = sluice::test::sample_cycle();
    cycle.users.front().accounts.push_back("physics");
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const auto only = [&](const std::string& word) {
        return get(service, "/api/v1/ondemand/balances.json", {0, true, "", false},
                   {{"only", word}});
    };
    const auto warned = parsed(only("warned"));
    CHECK_EQ(warned["balances"].size(), 1U);
    CHECK_EQ(warned["balances"].at(0)["project"].text(), "physics");
    CHECK_EQ(only("paused").status, 400);
}

CASE(overview_warns_when_a_plugin_cannot_store_its_snapshot) {
    FakeService service;
    CHECK(!has(get(service, "/api/v1/overview").body, "is not stored"));
    service.unstored_since = service.daemon.now - std::chrono::seconds(121);
    CHECK(has(get(service, "/api/v1/overview").body,
              ": the snapshot in use is not stored; after a restart"));
}

CASE(readers_see_everything_and_change_nothing) {
    FakeService service;
    http::Request request;
    request.method = "POST";
    request.path = "/api/v1/overrides";
    request.viewer = {4294967295U, false, "token grafana", true};
    const auto refused = http::dispatch(request, service);
    CHECK_EQ(refused.status, 403);
    CHECK(has(refused.body, "The token grafana may only read."));
    CHECK_EQ(parsed(get(service, "/api/v1/accounts", request.viewer))["accounts"].size(), 4U);
    CHECK_EQ(get(service, "/api/v1/cycles", request.viewer).status, 200);
    CHECK_EQ(get(service, "/api/v1/tokens").status, 404);
    CHECK_EQ(get(service, "/api/v1/tokens", {4294967295U, true, "token waldur", false}).status,
             403);
}
