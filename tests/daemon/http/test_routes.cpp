// SPDX-License-Identifier: GPL-2.0-or-later
// The routes without a socket: who sees what, what is refused, and how it looks.
#include "common/json/json.hpp"
#include "daemon/http/server/router.hpp"
#include "daemon/http/views/accounts.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

using namespace sluice;
using sluice::test::FakeService;

namespace {

const http::Viewer kRoot{0, true};
const http::Viewer kAlice{sluice::test::kAlice, false};
const http::Viewer kStranger{4294967294U, false};

struct Answer {
    int status;
    json::Value body;
    std::string allow;
};

Answer ask(FakeService& service, http::Request request) {
    auto response = http::dispatch(request, service);
    CHECK(response.body.ends_with('\n'));
    auto body = json::parse(response.body, {.bytes = 1 << 20});
    CHECK(body.has_value());
    return {response.status, std::move(*body), response.allow};
}

Answer get(const std::string& path, http::Viewer viewer = kRoot,
           std::map<std::string, std::string> query = {}) {
    FakeService service;
    return ask(service, {"GET", path, std::move(query), "", viewer});
}

Answer post(const std::string& body, http::Viewer viewer = kRoot) {
    FakeService service;
    return ask(service, {"POST", "/api/v1/evaluate", {}, body, viewer});
}

} // namespace

CASE(staff_see_all_accounts_and_users_theirs_with_the_parents) {
    CHECK_EQ(get("/api/v1/accounts").body["accounts"].size(), 4u);
    const auto alice = get("/api/v1/accounts", kAlice);
    CHECK_EQ(alice.body["accounts"].size(), 2u);
    CHECK_EQ(alice.body["accounts"].at(0)["account"].text(), "optics");
    CHECK_EQ(alice.body["accounts"].at(1)["account"].text(), "physics");
}

CASE(a_user_whom_slurm_does_not_know_sees_nothing) {
    FakeService service;
    auto cycle = sluice::test::sample_cycle();
    cycle.users.push_back({"ghost", 4294967294U, "chem", {"chem"}});
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const auto answer = ask(service, {"GET", "/api/v1/accounts", {}, "", kStranger});
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.body["accounts"].size(), 0u);
}

CASE(figures_are_numbers_in_the_components_unit) {
    const auto answer = get("/api/v1/accounts/physics");
    CHECK_EQ(answer.status, 200);
    const auto account = answer.body["account"];
    const auto component = account["components"].at(0);
    CHECK_EQ(component["allocation"].integer(), 1000);
    CHECK_EQ(component["used"].number(), 1231.000277);
    CHECK_EQ(component["left"].number(), -231.000277);
    CHECK_EQ(component["usage_percentage"].number(), 123.1);
    CHECK_EQ(account["standing"].text(), "paused");
    CHECK_EQ(account["until"].text(), "2027-01-01T00:00:00Z");
    CHECK_EQ(account["until_epoch"].integer(), 1798761600);
    CHECK_EQ(account["period"]["begin"].text(), "2026-10-01T00:00:00Z");
    CHECK_EQ(answer.body["explain"].size(), 2u);
}

CASE(an_observed_account_is_not_paused_but_would_be) {
    const auto optics = get("/api/v1/accounts/optics").body;
    const auto account = optics["account"];
    CHECK_EQ(account["mode"].text(), "observe");
    CHECK_EQ(account["standing"].text(), "normal");
    CHECK(!account["paused"].boolean());
    CHECK_EQ(account["would_be"]["standing"].text(), "paused");
    CHECK_EQ(account["cause"]["account"].text(), "physics");
    CHECK_EQ(account["cause"]["text"].text(),
             "the usage of account physics: 1231 of 1000 node_hours used in 2026-Q4 (123.10 %, "
             "grace to 120 %)");
    CHECK(get("/api/v1/accounts/physics").body["account"]["would_be"].is_null());
    CHECK_EQ(optics["meta"]["timezone"].text(), "UTC");
}

