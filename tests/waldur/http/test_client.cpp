// SPDX-License-Identifier: GPL-2.0-or-later
// What Waldur's generated client demands of each answer: keys that must be there, types that it can
// read, words that its enumerations have. And what an agent reports is kept and shown.
#include "daemon/http/server/router.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"
#include "waldur/http/render.hpp"
#include "waldur/http/views.hpp"

#include <algorithm>
#include <memory>

using namespace sluice;
using json::View;
using sluice::test::FakeService;

namespace {

constexpr const char* kBase = "/api/marketplace-slurm-periodic-usage-policies/";
const std::string kPolicy(32, 'a');
const std::string kResource(32, 'b');
const std::string kOffering(32, 'c');

enum class Kind { uuid, text, number, integer, flag, instant, date, texts, object, list };

bool is(View value, Kind kind) {
    switch (kind) {
    case Kind::uuid:
        return !waldur::uuid_of(value.text()).empty();
    case Kind::text:
        return value.is_string();
    case Kind::number:
        return value.is_number() || value.is_integer();
    case Kind::integer:
        return value.is_integer();
    case Kind::flag:
        return value.is_bool();
    case Kind::instant: // 2026-11-23T06:56:58Z
        return value.text().size() >= 20 && value.text()[10] == 'T';
    case Kind::date:
        return value.text().size() == 10;
    case Kind::texts: {
        bool all = value.is_array();
        for (const auto& item : value.items())
            all = all && item.is_string();
        return all;
    }
    case Kind::object:
        return value.is_object();
    case Kind::list:
        break;
    }
    return value.is_array();
}

struct Field {
    const char* key;
    Kind kind;
};

void check(View object, std::initializer_list<Field> fields) {
    CHECK(object.is_object());
    for (const auto& field : fields)
        if (!object[field.key].exists() || !is(object[field.key], field.kind))
            CHECK_EQ(std::string("missing or of another type: ") + field.key, "");
}

void check_word(View value, std::initializer_list<const char*> words) {
    CHECK(std::any_of(words.begin(), words.end(),
                      [&](const char* word) { return value.text() == word; }));
}

struct Client {
    FakeService service;
    std::shared_ptr<const waldur::KnownIds> ids = std::make_shared<const waldur::KnownIds>();
    const std::vector<http::Route> routes = http::waldur::routes(
        [this] { return ids; },
        [this](const ports::AgentReport& report) { return service.add_report(report); });

    http::Response raw(const std::string& method, const std::string& rest,
                       const std::string& body = "", std::map<std::string, std::string> query = {},
                       http::Viewer viewer = {0, true, "token agent", false}) {
        http::Request request;
        request.method = method;
        request.path = kBase + rest;
        request.body = body;
        request.query = std::move(query);
        request.viewer = std::move(viewer);
        return http::dispatch(request, service, {nullptr, nullptr, nullptr, routes});
    }
    json::Value ask(const std::string& method, const std::string& rest,
                    const std::string& body = "", std::map<std::string, std::string> query = {}) {
        const auto response = raw(method, rest, body, std::move(query));
        CHECK_EQ(response.status, 200);
        auto parsed = json::parse(response.body, {.bytes = 1 << 20});
        CHECK(parsed.has_value());
        return std::move(*parsed);
    }
    std::string policy() { return ask("GET", "").view().at(0)["uuid"].text(); }
    void know_waldur() {
        ids = std::make_shared<const waldur::KnownIds>(waldur::KnownIds{
            {{"quarterly", {kOffering, kPolicy, true, {}}}}, {{"physics", kResource}}});
    }
};

std::string header(const http::Response& response, const std::string& key) {
    for (const auto& [name, value] : response.headers)
        if (name == key)
            return value;
    return "";
}

std::string report_of(const std::string& resource, const std::string& more) {
    return "{\"resource_uuid\":\"" + resource + "\"," + more + '}';
}

} // namespace

