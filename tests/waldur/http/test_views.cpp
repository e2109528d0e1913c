// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's routes: every key that its generated client requires, never null where it cannot read
// null; paging, filters, errors.
#include "daemon/http/server/router.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"
#include "waldur/http/render.hpp"
#include "waldur/http/views.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace sluice;
using sluice::test::FakeService;

namespace {

const std::vector<http::Route> kRoutes =
    http::waldur::routes([] { return std::make_shared<const waldur::KnownIds>(); },
                         [](const ports::AgentReport&) { return Result<void>(); });
constexpr const char* kBase = "/api/marketplace-slurm-periodic-usage-policies/";

struct Answer {
    int status;
    json::Value body;
    http::Response response;
    std::string header(const std::string& key) const {
        for (const auto& [name, value] : response.headers)
            if (name == key)
                return value;
        return "";
    }
};

Answer ask(const std::string& method, const std::string& rest, const std::string& body = "",
           std::map<std::string, std::string> query = {},
           http::Viewer viewer = {0, true, "", false}) {
    FakeService service;
    http::Request request;
    request.method = method;
    request.path = kBase + rest;
    request.query = std::move(query);
    request.body = body;
    request.viewer = std::move(viewer);
    auto response = http::dispatch(request, service, {nullptr, nullptr, nullptr, kRoutes});
    auto parsed = json::parse(response.body, {.bytes = 1 << 20});
    CHECK(parsed.has_value());
    return {response.status, std::move(*parsed), std::move(response)};
}

std::string policy_uuid() {
    return http::waldur::uuid("policy", "lab", "quarterly");
}

std::string physics() {
    return http::waldur::uuid("resource", "lab", "physics");
}

void check_not_null(json::View object, std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
        CHECK(object[key].exists());
        CHECK(!object[key].is_null());
    }
}

} // namespace

CASE(uuids_are_version_5_and_stay_the_same) {
    const auto id = policy_uuid();
    CHECK_EQ(id.size(), 32U);
    CHECK_EQ(id[12], '5');
    CHECK_EQ(id, policy_uuid());
    CHECK(id != http::waldur::uuid("policy", "lab2", "quarterly"));
    CHECK(id != http::waldur::uuid("resource", "lab", "quarterly"));
    CHECK_EQ(waldur::uuid_of("6BA7B811-9dad-11d1-80b4-00c04fd430c8"),
             "6ba7b8119dad11d180b400c04fd430c8");
    CHECK_EQ(waldur::uuid_of("6ba7b811"), "");
    CHECK_EQ(waldur::uuid_of("../../../../../../etc/passwd.....x"), "");
}

CASE(a_policy_has_every_key_that_the_client_requires) {
    const auto list = ask("GET", "");
    CHECK_EQ(list.status, 200);
    CHECK(list.body.view().is_array());
    CHECK_EQ(list.header("X-Result-Count"), "1");
    const auto policy = list.body.view().at(0);
    check_not_null(policy, {"uuid",
                            "url",
                            "scope",
                            "scope_name",
                            "scope_uuid",
                            "actions",
                            "created",
                            "created_by_full_name",
                            "created_by_username",
                            "has_fired",
                            "fired_datetime",
                            "affected_resources_count",
                            "component_limits_set",
                            "period_name",
                            "warnings",
                            "options",
                            "period",
                            "limit_type",
                            "tres_billing_weights",
                            "qos_strategy",
                            "organization_groups",
                            "apply_to_all",
                            "carryover_factor",
                            "grace_ratio"});
    CHECK_EQ(policy["uuid"].text(), policy_uuid());
    CHECK_EQ(policy["period"].integer(), 3);
    CHECK_EQ(policy["actions"].text(), "notify_organization_owners,request_slurm_resource_pausing");
    CHECK_EQ(policy["grace_ratio"].number(), 0.2);
    CHECK(policy["has_fired"].boolean());
    const auto dashed = policy_uuid().substr(0, 8) + "-" + policy_uuid().substr(8, 4) + "-" +
                        policy_uuid().substr(12, 4) + "-" + policy_uuid().substr(16, 4) + "-" +
                        policy_uuid().substr(20);
    CHECK_EQ(ask("GET", dashed + "/").body["uuid"].text(), policy_uuid());
    CHECK_EQ(ask("GET", physics() + "/").status, 404);
}