CASE(users_read_the_reason_of_an_override_only_where_it_says_so) {
    const auto reason = [](const http::Viewer& viewer) {
        return get("/api/v1/overrides", viewer).body["overrides"].at(0)["reason"].text();
    };
    CHECK_EQ(reason(kRoot), "deadline");
    CHECK_EQ(reason(kAlice), "");
    FakeService service;
    auto cycle = sluice::test::sample_cycle();
    auto& physics = cycle.decision.accounts.back();
    physics.in_force = model::Override{
        7, "physics", model::Standing::paused, {}, instant(1'796'443'341), "ticket 4711", "anna"};
    physics.cause = {model::CauseKind::override_, "", 7};
    const auto ask_for = [&](const char* name) {
        service.cycle = std::make_shared<ports::CycleReport>(cycle);
        return ask(service, {"GET", std::string("/api/v1/accounts/") + name, {}, "", kAlice});
    };
    CHECK_EQ(ask_for("physics").body["account"]["override"]["reason"].text(), "");
    CHECK_EQ(ask_for("optics").body["account"]["cause"]["by"].text(), "anna");
    CHECK_EQ(ask_for("optics").body["account"]["cause"]["until"].text(), "2026-12-05T04:02:21Z");
    CHECK_EQ(ask_for("optics").body["account"]["cause"]["text"].text(),
             "staff (anna) until 2026-12-05T04:02:21+00:00 (account physics)");
    physics.in_force->show_reason = true;
    CHECK_EQ(ask_for("physics").body["account"]["override"]["reason"].text(), "ticket 4711");
    const char* body = R"({"account":"physics","standing":"paused","until":"now+1day",)"
                       R"("reason":"r","show_reason":1})";
    CHECK_EQ(ask(service, {"POST", "/api/v1/overrides", {}, body, kRoot}).status, 400);
}

CASE(names_are_found_in_any_case) {
    CHECK_EQ(get("/api/v1/accounts/PHYSICS").body["account"]["account"].text(), "physics");
    const auto some = get("/api/v1/accounts", kRoot, {{"account", "Physics,CHEM"}});
    CHECK_EQ(some.body["accounts"].size(), 2u);
    const auto balance = get("/api/v1/balances", kRoot, {{"user", "ALICE"}});
    CHECK_EQ(balance.status, 200);
    FakeService service;
    const auto done =
        ask(service, {"POST", "/api/v1/evaluate", {}, R"({"accounts": ["PHYSICS"]})", kRoot});
    CHECK_EQ(done.body["accounts"].size(), 1u);
}

CASE(an_allocation_of_nothing_has_no_percentage) {
    const auto answer = get("/api/v1/accounts/empty");
    CHECK(answer.body["account"]["usage_percentage"].is_null());
    CHECK(answer.body["account"]["components"].at(0)["usage_percentage"].is_null());
}

CASE(an_unknown_account_is_404_with_a_suggestion) {
    const auto answer = get("/api/v1/accounts/phisics");
    CHECK_EQ(answer.status, 404);
    CHECK_EQ(answer.body["detail"].text(),
             "account 'phisics' is not known in Slurm; did you mean 'physics'?");
}

CASE(an_account_without_allocation_is_told_what_bounds_it) {
    CHECK_EQ(get("/api/v1/accounts/lasers").body["detail"].text(),
             "account 'lasers' has no allocation of its own; it is bounded by 'optics'");
    for (const char* name : {"idle", "loop"})
        CHECK_EQ(get(std::string("/api/v1/accounts/") + name).body["detail"].text(),
                 std::string("account '") + name +
                     "' has no policy with an allocation, nor has an account above it");
}

CASE(users_cannot_tell_a_foreign_account_from_an_unknown_one) {
    const auto foreign = get("/api/v1/accounts/chem", kAlice);
    const auto unknown = get("/api/v1/accounts/none", kAlice);
    CHECK_EQ(foreign.status, 404);
    CHECK_EQ(unknown.status, 404);
    CHECK_EQ(foreign.body["detail"].text(),
             "account 'chem' does not exist, or you do not belong to it");
}

CASE(only_staff_may_start_a_cycle_or_see_the_plugin_server) {
    CHECK_EQ(post("{}", kAlice).status, 403);
    CHECK_EQ(get("/api/v1/plugins", kAlice).status, 403);
    CHECK_EQ(post("{}").status, 200);
    CHECK_EQ(get("/api/v1/plugins").body["plugin_server"]["plugins"].at(0)["refused"].integer(), 3);
}

CASE(a_dry_run_shows_the_plan_and_evaluate_the_outcome) {
    const auto dry = post("{\"dry_run\": true}");
    CHECK(dry.body["cycle"]["dry_run"].boolean());
    CHECK(dry.body["commands"].at(0)["success"].is_null());
    CHECK(dry.body["commands"].at(0)["id"].is_null());
    const auto real = post("");
    CHECK(real.body["commands"].at(0)["success"].boolean());
    CHECK_EQ(real.body["commands"].at(0)["parameters"]["qos"].at(0).text(), "blocked");
    CHECK_EQ(real.body["commands"].at(0)["execution_mode"].text(), "production");
}

CASE(evaluate_shows_only_the_accounts_asked_for) {
    const auto answer = post("{\"accounts\": [\"chem\"]}");
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(answer.body["accounts"].size(), 1u);
    CHECK_EQ(answer.body["commands"].size(), 0u);
    CHECK_EQ(post("{\"accounts\": [\"kem\"]}").status, 404);
}

CASE(evaluate_answers_with_changes_and_counts_the_other_accounts) {
    const auto all = post("{\"all\": true}");
    CHECK_EQ(all.body["unchanged"].integer(-1), 0);
    const auto some = post("{}");
    CHECK(some.body["accounts"].size() > 0 && some.body["unchanged"].integer() > 0);
    CHECK_EQ(some.body["accounts"].size() +
                 static_cast<std::size_t>(some.body["unchanged"].integer()),
             all.body["accounts"].size());
    for (const auto& account : some.body["accounts"].items())
        CHECK(!account["error"].text().empty() || account["actions_taken"].size() > 0 ||
              account["previous_state"]["paused"].boolean() !=
                  account["new_state"]["paused"].boolean() ||
              account["previous_state"]["downscaled"].boolean() !=
                  account["new_state"]["downscaled"].boolean());
    CHECK_EQ(post("{\"accounts\": [\"chem\"]}").body["unchanged"].integer(-1), 0);
    CHECK_EQ(post("{\"all\": 1}").status, 400);
}

CASE(bad_bodies_are_400_and_say_why) {
    CHECK_EQ(post("{\"dry_run\": 1}").body["detail"].text(), "dry_run must be true or false");
    for (const char* bad : {"[]", "{", "nonsense", "{\"dryrun\": true}", "{\"accounts\": \"x\"}",
                            "{\"accounts\": [1]}", "{\"dry_run\": true, \"dry_run\": false}"})
        CHECK_EQ(post(bad).status, 400);
    CHECK_EQ(post(std::string(1000, '[')).status, 400);
}

CASE(a_bad_request_starts_no_cycle) {
    FakeService service;
    ask(service, {"POST", "/api/v1/evaluate", {}, "{\"dryrun\": true}", kRoot});
    ask(service, {"POST", "/api/v1/evaluate", {}, "{}", kAlice});
    CHECK_EQ(service.evaluating.load(), 0);
}

CASE(unknown_paths_are_404_and_other_methods_405) {
    CHECK_EQ(get("/api").status, 404);
    CHECK_EQ(get("/api/v1/accounts/").status, 200);
    CHECK_EQ(get("/api/v1/nothing").status, 404);
    const auto answer = get("/api/v1/evaluate");
    CHECK_EQ(answer.status, 405);
    CHECK_EQ(answer.allow, "POST");
    FakeService service;
    CHECK_EQ(ask(service, {"DELETE", "/api/v1/status", {}, "", kRoot}).allow, "GET");
}

CASE(journal_is_cut_to_the_viewers_accounts) {
    CHECK_EQ(get("/api/v1/evaluations").body["evaluations"].size(), 2u);
    const auto alice = get("/api/v1/evaluations", kAlice);
    CHECK_EQ(alice.body["evaluations"].size(), 1u);
    CHECK_EQ(alice.body["evaluations"].at(0)["account"].text(), "physics");
    CHECK_EQ(get("/api/v1/evaluations", kAlice, {{"account", "chem"}}).status, 404);
    CHECK_EQ(get("/api/v1/commands", kStranger).body["commands"].size(), 0u);
    CHECK_EQ(get("/api/v1/evaluations", kStranger).body["evaluations"].size(), 0u);
}

CASE(limit_is_a_number_in_bounds) {
    CHECK_EQ(get("/api/v1/commands", kRoot, {{"limit", "1"}}).body["commands"].size(), 1u);
    for (const char* bad : {"0", "-1", "x", "1x", "10001", ""})
        CHECK_EQ(get("/api/v1/commands", kRoot, {{"limit", bad}}).status, 400);
}

CASE(a_locked_journal_is_503) {
    FakeService service;
    service.journal_away = true;
    const auto answer = ask(service, {"GET", "/api/v1/commands", {}, "", kRoot});
    CHECK_EQ(answer.status, 503);
    CHECK_EQ(answer.body["detail"].text(), "journal: database is locked");
}

CASE(status_warns_when_a_plugin_cannot_store_its_snapshot) {
    FakeService service;
    const auto count = [&](std::int64_t seconds, const http::Viewer& viewer) {
        service.unstored_since = service.daemon.now - std::chrono::seconds(seconds);
        return ask(service, {"GET", "/api/v1/status", {}, "", viewer}).body["warnings"].size();
    };
    const auto usual = count(120, kRoot);
    CHECK_EQ(count(121, kRoot), usual + 1);
    CHECK_EQ(count(121, kAlice), count(120, kAlice));
    const auto answer = ask(service, {"GET", "/api/v1/plugins", {}, "", kRoot});
    const auto plugin = answer.body["plugin_server"]["plugins"].at(0);
    CHECK_EQ(plugin["stored_sequence"].integer(), 10);
    CHECK_EQ(plugin["oversized"].integer(), 1);
    CHECK_EQ(plugin["unstored_since_epoch"].integer(), epoch(*service.unstored_since));
}

CASE(status_warns_of_what_makes_the_figures_doubtful) {
    FakeService service;
    service.daemon.down = {"slurmdbd"};
    service.daemon.config_error = "sluiced.yaml:3:5: unknown key";
    service.plugins = false;
    auto cycle = sluice::test::sample_cycle();
    cycle.error = "slurmdbd: Connection refused";
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    CHECK_EQ(ask(service, {"GET", "/api/v1/status", {}, "", kRoot}).body["warnings"].size(), 4u);
    const auto user = ask(service, {"GET", "/api/v1/status", {}, "", kAlice});
    CHECK_EQ(user.body["warnings"].size(), 2u);
    CHECK_EQ(user.body["daemon"]["config_error"].text(), "");
    CHECK_EQ(user.body["cycle"]["error"].text(), "");
}

CASE(before_the_first_cycle_status_says_so) {
    FakeService service;
    service.cycle = nullptr;
    const auto status = ask(service, {"GET", "/api/v1/status", {}, "", kRoot});
    CHECK_EQ(status.status, 200);
    CHECK(status.body["cycle"].is_null());
    CHECK_EQ(status.body["warnings"].at(0)["description"].text(),
             "no evaluation has completed yet");
    CHECK_EQ(ask(service, {"GET", "/api/v1/balances", {}, "", kRoot}).status, 503);
    CHECK_EQ(ask(service, {"GET", "/api/v1/accounts/x", {}, "", kAlice}).status, 503);
    CHECK_EQ(ask(service, {"GET", "/api/v1/accounts", {}, "", kAlice}).status, 200);
}

CASE(balances_are_ones_own_unless_staff_ask) {
    const auto own = get("/api/v1/balances", kAlice);
    CHECK_EQ(own.body["balances"].size(), 2u);
    CHECK_EQ(own.body["balances"].at(0)["left"].integer(), 99);
    CHECK_EQ(own.body["balances"].at(0)["resets"].text(), "2027-01-01T00:00:00Z");
    CHECK_EQ(own.body["default_account"].text(), "optics");
    CHECK(own.body["balances"].at(0)["default"].boolean());
    CHECK(!own.body["balances"].at(1)["default"].boolean());
    CHECK_EQ(get("/api/v1/balances", kAlice, {{"user", "alice"}}).status, 200);
    CHECK_EQ(get("/api/v1/balances", kAlice, {{"user", "bob"}}).status, 403);
    CHECK_EQ(get("/api/v1/balances", kRoot, {{"user", "bob"}}).body["balances"].size(), 1u);
    CHECK_EQ(get("/api/v1/balances", kRoot, {{"user", "nobody"}}).status, 404);
    CHECK_EQ(get("/api/v1/balances", kRoot).body["balances"].size(), 0u);
}

CASE(what_staff_change_waits_for_a_cycle) {
    const std::set<std::string_view> at_once{
        "/api/v1/cleanup",           "/api/v1/tokens",           "/api/v1/tokens/{name}",
        "/api/v1/outbox/{id}/retry", "/api/v1/outbox/{id}/drop", "/api/v1/outbox/test"};
    for (const auto& route : http::routes())
        CHECK_EQ(http::waits({std::string(route.method), route.path, {}, "", {}}),
                 ((route.traits & http::kStaff) != 0 && route.method != "GET" &&
                  !at_once.contains(route.path)) ||
                     route.path == "/api/v1/controller" || route.path == "/api/v1/transfers" ||
                     route.path == "/api/v1/replays/{id}" ||
                     route.path == "/api/v1/accounts/{name}/usage");
}

CASE(every_route_is_documented) {
    const char* top = std::getenv("SLUICE_SRCDIR");
    std::ifstream file(std::string(top != nullptr ? top : ".") + "/docs/http-api.md");
    std::ostringstream text;
    text << file.rdbuf();
    for (const auto& route : http::routes())
        CHECK(text.str().find("`" + std::string(route.method) + " " + route.path) !=
              std::string::npos);
}

CASE(staff_enter_with_a_reason_and_see_the_cycle) {
    FakeService service;
    const char* body = R"({"account":"physics","standing":"normal","until":"now+1day",)"
                       R"("reason":"deadline"})";
    const auto answer = ask(service, {"POST", "/api/v1/overrides", {}, body, kRoot});
    CHECK_EQ(answer.status, 201);
    CHECK_EQ(answer.body["id"].integer(), 4);
    CHECK_EQ(answer.body["accounts"].at(0)["account"].text(), "physics");
    CHECK_EQ(service.last.by, "root");
    CHECK_EQ(service.last.reason, "deadline");
    CHECK_EQ(ask(service, {"POST", "/api/v1/overrides", {}, body, kAlice}).status, 403);
    const auto ended =
        ask(service,
            {"DELETE", "/api/v1/overrides/2", {{"reason", "done"}}, "", http::Viewer{77, true}});
    CHECK_EQ(ended.status, 200);
    CHECK_EQ(service.last.by, "uid 77");
    CHECK_EQ(ask(service, {"DELETE", "/api/v1/overrides/3", {{"reason", "x"}}, "", kRoot}).status,
             404);
    CHECK_EQ(ask(service, {"DELETE", "/api/v1/overrides/x", {{"reason", "x"}}, "", kRoot}).status,
             404);
}

CASE(a_dry_entry_is_no_new_thing) {
    FakeService service;
    const char* body = R"({"account":"chem","units":{"node_hours":"2.5"},"reason":"r",)"
                       R"("dry_run":true})";
    const auto answer = ask(service, {"POST", "/api/v1/adjustments", {}, body, kRoot});
    CHECK_EQ(answer.status, 200);
    CHECK(answer.body["id"].is_null());
    CHECK(service.last.dry_run);
}

CASE(entries_that_cannot_be_understood_are_refused) {
    const std::pair<const char*, const char*> cases[] = {
        {"/api/v1/overrides", R"({"account":"physics","standing":"quick","reason":"r"})"},
        {"/api/v1/overrides", R"({"account":7,"standing":"normal","reason":"r"})"},
        {"/api/v1/overrides", R"({"acount":"physics"})"},
        {"/api/v1/overrides", R"([])"},
        {"/api/v1/adjustments", R"({"account":"chem","units":{"node_hours":2.5},"reason":"r"})"},
        {"/api/v1/adjustments", R"({"account":"chem","units":[],"reason":"r"})"},
        {"/api/v1/transfers", R"({"from":"chem","units":{"node_hours":1},"reason":"r"})"},
        {"/api/v1/transfers", R"({"from":"chem","to":"x","units":[],"reason":"r"})"},
        {"/api/v1/transfers", R"({"from":"chem","to":"x","account":"x","reason":"r"})"},
        {"/api/v1/resets", R"({"accounts":[],"reason":"r"})"},
        {"/api/v1/resets", R"({"accounts":[1],"reason":"r"})"},
        {"/api/v1/releases", R"({"accounts":[],"reason":"r"})"},
        {"/api/v1/reload", R"({"confirm":"yes"})"},
        {"/api/v1/policies", R"({"policy":{},"reason":"r"})"},
        {"/api/v1/policies", R"({"name":"p","reason":"r"})"},
        {"/api/v1/policies", R"({"name":"p","policy":[],"reason":"r"})"},
        {"/api/v1/policies", R"({"name":"p","preset":"weekly","reason":"r"})"},
        {"/api/v1/policies", R"({"name":"p","polcy":{},"reason":"r"})"},
        {"/api/v1/policies", R"({"name":"p","policy":{},"version":"1","reason":"r"})"},
        {"/api/v1/allocations", R"({"account":"p","allocation":5,"reason":"r"})"},
        {"/api/v1/evaluate", R"({"dry_run":true,"config":7})"},
        {"/api/v1/cleanup", R"({"before":1})"},
        {"/api/v1/cleanup", R"({"dry_run":"yes"})"},
    };
    FakeService service;
    for (const auto& [path, body] : cases)
        CHECK_EQ(ask(service, {"POST", path, {}, body, kRoot}).status, 400);
}

CASE(staff_set_policies_and_allocations) {
    FakeService service;
    const std::string path = "/api/v1/policies/gpu";
    const char* body = R"({"policy":{"grace_ratio":0.2},"version":3,"reason":"r"})";
    CHECK_EQ(ask(service, {"PUT", path, {}, R"({"policy":{},"reason":"r"})", kRoot}).status, 428);
    CHECK_EQ(ask(service, {"DELETE", path, {}, "", kRoot}).status, 428);
    CHECK_EQ(ask(service, {"PUT", path, {}, body, kRoot}).status, 409);
    service.rule_version = 3;
    CHECK_EQ(ask(service, {"PUT", path, {}, body, kRoot}).status, 200);
    CHECK_EQ(service.rule->name, "gpu");
    CHECK_EQ(service.rule->text.value_or(""), R"({"grace_ratio":0.2})");
    CHECK(!service.rule->merge);
    CHECK_EQ(ask(service, {"PATCH", path, {}, body, kRoot}).status, 200);
    CHECK(service.rule->merge);
    const auto removed =
        ask(service,
            {"DELETE", path, {{"version", "3"}, {"reason", "r"}, {"dry_run", "1"}}, "", kRoot});
    CHECK_EQ(removed.status, 200);
    CHECK(!service.rule->text);
    CHECK(service.last.dry_run);
    service.rule_version = 0;
    CHECK_EQ(ask(service, {"POST",
                           "/api/v1/allocations",
                           {},
                           R"({"account":"Chem","allocation":{"node_hours":"2.5"},"reason":"r"})",
                           kRoot})
                 .status,
             201);
    CHECK_EQ(service.rule->name, "chem");
    CHECK_EQ(service.rule->text.value_or(""), R"({"allocation":{"node_hours":2.5}})");
    CHECK_EQ(ask(service, {"POST",
                           "/api/v1/policies",
                           {},
                           R"({"name":"p","preset":"annual_grant","policy":{"period":"month"},)"
                           R"("reason":"r"})",
                           kRoot})
                 .status,
             201);
    CHECK(service.rule->base.starts_with("period: year"));
    CHECK(service.rule->merge);
    for (const char* method : {"PUT", "PATCH", "DELETE"})
        CHECK_EQ(ask(service, {method, path, {}, body, {kAlice}}).status, 403);
    CHECK_EQ(get("/api/v1/presets").body["presets"].size(), 4u);
    CHECK_EQ(get("/api/v1/policies").body["policies"].at(0)["source"].text(), "file");
}

CASE(users_read_the_entries_of_their_accounts) {
    CHECK_EQ(get("/api/v1/overrides").body["overrides"].size(), 2u);
    CHECK_EQ(get("/api/v1/overrides", kRoot, {{"in_force", "true"}}).body["overrides"].size(), 1u);
    const auto alice = get("/api/v1/overrides", kAlice);
    CHECK_EQ(alice.body["overrides"].size(), 1u);
    CHECK_EQ(alice.body["overrides"].at(0)["state"].text(), "in force");
    CHECK_EQ(get("/api/v1/adjustments", kAlice).body["adjustments"].size(), 0u);
    const auto all = get("/api/v1/adjustments");
    CHECK_EQ(all.body["adjustments"].at(0)["units"]["node_hours"].number(), 2.5);
    CHECK_EQ(get("/api/v1/resets").body["resets"].size(), 1u);
    CHECK_EQ(get("/api/v1/cycles", kAlice).status, 403);
    CHECK_EQ(get("/api/v1/cycles").body["cycles"].at(0)["trigger"].text(), "timer");
}

CASE(usage_shows_what_it_is_made_of) {
    const auto answer = get("/api/v1/usage", kRoot, {{"account", "chem"}});
    const auto part = answer.body["usage"].at(0);
    CHECK_EQ(part["settled"].integer(), 600);
    CHECK_EQ(part["finished"].integer(), 9);
    CHECK_EQ(part["running"].number(), 1.25);
    CHECK_EQ(part["used"].number(), 610.25);
    CHECK_EQ(get("/api/v1/usage", kAlice, {{"account", "chem"}}).status, 404);
}

CASE(a_wrong_method_names_all_that_would_do) {
    FakeService service;
    const auto answer = ask(service, {"PUT", "/api/v1/overrides", {}, "", kRoot});
    CHECK_EQ(answer.status, 405);
    CHECK_EQ(answer.allow, "GET, POST");
}

CASE(staff_send_a_test_mail_past_the_outbox) {
    struct Target final : ports::Deliverer {
        ports::Delivery deliver(const ports::OutboxEntry& entry) override {
            got.push_back(entry);
            return answer;
        }
        std::vector<ports::OutboxEntry> got;
        ports::Delivery answer;
    } target;
    FakeService service;
    const auto post = [&](const std::string& body, const http::Viewer& viewer) {
        return ask(service, {"POST", "/api/v1/outbox/test", {}, body, viewer});
    };
    const char* body = R"({"to":"pi@example.org"})";
    const auto without = post(body, kRoot);
    CHECK_EQ(without.status, 409);
    CHECK(without.body["detail"].text().find("notifications.mail") != std::string::npos);
    service.mail = &target;
    CHECK_EQ(post(body, kAlice).status, 403);
    for (const char* bad : {"{}", R"({"to":"pi"})", R"({"to":"a@b\r\nBcc: c@d"})",
                            R"({"to":["pi@example.org"]})", R"({"to":"a@b","text":"x"})"})
        CHECK_EQ(post(bad, kRoot).status, 400);
    CHECK(target.got.empty());
    CHECK_EQ(post(body, kRoot).status, 200);
    CHECK_EQ(target.got.size(), 1U);
    CHECK(target.got.front().message.body.find(R"("to":"pi@example.org")") != std::string::npos);
    CHECK(service.post.held.empty());
    target.answer = {ports::Delivered::refused, "smtp://mail replied 550", {}};
    const auto refused = post(body, kRoot);
    CHECK_EQ(refused.status, 502);
    CHECK(refused.body["detail"].text().ends_with("pi@example.org: smtp://mail replied 550"));
}

CASE(staff_see_and_steer_the_outbox) {
    FakeService service;
    ports::Message message;
    message.target = "waldur";
    message.kind = "set_paused";
    CHECK(service.post.add(std::vector{message}));
    CHECK(service.post.park(1, "HTTP 403"));
    const auto list = ask(service, {"GET", "/api/v1/outbox", {}, "", kRoot});
    CHECK_EQ(list.body["messages"].at(0)["error"].text(), "HTTP 403");
    CHECK_EQ(list.body["targets"].at(0)["parked"].integer(), 1);
    CHECK_EQ(ask(service, {"GET", "/api/v1/outbox", {}, "", kAlice}).status, 403);
    CHECK_EQ(ask(service, {"GET", "/api/v1/outbox", {{"state", "lost"}}, "", kRoot}).status, 400);
    CHECK_EQ(ask(service, {"POST", "/api/v1/outbox/1/retry", {}, "{}", kRoot}).status, 200);
    CHECK(service.post.held[0].state == ports::MessageState::waiting);
    CHECK_EQ(ask(service, {"POST", "/api/v1/outbox/1/drop", {}, "{}", kRoot}).status, 200);
    CHECK_EQ(ask(service, {"POST", "/api/v1/outbox/1/drop", {}, "{}", kRoot}).status, 404);
    CHECK_EQ(ask(service, {"POST", "/api/v1/outbox/x/drop", {}, "{}", kRoot}).status, 404);
}

CASE(staff_see_what_the_clock_was_compared_with_and_accept_it) {
    FakeService service;
    auto cycle = test::sample_cycle();
    cycle.clock = {
        model::ClockState::forward, 86400, "elapsed", {{"elapsed", 86400}, {"slurmdbd", {}}}};
    service.cycle = std::make_shared<const ports::CycleReport>(std::move(cycle));
    const auto shown = ask(service, {"GET", "/api/v1/clock", {}, "", kRoot});
    CHECK(!shown.body["clock"]["trusted"].boolean(true));
    CHECK_EQ(shown.body["clock"]["offset_s"].integer(), 86400);
    CHECK(shown.body["clock"]["compared"].at(1)["ahead_s"].is_null());
    CHECK_EQ(shown.body["accepted"].at(0)["reason"].text(), "was set by hand");
    const auto status = ask(service, {"GET", "/api/v1/status", {}, "", kAlice});
    CHECK_EQ(status.body["clock"]["detail"].text(),
             "the clock of this host went forward by 86400 s more than the elapsed time allows");
    CHECK_EQ(ask(service, {"GET", "/readyz", {}, "", kRoot}).status, 503);
    const char* accept = "/api/v1/clock/accept";
    CHECK_EQ(ask(service, {"POST", accept, {}, R"({"reason":"r"})", kAlice}).status, 403);
    CHECK_EQ(ask(service, {"POST", accept, {}, "{}", kRoot}).status, 400);
    CHECK_EQ(ask(service, {"POST", accept, {}, R"({"reason":"r"})", kRoot}).status, 201);
    CHECK_EQ(service.last.reason, "r");
}

CASE(status_of_many_accounts_is_made_once_and_comes_in_pages) {
    FakeService service;
    http::AccountsCache texts;
    const auto get = [&](std::map<std::string, std::string> query) {
        http::Request request;
        request.method = "GET";
        request.path = "/api/v1/accounts";
        request.query = std::move(query);
        request.viewer = {0, true, "", false};
        auto response = http::dispatch(request, service, {nullptr, &texts});
        auto body = json::parse(response.body, {.bytes = 1 << 20});
        CHECK(body.has_value());
        return std::pair(std::move(response), std::move(*body));
    };
    const auto whole = get({});
    CHECK_EQ(whole.second["accounts"].size(), 4U);
    CHECK_EQ(get({}).first.body, whole.first.body);
    const auto fields = get({{"fields", "account,standing"}});
    CHECK_EQ(fields.second["accounts"].at(0).size(), 2U);
    const auto page = get({{"page", "2"}, {"page_size", "3"}});
    CHECK_EQ(page.second["accounts"].size(), 1U);
    const std::map<std::string, std::string> headers(page.first.headers.begin(),
                                                     page.first.headers.end());
    CHECK_EQ(headers.at("X-Result-Count"), "4");
    CHECK(headers.at("Link").find("rel=\"prev\"") != std::string::npos);
    CHECK_EQ(get({{"page", "9"}, {"page_size", "3"}}).second["accounts"].size(), 0U);
    CHECK_EQ(get({{"page", "0"}}).first.status, 404);
    const auto before = get({{"fields", "account"}}).first.body;
    auto cycle = sluice::test::sample_cycle();
    cycle.decision.accounts.pop_back();
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    CHECK(get({{"fields", "account"}}).first.body != before);
}

CASE(a_preview_takes_figures_of_an_account_or_typed_ones) {
    FakeService service;
    const auto ask = [&](std::map<std::string, std::string> query, const http::Viewer& viewer) {
        return http::dispatch({"GET", "/api/v1/preview", std::move(query), "", viewer}, service);
    };
    const http::Viewer staff{0, true, "", false};
    auto answer = ask({{"allocation", "1000"},
                       {"carryover_factor", "0"},
                       {"current_usage", "850"},
                       {"daily_usage_rate", "10"}},
                      staff);
    CHECK_EQ(answer.status, 200);
    auto body = json::parse(answer.body);
    CHECK(body.has_value());
    const auto preview = (*body)["preview"];
    CHECK_EQ(preview["usage_percentage"].compact(), "85");
    CHECK_EQ(preview["thresholds"].at(0)["outlook"].text(), "reached");
    CHECK_EQ(preview["thresholds"].at(1)["threshold"].text(), "downscale");
    CHECK_EQ(preview["thresholds"].at(1)["days"].integer(), 15);
    CHECK_EQ(ask({{"account", "physics"}, {"policy", "quarterly"}}, staff).status, 200);
    CHECK_EQ(ask({{"account", "secret"}}, {20001, false, "", false}).status, 404);
    CHECK_EQ(ask({{"policy", "nothing"}}, staff).status, 404);
    answer = ask({{"allocation", "many"}}, staff);
    CHECK_EQ(answer.status, 400);
    CHECK(answer.body.find("allocation must be a number, not 'many'") != std::string::npos);
    CHECK_EQ(ask({{"grace_ratio", "-1"}}, staff).status, 400);
}

CASE(a_replay_shows_its_progress_and_then_pages_of_standings) {
    FakeService service;
    const auto begun = ask(
        service,
        {"POST", "/api/v1/replays", {}, R"({"from":"2026-11-01","config":"policies: []"})", kRoot});
    CHECK_EQ(begun.status, 200);
    CHECK_EQ(begun.body["replay"]["id"].integer(), 7);
    CHECK_EQ(begun.body["replay"]["phase"].text(), "usage");
    CHECK_EQ(*service.replay.config, "policies: []");
    CHECK_EQ(service.replay.by, "root");
    const auto get_page = [&](const char* page) {
        return ask(service,
                   {"GET", "/api/v1/replays/7", {{"page", page}, {"page_size", "1"}}, "", kRoot});
    };
    const auto under_way = get_page("1");
    CHECK_EQ(under_way.body["replay"]["phase"].text(), "days");
    CHECK(!under_way.body["standings"].exists());
    CHECK(under_way.body["warnings"].at(0)["description"].text().starts_with(
        "slurmdbd has rolled-up usage since 2026-10-"));
    const auto done = get_page("2");
    CHECK_EQ(done.body["replay"]["normal"].integer(), 2);
    CHECK_EQ(done.body["count"].integer(), 2);
    CHECK_EQ(done.body["standings"].size(), 1U);
    CHECK_EQ(done.body["policies"].texts(), (std::vector<std::string>{"quarterly", "yearly"}));
    const auto of_policy =
        ask(service, {"GET", "/api/v1/replays/7", {{"policy", "yearly"}}, "", kRoot});
    CHECK_EQ(of_policy.body["count"].integer(), 1);
    CHECK_EQ(of_policy.body["standings"].at(0)["account"].text(), "physics");
    CHECK_EQ(of_policy.body["policies"].size(), 2U);
    const auto row = done.body["standings"].at(0);
    CHECK_EQ(row["account"].text(), "physics");
    CHECK_EQ(row["standing"].text(), "paused");
    CHECK_EQ(row["begin"].text(), "2026-11-03");
    CHECK(row["end"].is_null());
    CHECK_EQ(row["days"].integer(), 20);
    CHECK_EQ(row["usage_percentage"].integer(), 120);
}

CASE(replays_are_for_staff_and_name_what_is_wrong) {
    FakeService service;
    CHECK_EQ(ask(service, {"POST", "/api/v1/replays", {}, R"({"from":"x"})", kAlice}).status, 403);
    CHECK_EQ(ask(service, {"GET", "/api/v1/replays/7", {}, "", kAlice}).status, 403);
    CHECK_EQ(ask(service, {"POST", "/api/v1/replays", {}, "{}", kRoot}).status, 400);
    CHECK_EQ(ask(service, {"POST", "/api/v1/replays", {}, R"({"form":"x"})", kRoot}).status, 400);
    CHECK_EQ(ask(service, {"GET", "/api/v1/replays/8", {}, "", kRoot}).status, 404);
    CHECK_EQ(ask(service, {"GET", "/api/v1/replays/x", {}, "", kRoot}).status, 404);
}