CASE(a_policy_can_be_read_by_waldurs_client) {
    Client client;
    const auto list = client.ask("GET", "");
    const View policy = list.view().at(0);
    check(policy, {{"uuid", Kind::uuid},
                   {"url", Kind::text},
                   {"scope", Kind::text},
                   {"scope_name", Kind::text},
                   {"scope_uuid", Kind::uuid},
                   {"actions", Kind::text},
                   {"created", Kind::instant},
                   {"created_by_full_name", Kind::text},
                   {"created_by_username", Kind::text},
                   {"has_fired", Kind::flag},
                   {"fired_datetime", Kind::instant},
                   {"affected_resources_count", Kind::integer},
                   {"component_limits_set", Kind::list},
                   {"period", Kind::integer},
                   {"period_name", Kind::text},
                   {"warnings", Kind::texts},
                   {"options", Kind::object},
                   {"organization_groups", Kind::texts},
                   {"apply_to_all", Kind::flag},
                   {"limit_type", Kind::text},
                   {"tres_billing_enabled", Kind::flag},
                   {"tres_billing_weights", Kind::object},
                   {"carryover_factor", Kind::integer},
                   {"carryover_enabled", Kind::flag},
                   {"grace_ratio", Kind::number},
                   {"raw_usage_reset", Kind::flag},
                   {"qos_strategy", Kind::text}});
    CHECK(policy["period"].integer() >= 1 && policy["period"].integer() <= 4);
    check_word(policy["limit_type"], {"GrpTRES", "GrpTRESMins", "MaxTRESMins"});
    check_word(policy["qos_strategy"], {"progressive", "threshold"});
}

CASE(lists_are_counted_also_those_of_words) {
    Client client;
    CHECK_EQ(header(client.raw("GET", ""), "X-Result-Count"), "1");
    CHECK_EQ(header(client.raw("GET", "actions/"), "X-Result-Count"), "5");
    for (const char* list : {"/evaluation-logs/", "/command-history/"})
        CHECK(!header(client.raw("GET", client.policy() + list), "X-Result-Count").empty());
}

CASE(runs_can_be_read_by_waldurs_client) {
    Client client;
    const auto dry = client.ask("POST", client.policy() + "/dry-run/", "{\"resource_uuid\":null}");
    check(dry.view(), {{"policy_uuid", Kind::uuid},
                       {"billing_period", Kind::text},
                       {"grace_limit_percentage", Kind::number},
                       {"resources", Kind::list}});
    for (const auto& one : dry["resources"].items())
        check(one, {{"resource_uuid", Kind::uuid},
                    {"resource_name", Kind::text},
                    {"usage_percentage", Kind::number},
                    {"paused", Kind::flag},
                    {"downscaled", Kind::flag},
                    {"would_trigger", Kind::texts}});
    for (const char* route : {"/evaluate/", "/force-period-reset/"}) {
        const auto done = client.ask("POST", client.policy() + route, "{}");
        check(done.view(), {{"policy_uuid", Kind::uuid},
                            {"billing_period", Kind::text},
                            {"resources", Kind::list}});
        for (const auto& one : done["resources"].items())
            check(one, {{"resource_uuid", Kind::uuid},
                        {"resource_name", Kind::text},
                        {"usage_percentage", Kind::number},
                        {"actions_taken", Kind::texts},
                        {"previous_state", Kind::object},
                        {"new_state", Kind::object}});
    }
}

CASE(a_body_that_is_no_object_runs_nothing) {
    Client client;
    const auto answer = client.raw("POST", client.policy() + "/evaluate/", "[]");
    CHECK_EQ(answer.status, 400);
    CHECK(answer.body.find("non_field_errors") != std::string::npos);
    CHECK_EQ(client.service.evaluated.load(), 0);
}

CASE(histories_can_be_read_by_waldurs_client) {
    Client client;
    const auto logs = client.ask("GET", client.policy() + "/evaluation-logs/");
    CHECK(logs.view().size() > 0);
    for (const auto& one : logs.view().items()) {
        check(one, {{"uuid", Kind::uuid},
                    {"resource_uuid", Kind::uuid},
                    {"resource_name", Kind::text},
                    {"billing_period", Kind::text},
                    {"usage_percentage", Kind::number},
                    {"grace_limit_percentage", Kind::number},
                    {"actions_taken", Kind::texts},
                    {"previous_state", Kind::object},
                    {"new_state", Kind::object},
                    {"stomp_message_sent", Kind::flag},
                    {"evaluated_at", Kind::instant}});
        // Of physics one command failed and one has no result yet; chem had none.
        const bool physics = one["resource_name"].text() == "physics";
        CHECK_EQ(one["stomp_message_sent"].boolean(), physics);
        CHECK_EQ(one["site_agent_confirmed"].is_null(), !physics);
        CHECK_EQ(one["site_agent_response"].is_null(), !physics);
        CHECK(!one["site_agent_confirmed"].boolean());
    }
    const auto commands = client.ask("GET", client.policy() + "/command-history/");
    CHECK_EQ(commands.view().size(), 2U); // the one without a result would read as failed
    for (const auto& one : commands.view().items()) {
        check(one, {{"uuid", Kind::uuid},
                    {"command_type", Kind::text},
                    {"description", Kind::text},
                    {"shell_command", Kind::text},
                    {"parameters", Kind::object},
                    {"executed_at", Kind::instant},
                    {"success", Kind::flag},
                    {"error_message", Kind::text}});
        check_word(one["execution_mode"], {"production", "emulator"});
    }
}