CASE(lists_have_pages_and_filters) {
    const auto page = ask("GET", "", "", {{"page", "1"}, {"page_size", "100"}});
    CHECK(page.header("Link").find("page=1&page_size=100>; rel=\"first\"") != std::string::npos);
    CHECK(page.header("Link").find("rel=\"next\"") == std::string::npos);
    CHECK_EQ(ask("GET", "", "", {{"page", "2"}}).status, 404);
    CHECK_EQ(ask("GET", "", "", {{"page_size", "1000"}}).status, 400);
    const auto offering = http::waldur::uuid("offering", "lab", "");
    CHECK_EQ(ask("GET", "", "", {{"scope_uuid", offering}}).body.view().size(), 1U);
    CHECK_EQ(ask("GET", "", "", {{"scope_uuid", physics()}}).body.view().size(), 0U);
    CHECK_EQ(ask("GET", "", "",
                 {{"scope", "http://x/api/marketplace-provider-offerings/" + offering + "/"}})
                 .body.view()
                 .size(),
             1U);
    const auto cut = ask("GET", "", "", {{"field", "uuid,period"}});
    CHECK_EQ(cut.body.view().at(0).size(), 2U);
    CHECK_EQ(ask("GET", "actions/").body.view().size(), 5U);
}

CASE(a_dry_run_lists_what_would_be_triggered) {
    const auto all = ask("POST", policy_uuid() + "/dry-run/", "{}");
    CHECK_EQ(all.status, 200);
    CHECK_EQ(all.body["policy_uuid"].text(), policy_uuid());
    CHECK_EQ(all.body["grace_limit_percentage"].number(), 120.0);
    CHECK_EQ(all.body["resources"].size(), 4U);
    const auto one =
        ask("POST", policy_uuid() + "/dry-run/", "{\"resource_uuid\":\"" + physics() + "\"}");
    CHECK_EQ(one.body["resources"].size(), 1U);
    const auto resource = one.body["resources"].at(0);
    check_not_null(resource, {"resource_uuid", "resource_name", "usage_percentage", "paused",
                              "downscaled", "would_trigger"});
    CHECK_EQ(resource["would_trigger"].at(0).text(), "pause");
    CHECK_EQ(ask("POST", policy_uuid() + "/dry-run/", "{\"resource_uuid\":null}")
                 .body["resources"]
                 .size(),
             4U);
    const auto bad = ask("POST", policy_uuid() + "/dry-run/", "{\"resource_uuid\":\"x\"}");
    CHECK_EQ(bad.status, 400);
    CHECK_EQ(bad.body["resource_uuid"].at(0).text(), "Must be a valid UUID.");
    CHECK_EQ(
        ask("POST", policy_uuid() + "/dry-run/", "{\"resource_uuid\":\"" + policy_uuid() + "\"}")
            .body["resources"]
            .size(),
        0U);
}

CASE(evaluate_and_reset_answer_alike) {
    const auto done = ask("POST", policy_uuid() + "/evaluate/", "{}");
    CHECK_EQ(done.status, 200);
    check_not_null(done.body["resources"].at(3),
                   {"resource_uuid", "resource_name", "usage_percentage", "actions_taken",
                    "previous_state", "new_state"});
    CHECK_EQ(ask("POST", policy_uuid() + "/force-period-reset/", "{}").status, 200);
}

