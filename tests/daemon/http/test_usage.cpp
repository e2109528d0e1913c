// SPDX-License-Identifier: GPL-2.0-or-later
// Usage by user: who sees whose share, and what is said when it is not known.
#include "common/json/json.hpp"
#include "daemon/http/server/router.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"

#include <algorithm>
#include <memory>
#include <string>

using namespace sluice;
using sluice::test::FakeService;

namespace {

const http::Viewer kRoot{0, true};
const http::Viewer kAlice{sluice::test::kAlice, false};
const http::Viewer kStranger{4294967294U, false};

struct Answer {
    int status;
    json::Value body;
};

Answer ask(FakeService& service, const std::string& path, const http::Viewer& viewer,
           std::map<std::string, std::string> query = {}) {
    const auto response = http::dispatch({"GET", path, std::move(query), "", viewer}, service);
    auto body = json::parse(response.body, {.bytes = 1 << 20});
    CHECK(body.has_value());
    return {response.status, std::move(*body)};
}

Answer by_user(FakeService& service, const http::Viewer& viewer,
               const std::string& account = "physics") {
    return ask(service, "/api/v1/usage", viewer, {{"account", account}, {"by_user", "1"}});
}

void know_users(FakeService& service, bool settled) {
    auto cycle = sluice::test::sample_cycle();
    sluice::test::add_users(cycle, settled);
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
}

} // namespace

CASE(staff_see_every_share_the_largest_first_and_they_sum_up) {
    FakeService service;
    const auto answer = by_user(service, kRoot);
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(service.evaluating.load(), 1);
    CHECK_EQ(service.evaluated.load(), 0); // a dry run
    CHECK_EQ(answer.body["warnings"].size(), 0u);
    const auto part = answer.body["usage"].at(0);
    CHECK(part["users_settled"].boolean());
    const auto users = part["users"];
    CHECK_EQ(users.size(), 3u);
    CHECK_EQ(users.at(0)["user"].text(), "alice");
    CHECK_EQ(users.at(0)["used"].integer(), 1000);
    CHECK_EQ(users.at(0)["share_percentage"].number(), 81.23);
    CHECK_EQ(users.at(1)["user"].text(), "bob");
    CHECK_EQ(users.at(1)["running"].number(), 1.000277);
    CHECK_EQ(users.at(2)["user"].text(), "");
    double sum = 0;
    for (const auto& user : users.items())
        sum += user["used"].number();
    CHECK_EQ(sum, part["used"].number());
}

CASE(users_see_their_own_share_only_and_start_no_cycle) {
    FakeService service;
    know_users(service, true);
    const auto answer = by_user(service, kAlice);
    CHECK_EQ(service.evaluating.load(), 0);
    const auto users = answer.body["usage"].at(0)["users"];
    CHECK_EQ(users.size(), 1u);
    CHECK_EQ(users.at(0)["user"].text(), "alice");
    CHECK_EQ(users.at(0)["share_percentage"].number(), 81.23);
    CHECK_EQ(by_user(service, kAlice, "chem").status, 404);
    CHECK_EQ(by_user(service, kStranger).status, 404);
}

CASE(what_is_not_known_is_null_and_said) {
    FakeService service;
    know_users(service, false);
    service.cycle = std::make_shared<ports::CycleReport>([&] {
        auto cycle = *service.cycle;
        cycle.users[0].accounts = {"optics"};
        cycle.users[1].accounts = {"physics"};
        return cycle;
    }());
    const auto answer = by_user(service, {sluice::test::kBob, false});
    const auto part = answer.body["usage"].at(0);
    CHECK(!part["users_settled"].boolean(true));
    CHECK(part["users"].at(0)["settled"].is_null());
    CHECK(part["users"].at(0)["used"].is_null());
    CHECK(part["users"].at(0)["share_percentage"].is_null());
    CHECK_EQ(part["users"].at(0)["running"].number(), 1.000277);
    CHECK_EQ(answer.body["warnings"].at(0)["description"].text(),
             "account 'physics': the settled usage is not known by user (staff and coordinators "
             "may request it); the users' "
             "figures are of jobs since the last rollup");
}