CASE(a_preview_can_be_read_by_waldurs_client) {
    Client client;
    const auto made = client.ask("POST", "preview_impact/", "{\"previous_usage\":300}");
    check(made.view(), {{"base_allocation", Kind::number},
                        {"effective_allocation", Kind::number},
                        {"carryover_enabled", Kind::flag},
                        {"thresholds", Kind::object},
                        {"grace_ratio", Kind::number},
                        {"carryover_factor", Kind::number},
                        {"current_usage", Kind::number},
                        {"daily_usage_rate", Kind::number},
                        {"usage_percentage", Kind::number},
                        {"date_projections", Kind::object},
                        {"preview_commands", Kind::list},
                        {"command_history", Kind::list},
                        {"billing_period_start", Kind::date},
                        {"billing_period_end", Kind::date}});
    CHECK(made["carryover"].exists());
    check_word(made["current_qos_status"], {"normal", "notification", "slowdown", "blocked"});
    check(made["thresholds"], {{"allocation", Kind::number},
                               {"grace_ratio", Kind::number},
                               {"notification_ratio", Kind::number},
                               {"notification_threshold", Kind::number}});
}

CASE(waldurs_own_uuids_are_used_and_ours_still_understood) {
    Client client;
    const std::string ours = client.policy();
    client.know_waldur();
    const auto list = client.ask("GET", "");
    const View policy = list.view().at(0);
    CHECK_EQ(policy["uuid"].text(), kPolicy);
    CHECK_EQ(policy["scope_uuid"].text(), kOffering);
    CHECK(policy["url"].text().find(kPolicy) != std::string::npos);
    CHECK(policy["scope"].text().find(kOffering) != std::string::npos);
    CHECK_EQ(client.ask("GET", ours + "/")["uuid"].text(), kPolicy);
    CHECK_EQ(client.ask("GET", "", "", {{"scope_uuid", kOffering}}).view().size(), 1U);
    const auto dry = client.ask("POST", kPolicy + "/dry-run/", report_of(kResource, "\"x\":1"));
    CHECK_EQ(dry["resources"].size(), 1U);
    CHECK_EQ(dry["resources"].at(0)["resource_name"].text(), "physics");
    CHECK_EQ(dry["resources"].at(0)["resource_uuid"].text(), kResource);
    const auto all = client.ask("POST", kPolicy + "/dry-run/", "{}");
    for (const auto& one : all["resources"].items())
        if (one["resource_name"].text() == "chem") // not known to Waldur
            CHECK_EQ(one["resource_uuid"].text(), http::waldur::uuid("resource", "lab", "chem"));
}

CASE(a_report_is_shown_in_the_history_and_on_the_evaluation) {
    Client client;
    client.know_waldur();
    const std::string path = kPolicy + "/report-command-result/";
    const std::size_t before = client.ask("GET", kPolicy + "/command-history/").view().size();
    (void)client.ask("POST", path,
                     report_of(kResource, R"("success":false,"error_message":"no\nroute","mode":)"
                                          R"("emulator","commands_executed":["sacctmgr modify )"
                                          R"(account physics set GrpTRESMins=node=5","x"])"));
    const auto history = client.ask("GET", kPolicy + "/command-history/");
    CHECK_EQ(history.view().size(), before + 2);
    const View first = history.view().at(0);
    CHECK_EQ(first["command_type"].text(), "limits");
    CHECK_EQ(first["execution_mode"].text(), "emulator");
    CHECK(!first["success"].boolean(true));
    CHECK_EQ(first["error_message"].text(), "no\nroute");
    CHECK_EQ(first["parameters"]["reported_by"].text(), "token agent");
    CHECK(first["uuid"].text() != history.view().at(1)["uuid"].text());
    const auto logs = client.ask("GET", kPolicy + "/evaluation-logs/");
    CHECK(logs.view().at(0)["site_agent_confirmed"].is_bool());
    CHECK(!logs.view().at(0)["site_agent_confirmed"].boolean(true));
    CHECK_EQ(logs.view().at(0)["site_agent_response"]["commands_executed"].size(), 2U);
    CHECK(logs.view().at(1)["site_agent_confirmed"].is_null());
}