CASE(logs_and_commands_have_every_key_that_the_client_requires) {
    const auto logs = ask("GET", policy_uuid() + "/evaluation-logs/");
    CHECK_EQ(logs.body.view().size(), 2U);
    check_not_null(logs.body.view().at(0),
                   {"uuid", "resource_uuid", "resource_name", "billing_period", "usage_percentage",
                    "grace_limit_percentage", "actions_taken", "evaluated_at", "previous_state",
                    "new_state"});
    CHECK_EQ(ask("GET", policy_uuid() + "/evaluation-logs/", "", {{"resource_uuid", physics()}})
                 .body.view()
                 .size(),
             1U);
    CHECK_EQ(ask("GET", policy_uuid() + "/evaluation-logs/", "", {{"billing_period", "2020-Q1"}})
                 .body.view()
                 .size(),
             0U);
    const auto commands = ask("GET", policy_uuid() + "/command-history/");
    check_not_null(commands.body.view().at(0),
                   {"uuid", "command_type", "description", "shell_command", "executed_at",
                    "parameters", "execution_mode", "success", "error_message"});
}

CASE(an_agents_report_is_checked_field_by_field) {
    const auto path = policy_uuid() + "/report-command-result/";
    const auto good =
        "{\"resource_uuid\":\"" + physics() + "\",\"success\":true,\"commands_executed\":[\"x\"]}";
    CHECK_EQ(ask("POST", path, good).body["detail"].text(), "Command result recorded.");
    CHECK_EQ(ask("POST", path, "{}").body["resource_uuid"].at(0).text(), "This field is required.");
    CHECK_EQ(
        ask("POST", path, "{\"resource_uuid\":\"" + physics() + "\"}").body["success"].at(0).text(),
        "This field is required.");
    CHECK_EQ(ask("POST", path, "not json").status, 400);
    CHECK_EQ(ask("POST", path, good, {}, {20001, false, "", false}).status, 403);
}

http::Response write(FakeService& service, const std::string& method, const std::string& rest,
                     const std::string& body, std::map<std::string, std::string> query = {},
                     http::Viewer viewer = {0, true, "", false}) {
    http::Request request;
    request.method = method;
    request.path = kBase + rest;
    request.query = std::move(query);
    request.body = body;
    request.viewer = std::move(viewer);
    return http::dispatch(request, service, {nullptr, nullptr, nullptr, kRoutes});
}

CASE(a_policy_is_set_with_waldurs_fields) {
    FakeService service;
    const auto made =
        write(service, "POST", "",
              R"({"name": "quarterly", "scope": "https://waldur.example.org/api/x/1/", "period": 3,
                  "apply_to_all": true, "organization_groups": [], "has_fired": false,
                  "actions": "notify_organization_owners,request_slurm_resource_pausing",
                  "component_limits_set": [{"type": "node_hours", "limit": 5, "limit_exact": 5}]})");
    CHECK_EQ(made.status, 201);
    CHECK(made.body.find("\"period_name\"") != std::string::npos);
    CHECK(service.rule.has_value());
    CHECK_EQ(service.rule->name, "quarterly");
    CHECK(!service.rule->merge);
    CHECK_EQ(*service.rule->text,
             R"({"actions":"notify_organization_owners,request_slurm_resource_pausing","period":3,)"
             R"("component_limits_set":[{"type":"node_hours","limit":5}]})");
}

CASE(a_policy_without_a_name_gets_a_free_one) {
    FakeService service;
    write(service, "POST", "", R"({"period": 2})");
    CHECK_EQ(service.rule->name, "waldur-1");
}

CASE(policies_are_changed_and_removed_at_waldurs_routes) {
    FakeService service;
    CHECK_EQ(write(service, "PATCH", policy_uuid() + "/", R"({"grace_ratio": 0.1})").status, 200);
    CHECK(service.rule->merge);
    CHECK_EQ(*service.rule->text, R"({"grace_ratio":0.1})");
    CHECK_EQ(write(service, "PUT", policy_uuid() + "/", R"({"period": 2})").status, 200);
    CHECK(!service.rule->merge);
    const auto gone = write(service, "DELETE", policy_uuid() + "/", "");
    CHECK_EQ(gone.status, 204);
    CHECK_EQ(gone.body, "");
    CHECK(!service.rule->text.has_value());
    service.rule.reset();
    CHECK_EQ(write(service, "DELETE", physics() + "/", "").status, 404);
    CHECK_EQ(write(service, "PATCH", policy_uuid() + "/", "{}", {{"dry_run", "1"}}).status, 200);
    CHECK(service.rule.has_value());
}