CASE(by_user_is_a_question_about_named_accounts) {
    FakeService service;
    CHECK_EQ(ask(service, "/api/v1/usage", kRoot, {{"by_user", "1"}}).status, 400);
    CHECK_EQ(ask(service, "/api/v1/usage", kRoot, {{"by_user", "x"}, {"account", "chem"}}).status,
             400);
    CHECK_EQ(by_user(service, kRoot, "phisics").status, 404);
    CHECK_EQ(service.evaluating.load(), 0);
    const auto plain = ask(service, "/api/v1/usage", kRoot, {{"by_user", "0"}});
    CHECK(!plain.body["usage"].at(0)["users"].exists());
}

CASE(usage_of_an_earlier_period_is_read_for_those_who_see_the_users) {
    FakeService service;
    const auto past = [&](const http::Viewer& viewer, const std::string& period,
                          const std::string& users = "") {
        std::map<std::string, std::string> query{{"account", "physics"}, {"period", period}};
        if (!users.empty())
            query["by_user"] = users;
        return ask(service, "/api/v1/usage", viewer, query);
    };
    const auto answer = past(kRoot, "2026-Q3");
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(service.evaluated.load(), 0); // a dry run
    CHECK_EQ(epoch(service.past.value().begin), 1782864000);
    CHECK_EQ(epoch(service.past.value().end), 1790812800);
    const auto part = answer.body["usage"].at(0);
    CHECK_EQ(part["billing_period"].text(), "2026-Q3");
    CHECK_EQ(part["used"].number(), 1231.000277);
    CHECK_EQ(part["usage_percentage"].number(), 123.1); // of the 1000 hours of that period
    CHECK(!part["users"].exists());
    CHECK_EQ(answer.body["warnings"].at(0)["description"].text(),
             "account 'physics': slurmdbd has no rollups before 2026-09-30T00:00:00Z: usage of the "
             "days before it is missing");
    CHECK_EQ(past(kRoot, "2026-Q3", "1").body["usage"].at(0)["users"].size(), 3u);
    CHECK_EQ(past(kAlice, "2026-Q3").status, 403);
    CHECK_EQ(past(kStranger, "2026-Q3").status, 404);
    CHECK_EQ(past(kRoot, "2026-Q4").body["usage"].at(0)["billing_period"].text(), "2026-Q4");
    CHECK_EQ(past(kRoot, "1999").status, 400);
    CHECK_EQ(ask(service, "/api/v1/usage", kRoot, {{"period", "2026-Q3"}}).status, 400);
    service.no_past = true;
    CHECK_EQ(past(kRoot, "2026-Q3").status, 503);
    service.rollups = false;
    CHECK_EQ(past(kRoot, "2026-Q3").status, 503);
}

CASE(usage_of_the_period_before_is_in_the_last_cycle_for_all) {
    FakeService service;
    auto cycle = sluice::test::sample_cycle();
    model::AccountUsage usage;
    usage.tres["node"] = {500 * 3600, 0, 0};
    cycle.usage =
        std::make_shared<const std::vector<model::WindowUsage>>(std::vector<model::WindowUsage>{
            {{instant(1782864000), instant(1790812800)}, {}, {{"physics", usage}}}});
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const auto answer =
        ask(service, "/api/v1/usage", kAlice, {{"account", "physics"}, {"period", "2026-Q3"}});
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(service.evaluating.load(), 0);
    CHECK_EQ(answer.body["usage"].at(0)["used"].integer(), 500);
    CHECK_EQ(answer.body["usage"].at(0)["usage_percentage"].number(), 50);
}

CASE(only_a_question_by_user_waits_for_a_cycle) {
    CHECK(!http::waits({"GET", "/api/v1/usage", {{"account", "chem"}}, "", {}}));
    CHECK(http::waits({"GET", "/api/v1/usage", {{"by_user", "1"}}, "", {}}));
    CHECK(http::waits({"GET", "/api/v1/usage", {{"period", "2026-Q3"}}, "", {}}));
    CHECK(!http::waits({"GET", "/api/v1/status", {{"by_user", "1"}}, "", {}}));
}