CASE(a_wrong_report_lists_all_wrong_fields_at_once) {
    Client client;
    const auto answer =
        client.raw("POST", client.policy() + "/report-command-result/",
                   R"({"resource_uuid":7,"success":"yes","mode":"x","commands_executed":"ls"})");
    CHECK_EQ(answer.status, 400);
    const auto body = json::parse(answer.body);
    for (const char* field : {"resource_uuid", "success", "mode", "commands_executed"})
        CHECK((*body)[field].is_array());
    CHECK(client.service.kept_reports.empty());
}

CASE(a_report_that_cannot_be_kept_is_not_confirmed) {
    Client client;
    const auto policy = client.policy();
    client.service.journal_away = true;
    const auto body =
        report_of(http::waldur::uuid("resource", "lab", "physics"), "\"success\":true");
    CHECK_EQ(client.raw("POST", policy + "/report-command-result/", body).status, 503);
}

CASE(a_preview_of_a_resource_begins_with_what_its_account_has) {
    Client client;
    client.know_waldur();
    const auto preview = [&](const char* more) {
        return client.ask("POST", "preview_impact/", report_of(kResource, more));
    };
    const auto made = preview("\"x\":1");
    CHECK_EQ(made["base_allocation"].number(), 1000);
    CHECK_EQ(made["grace_ratio"].number(), 0.2);
    CHECK(made["current_usage"].number() > 0);
    CHECK(made["preview_commands"].size() > 0);
    check(made["preview_commands"].at(0), {{"type", Kind::text},
                                           {"description", Kind::text},
                                           {"command", Kind::text},
                                           {"parameters", Kind::object}});
    CHECK(made["command_history"].size() > 0);
    const auto defaults = preview("\"allocation\":1000.0,\"current_usage\":0.0");
    CHECK(defaults["current_usage"].number() > 0); // the client's own defaults
    const auto given = preview("\"allocation\":5,\"current_usage\":1,\"grace_ratio\":0.5");
    CHECK_EQ(given["base_allocation"].number(), 1000); // as Waldur: what the resource has wins
    CHECK(given["current_usage"].number() > 1);
    CHECK_EQ(given["grace_ratio"].number(), 0.5);
    CHECK_EQ(
        client.raw("POST", "preview_impact/", report_of(std::string(32, 'd'), "\"x\":1")).status,
        400);
}

CASE(a_policy_of_waldur_keeps_its_organization_groups) {
    Client client;
    CHECK(client.ask("GET", "").view().at(0)["apply_to_all"].boolean());
    const std::string group(32, '9');
    client.ids = std::make_shared<const waldur::KnownIds>(
        waldur::KnownIds{{{"quarterly", {kOffering, kPolicy, false, {group}}}}, {}});
    const auto list = client.ask("GET", "");
    CHECK(!list.view().at(0)["apply_to_all"].boolean());
    const auto groups = list.view().at(0)["organization_groups"].texts();
    CHECK_EQ(groups.size(), 1U);
    CHECK(groups.at(0).ends_with("/api/organization-groups/" + group + "/"));
}

CASE(a_preview_of_a_resource_takes_its_figures_and_its_rate) {
    Client client;
    client.know_waldur();
    const auto made = client.ask("POST", "preview_impact/",
                                 "{\"resource_uuid\": \"" + kResource +
                                     "\", \"previous_usage\": 500, \"current_usage\": 1, "
                                     "\"daily_usage_rate\": 0, \"allocation\": 7}");
    const auto plain =
        client.ask("POST", "preview_impact/", "{\"resource_uuid\": \"" + kResource + "\"}");
    for (const char* key : {"base_allocation", "current_usage", "daily_usage_rate"})
        CHECK(json::decimal_of(made[key]) == json::decimal_of(plain[key]));
    CHECK(!json::decimal_of(plain["daily_usage_rate"])->is_zero());
}
