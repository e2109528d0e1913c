// SPDX-License-Identifier: GPL-2.0-or-later
// Quotes: what a job costs, whose accounts a caller may name, and bad requests.
#include "common/json/json.hpp"
#include "daemon/http/server/router.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"

#include <functional>
#include <initializer_list>

using namespace sluice;
using sluice::test::FakeService;

namespace {

const http::Viewer kStaff{0, true};
const http::Viewer kUser{sluice::test::kAlice, false};
const http::Viewer kOther{sluice::test::kBob, false};

struct Quote {
    int status;
    json::Value body;

    std::string text(const char* key) const { return body[key].text(); }
    std::string cost(const char* key) const {
        const auto value = body["costs"].at(0)[key];
        return value.is_null() ? "null" : value.compact();
    }
};

using Change = std::function<void(model::Decision&)>;

Quote quote(
    const std::string& body, const http::Viewer& viewer = kUser,
    const Change& change = [](model::Decision&) {}) {
    FakeService service;
    auto cycle = *service.cycle;
    change(cycle.decision);
    for (auto& account : cycle.decision.accounts)
        if (account.account == "physics")
            account.thresholds = {{"notify", Decimal::whole(80), true, {}, {}},
                                  {"pause", Decimal::whole(150), false, {}, {}}};
    service.cycle = std::make_shared<const ports::CycleReport>(std::move(cycle));
    const auto response = http::dispatch({"POST", "/api/v1/quote", {}, body, viewer}, service);
    auto parsed = json::parse(response.body, {.bytes = 1 << 20});
    CHECK(parsed.has_value());
    return {response.status, std::move(*parsed)};
}

} // namespace

CASE(a_quote_has_what_a_job_wants_what_is_left_and_what_stays) {
    const auto got = quote(R"({"time_limit": 90, "minimum_nodes": 2})");
    CHECK_EQ(got.status, 200);
    CHECK_EQ(got.text("account"), "optics"); // the default account
    CHECK_EQ(got.text("result"), "accepted");
    CHECK_EQ(got.text("text"), "");
    CHECK_EQ(got.body["costs"].size(), 1U);
    CHECK_EQ(got.cost("account"), "\"physics\"");
    CHECK_EQ(got.cost("wants"), "3");
    CHECK_EQ(got.cost("left"), "20");
    CHECK_EQ(got.cost("after"), "17");
    CHECK_EQ(got.text("time_limit"), "1:30:00");
    CHECK_EQ(got.text("time_limit_from"), "job");
    CHECK_EQ(got.text("longest_time"), "10:00:00");
}

CASE(a_quote_says_what_the_plugin_would_say) {
    const auto got = quote(R"({"account": "physics", "time_limit": 1260})", kStaff);
    CHECK_EQ(got.text("result"), "refused");
    CHECK_EQ(got.text("text"),
             "this job may use 21 node_hours, but account physics has 20 left. Request less time "
             "or fewer resources: --time=20:00:00 or less fits.");
    CHECK_EQ(got.cost("after"), "-1");
    CHECK_EQ(got.cost("fits"), "false");
}

CASE(a_quote_without_a_time_limit_has_that_of_the_partition) {
    const auto got = quote(R"({"minimum_nodes": 1})");
    CHECK_EQ(got.text("time_limit_from"), "partition");
    CHECK_EQ(got.body["time_limit_minutes"].integer(), 60);
    const auto none = quote(R"({"time_limit": "unlimited"})");
    CHECK_EQ(none.text("time_limit_from"), "none");
    CHECK_EQ(none.cost("wants"), "null");
    CHECK_EQ(none.text("longest_time"), "20:00:00");
    CHECK_EQ(quote(R"({"partition": "elsewhere"})").text("time_limit_from"), "unknown");
}

CASE(the_longest_time_is_one_that_a_partition_of_the_job_allows) {
    struct Row {
        const char* partition;
        const char* longest;
    };
    for (const Row& row : std::initializer_list<Row>{{"short", "2:00:00"},
                                                     {"short,middle", "4:00:00"},
                                                     {"short,main", "20:00:00"},
                                                     {"short,elsewhere", "20:00:00"}}) {
        FakeService service;
        service.change_quoted = [](model::Snapshot& snapshot) {
            snapshot.partitions.push_back({"middle", false, false, 60, {}, 240});
            snapshot.partitions.push_back({"short", false, false, 60, {}, 120});
        };
        const auto response =
            http::dispatch({"POST",
                            "/api/v1/quote",
                            {},
                            R"({"account": "physics", "time_limit": 60, "partition": ")" +
                                std::string(row.partition) + "\"}",
                            kStaff},
                           service);
        const auto body = json::parse(response.body, {.bytes = 1 << 20});
        CHECK_EQ((*body)["longest_time"].text(), row.longest);
    }
}

CASE(tasks_arrays_and_lists_count_as_at_submission) {
    const auto got =
        quote(R"({"time_limit": 60, "array": "1-4%2", "tasks": 6, "tasks_per_node": 2})");
    CHECK_EQ(got.cost("wants"), "12");
}