CASE(an_account_names_its_top_users_where_they_are_known) {
    FakeService service;
    const auto unknown = ask(service, "/api/v1/accounts/physics", kRoot);
    CHECK_EQ(unknown.body["top_users"].at(0)["users"].size(), 0u);
    CHECK_EQ(unknown.body["explain"].size(), 2u);
    know_users(service, true);
    const auto known = ask(service, "/api/v1/accounts/physics", kRoot);
    CHECK_EQ(known.body["top_users"].at(0)["users"].at(1)["user"].text(), "bob");
    CHECK_EQ(known.body["explain"].at(2).text(),
             "Most of node_hours was used by alice (81.23 %), bob (17.95 %), deleted accounts "
             "(0.81 %).");
    const auto own = ask(service, "/api/v1/accounts/physics", kAlice);
    CHECK_EQ(own.body["top_users"].at(0)["users"].size(), 1u);
    CHECK_EQ(own.body["explain"].size(), 2u);
    know_users(service, false);
    CHECK_EQ(ask(service, "/api/v1/accounts/physics", kRoot).body["explain"].at(2).text(),
             "Most of node_hours was used by bob (jobs since the last rollup only; sluice usage "
             "physics --by-user has the whole period).");
}

CASE(usage_by_day_has_rollups_and_evaluations_in_the_unit_of_the_component) {
    FakeService service;
    const std::string path = "/api/v1/accounts/physics/usage";
    const auto answer = ask(service, path, kRoot, {{"by", "day"}});
    CHECK_EQ(answer.status, 200);
    const auto usage = answer.body["usage"];
    CHECK_EQ(answer.body["account"].text(), "physics");
    CHECK_EQ(usage["source"].text(), "both");
    CHECK_EQ(usage["periods"].at(1).text(), "2026-Q3");
    CHECK_EQ(usage["effective_allocation"]["node_hours"].integer(), 1000);
    CHECK_EQ(usage["days"].size(), 2u);
    CHECK_EQ(usage["days"].at(0)["begin_epoch"].integer(), 1790812800);
    CHECK_EQ(usage["days"].at(0)["used"]["node_hours"].number(), 12.5);
    CHECK(usage["days"].at(0)["usage_percentage"].is_null());
    CHECK(usage["days"].at(1)["used"].is_null());
    CHECK_EQ(usage["days"].at(1)["usage_percentage"].number(), 123.1);
    CHECK_EQ(answer.body["warnings"].size(), 0u);

    service.rollups = false;
    const auto without = ask(service, path, kAlice);
    CHECK_EQ(without.body["usage"]["source"].text(), "evaluations");
    CHECK_EQ(without.body["warnings"].at(0)["description"].text(),
             "days have evaluations only, since slurmdbd's figures are missing");
    CHECK_EQ(ask(service, path, kRoot).body["warnings"].at(0)["description"].text(),
             "days have evaluations only, since slurmdbd's figures are missing: slurmdbd does not "
             "answer");
}

CASE(an_account_whose_name_ends_in_usage_is_read_without_by) {
    FakeService service;
    auto cycle = std::make_shared<ports::CycleReport>(*service.cycle);
    auto named = *cycle->decision.find("optics");
    named.account = "optics/usage";
    const auto at = std::find_if(cycle->decision.accounts.begin(), cycle->decision.accounts.end(),
                                 [](const auto& one) { return one.account == "physics"; });
    cycle->decision.accounts.insert(at, named);
    service.cycle = cycle;
    const std::string path = "/api/v1/accounts/optics/usage";
    CHECK_EQ(ask(service, path, kRoot).body["account"]["account"].text(), "optics/usage");
    CHECK_EQ(ask(service, path, kRoot, {{"by", "day"}}).body["account"].text(), "optics");
    CHECK_EQ(ask(service, path + "/usage", kRoot, {{"by", "day"}}).body["account"].text(),
             "optics/usage");
    // alice sees optics only
    CHECK_EQ(ask(service, path, {sluice::test::kAlice, false}).body["account"].text(), "optics");
}

CASE(usage_by_day_is_for_who_sees_the_account_and_names_wrong_parameters) {
    FakeService service;
    const std::string path = "/api/v1/accounts/physics/usage";
    CHECK_EQ(ask(service, path, {sluice::test::kBob, false}).status, 404);
    CHECK_EQ(ask(service, path, kStranger).status, 404);
    CHECK_EQ(ask(service, "/api/v1/accounts/phisics/usage", kRoot).status, 404);
    CHECK_EQ(ask(service, path, kRoot, {{"by", "week"}}).body["detail"].text(), "by must be day");
    const auto wrong = ask(service, path, kRoot, {{"period", "2025"}});
    CHECK_EQ(wrong.status, 400);
    CHECK_EQ(wrong.body["detail"].text(), "period must be one of 2026-Q4, 2026-Q3");
    service.cycle = nullptr;
    CHECK_EQ(ask(service, path, kRoot).status, 503);
}