CASE(what_waldur_alone_knows_is_refused_and_users_write_nothing) {
    FakeService service;
    const auto groups = write(service, "POST", "", R"({"organization_groups": ["x"]})");
    CHECK_EQ(groups.status, 400);
    CHECK(groups.body.find("by the key accounts") != std::string::npos);
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
        const std::string rest = std::string(method) == "POST" ? "" : policy_uuid() + "/";
        CHECK_EQ(write(service, method, rest, "{}", {}, {20001, false, "", false}).status, 403);
        CHECK_EQ(write(service, method, rest, "{}", {}, {7, false, "reader", true}).status, 403);
        if (std::string(method) != "DELETE")
            CHECK_EQ(write(service, method, rest, "no json").status, 400);
    }
    service.rule_version = 3; // the journal of this fake has none
    CHECK_EQ(write(service, "PUT", policy_uuid() + "/", "{}").status, 409);
    CHECK(!service.rule.has_value());
}

CASE(preview_takes_waldurs_figures) {
    const auto made = ask("POST", "preview_impact/",
                          "{\"allocation\":1000,\"grace_ratio\":0.2,\"current_usage\":850}");
    CHECK_EQ(made.status, 200);
    CHECK_EQ(made.body["current_qos_status"].text(), "notification");
    CHECK_EQ(made.body["billing_period_start"].text(), "2026-11-01");
    CHECK_EQ(made.body["billing_period_end"].text(), "2026-11-30");
    CHECK_EQ(ask("POST", "preview_impact/", "{\"grace_ratio\":7}").status, 400);
    CHECK_EQ(ask("POST", "preview_impact/", "{\"allocation\":\"much\"}").status, 400);
}

CASE(users_see_policies_of_their_accounts_only) {
    const http::Viewer bob{sluice::test::kBob, false, "", false};
    const http::Viewer stranger{77, false, "", false};
    CHECK_EQ(ask("GET", "", "", {}, bob).body.view().size(), 1U);
    CHECK_EQ(ask("GET", "", "", {}, stranger).body.view().size(), 0U);
    CHECK_EQ(ask("GET", policy_uuid() + "/", "", {}, stranger).status, 404);
    const auto logs = ask("GET", policy_uuid() + "/evaluation-logs/", "", {}, bob);
    CHECK_EQ(logs.body.view().size(), 1U);
    CHECK_EQ(logs.body.view().at(0)["resource_name"].text(), "chem");
    CHECK_EQ(ask("POST", policy_uuid() + "/evaluate/", "{}", {}, bob).status, 403);
}

CASE(waldurs_routes_are_described_and_documented) {
    FakeService service;
    const auto answer = http::dispatch({"GET", "/api/v1/openapi.json", {}, "", {0, true}}, service,
                                       {nullptr, nullptr, nullptr, kRoutes});
    const auto api = json::parse(answer.body, {.bytes = 1 << 20});
    CHECK(api.has_value());
    const auto paths = (*api)["paths"];
    const auto body = paths[std::string(kBase) + "preview_impact/"]["post"]["requestBody"];
    const auto schema = body["content"]["application/json"]["schema"];
    CHECK_EQ(schema["properties"].size(), 8U);
    CHECK(schema["properties"]["resource_uuid"]["nullable"].boolean());
    const char* top = std::getenv("SLUICE_SRCDIR");
    std::ifstream file(std::string(top != nullptr ? top : ".") + "/docs/http-api.md");
    std::ostringstream text;
    text << file.rdbuf();
    for (const auto& route : kRoutes) {
        CHECK(paths[route.path].exists());
        CHECK(text.str().find("`" + std::string(route.method) + " " + route.path) !=
              std::string::npos);
    }
}