CASE(the_sum_of_billing_counts_what_is_known_before_the_start) {
    FakeService service;
    auto cycle = *service.cycle;
    for (auto& account : cycle.decision.accounts) {
        account.figures.push_back(account.figures.front());
        account.figures.back().component = {"maple", "license/maple", Decimal::whole(60)};
    }
    service.cycle = std::make_shared<const ports::CycleReport>(std::move(cycle));
    service.change_quoted = [](model::Snapshot& snapshot) {
        snapshot.measures = {{"billing", 3600, {{"node", 1}}}};
    };
    const auto response = http::dispatch(
        {"POST", "/api/v1/quote", {}, R"({"account": "physics", "time_limit": 60})", kStaff},
        service);
    const auto body = json::parse(response.body, {.bytes = 1 << 20});
    CHECK_EQ((*body)["costs"].at(0)["component"].text(), "billing");
    CHECK_EQ((*body)["not_counted"].compact(), R"([{"account":"physics","component":"maple"}])");
}

CASE(a_quote_names_the_thresholds_that_the_job_reaches) {
    const auto small = quote(R"({"account": "physics", "time_limit": 1})", kStaff);
    CHECK_EQ(small.body["thresholds"].size(), 0U);
    const auto large =
        quote(R"({"account": "physics", "time_limit": 525600, "array": "1-9"})", kStaff);
    CHECK_EQ(large.body["thresholds"].size(), 1U);
    const auto pause = large.body["thresholds"].at(0);
    CHECK_EQ(pause["account"].text() + " " + pause["threshold"].text() + " " +
                 pause["percent"].text(),
             "physics pause 150");
}

CASE(users_get_quotes_of_their_own_accounts_only) {
    CHECK_EQ(quote(R"({"account": "optics"})").status, 200);
    CHECK_EQ(quote(R"({"account": "physics"})", kOther).status, 404);
    CHECK_EQ(quote(R"({"account": "nowhere"})", kStaff).status, 404);
    const auto nobody = quote("{}", {4294967294U, false});
    CHECK_EQ(nobody.status, 400);
    CHECK_EQ(nobody.text("detail"),
             "the user has no default account in Slurm; name one as account");
}

CASE(an_account_without_a_policy_costs_nothing) {
    const auto got = quote(R"({"account": "idle", "time_limit": 60})", kStaff);
    CHECK_EQ(got.status, 200);
    CHECK_EQ(got.text("result"), "accepted");
    CHECK_EQ(got.body["costs"].size(), 0U);
    CHECK_EQ(got.body["not_counted"].compact(), "[]");
}

CASE(figures_without_a_cost_before_the_start_are_named) {
    const auto named = [](const char* account, const Change& change) {
        return quote("{\"account\": \"" + std::string(account) + "\"}", kStaff, change)
            .body["not_counted"]
            .compact();
    };
    // The plugin's view has a budget of physics in node_hours, and none of its own for optics and
    // chem.
    CHECK_EQ(named("physics", [](model::Decision&) {}), "[]");
    CHECK_EQ(named("optics", [](model::Decision&) {}),
             R"([{"account":"optics","component":"node_hours"}])");
    CHECK_EQ(named("chem", [](model::Decision&) {}),
             R"([{"account":"chem","component":"node_hours"}])");
    CHECK_EQ(
        named(
            "physics",
            [](model::Decision& decision) {
                for (auto& each : decision.accounts) {
                    each.figures.push_back(each.figures.front());
                    each.figures.back().component = {"maple", "license/maple", Decimal::whole(60)};
                }
            }),
        R"([{"account":"physics","component":"maple"}])");
    CHECK_EQ(named("optics",
                   [](model::Decision& decision) {
                       for (auto& each : decision.accounts)
                           if (each.account == "optics") {
                               each.figures.clear();
                               each.error = "slurmdbd has no TRES gres/gpu";
                           }
                   }),
             R"([{"account":"optics","component":null}])");
}

CASE(a_bad_quote_names_the_key) {
    struct Row {
        std::string body;
        const char* detail;
    };
    const Row rows[] = {
        {R"({"tasks": -1})", "tasks must be a whole number from 0 to 4294967294"},
        {R"({"minimum_nodes": "2"})", "minimum_nodes must be a whole number from 0 to 4294967294"},
        {R"({"time_limit": 1.5})", "time_limit must be a whole number from 0 to 4294967294"},
        {R"({"partition": ")" + std::string(1025, 'p') + "\"}",
         "partition is longer than the 1024 bytes that slurmctld accepts"},
        {R"({"memory_per_cpu": 1, "memory_per_node": 2})",
         "memory_per_cpu and memory_per_node exclude each other"},
    };
    for (const auto& row : rows) {
        const auto got = quote(row.body);
        CHECK_EQ(got.status, 400);
        CHECK_EQ(got.text("detail"), row.detail);
    }
    CHECK_EQ(quote(R"({"nodes": 2})").status, 400);
    CHECK_EQ(quote("[]").status, 400);
}
