// SPDX-License-Identifier: GPL-2.0-or-later
// Who may do what: each cell of the table ROLES in sluice(1), by the routes' own answers.
#include "common/json/json.hpp"
#include "daemon/http/auth/rights.hpp"
#include "daemon/http/auth/visible.hpp"
#include "daemon/http/server/router.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;
using ports::AdminLevel;
using sluice::test::FakeService;

namespace {

using Clock = http::Rights::Clock;

constexpr std::uint32_t kCoordinator = 20003; // of physics, with no association
constexpr std::uint32_t kOperator = 20004;
constexpr std::uint32_t kAdministrator = 20005;
constexpr std::uint32_t kListed = 20006;
constexpr std::uint32_t kNobody = 20007; // as a user of Slurm without an account

const Clock::time_point kStart = Clock::time_point{} + 24h;

std::optional<bool> ask_host(std::uint32_t uid, const http::StaffRules& rules) {
    return uid == kListed && !rules.users.empty();
}

std::shared_ptr<ports::CycleReport> cycle_with_roles(Clock::time_point read) {
    auto cycle = std::make_shared<ports::CycleReport>(sluice::test::sample_cycle());
    sluice::test::add_users(*cycle, true);
    ports::Roles roles;
    roles.by_uid[kCoordinator] = {AdminLevel::none, {"physics", "gone"}};
    roles.by_uid[kOperator] = {AdminLevel::op, {}};
    roles.by_uid[kAdministrator] = {AdminLevel::administrator, {}};
    roles.read = read;
    cycle->roles = std::make_shared<const ports::Roles>(std::move(roles));
    return cycle;
}

http::Viewer viewer_of(std::string_view who) {
    if (who == "root")
        return {0, true};
    if (who == "staff token")
        return {4294967295U, true, "token a"};
    if (who == "reader token")
        return {4294967295U, false, "token b", true};
    if (who == "user")
        return {sluice::test::kAlice, false};
    if (who == "coordinator")
        return {kCoordinator, false};
    if (who == "operator")
        return {kOperator, false};
    if (who == "administrator")
        return {kAdministrator, false};
    CHECK_EQ(who, "staff list");
    return {kListed, false};
}

struct World {
    FakeService service;
    http::Rights rights;

    explicit World(http::StaffRules rules = {true, true, {"ann"}, {}},
                   http::HostLookup lookup = ask_host)
        : rights(std::move(rules), std::move(lookup)) {
        service.cycle = cycle_with_roles(kStart);
    }
    http::Viewer seen(http::Viewer viewer, Clock::time_point now = kStart) {
        rights.add_to(viewer, service, now);
        return viewer;
    }
    http::Response ask(const http::Viewer& viewer, const char* method, const std::string& path,
                       std::map<std::string, std::string> query = {}, const char* body = "") {
        return http::dispatch({method, path, std::move(query), body, seen(viewer)}, service);
    }
};

struct Act {
    const char* name;
    const char* method;
    std::string path;
    std::map<std::string, std::string> query;
    const char* body;
};

const Act kActs[] = {
    {"own account", "GET", "/api/v1/accounts/optics", {}, ""},
    {"foreign account", "GET", "/api/v1/accounts/chem", {}, ""},
    {"balance of another", "GET", "/api/v1/balances", {{"user", "bob"}}, ""},
    {"evaluate", "POST", "/api/v1/evaluate", {}, R"({"dry_run": true})"},
    {"override",
     "POST",
     "/api/v1/overrides",
     {},
     R"({"account": "physics", "standing": "normal", "until": "now+1day", "reason": "r"})"},
    {"adjust",
     "POST",
     "/api/v1/adjustments",
     {},
     R"({"account": "physics", "units": {"node_hours": 1}, "reason": "r"})"},
    {"move",
     "POST",
     "/api/v1/transfers",
     {},
     R"({"from": "physics", "to": "optics", "units": {"node_hours": 1}, "reason": "r"})"},
    {"plugins", "GET", "/api/v1/plugins", {}, ""},
    {"metrics", "GET", "/metrics", {}, ""},
    {"cleanup", "POST", "/api/v1/cleanup", {}, R"({"dry_run": true})"},
};

} // namespace

CASE(each_role_may_do_what_the_manual_says) {
    struct Row {
        const char* who;
        const char* cells; // one for each act: + allowed, - not, of whom the account is not: 404
    };
    const Row rows[] = {
        {"user", "+---------"},          {"coordinator", "+-----+---"},  {"operator", "++++++++++"},
        {"administrator", "++++++++++"}, {"staff list", "++++++++++"},   {"root", "++++++++++"},
        {"staff token", "++++++++++"},   {"reader token", "+++----++-"},
    };
    for (const auto& row : rows)
        for (std::size_t i = 0; i < std::size(kActs); ++i) {
            World world;
            const auto& act = kActs[i];
            const int status =
                world.ask(viewer_of(row.who), act.method, act.path, act.query, act.body).status;
            const bool allowed = status < 300;
            if (allowed != (row.cells[i] == '+') || (!allowed && status != 403 && status != 404))
                sluice::test::fail(std::string(row.who) + ", " + act.name + ": status " +
                                   std::to_string(status));
        }
}

CASE(only_root_and_slurmuser_manage_tokens) {
    for (const char* who : {"user", "coordinator", "operator", "administrator", "staff list",
                            "staff token", "reader token"}) {
        World world;
        CHECK_EQ(world.ask(viewer_of(who), "GET", "/api/v1/tokens").status, 403);
    }
    // 404: this service has no file of tokens.
    World world;
    CHECK_EQ(world.ask(viewer_of("root"), "GET", "/api/v1/tokens").status, 404);
}

CASE(a_coordinator_sees_the_subtree_and_its_users_only) {
    World world;
    const auto viewer = world.seen({kCoordinator, false});
    const http::Visible visible(world.service.cycle.get(), viewer);
    CHECK(visible.sees("physics"));
    CHECK(visible.sees("optics"));
    CHECK(visible.sees_users_of("optics"));
    CHECK(visible.sees("root")); // bounds physics
    CHECK(!visible.sees_users_of("root"));
    CHECK(!visible.sees("chem"));
    CHECK(!visible.sees("gone"));

    const auto answer = world.ask({kCoordinator, false}, "GET", "/api/v1/usage",
                                  {{"by_user", "1"}, {"account", "physics"}});
    CHECK_EQ(answer.status, 200);
    CHECK_EQ(world.service.evaluating.load(), 1);
    const auto body = json::parse(answer.body);
    CHECK_EQ((*body)["usage"].at(0)["users"].size(), 3u);
    CHECK_EQ(world
                 .ask({kCoordinator, false}, "GET", "/api/v1/usage",
                      {{"by_user", "1"}, {"account", "physics,chem"}})
                 .status,
             404);
    CHECK_EQ(world.service.evaluating.load(), 1);
}

// What the accounts and their policies allow is checked in tests/daemon/core/test_transfer.cpp.
CASE(a_transfer_is_bounded_by_what_the_coordinator_coordinates) {
    World world;
    const char* body =
        R"({"from": "Physics", "to": "optics", "units": {"node_hours": "2.5"}, "reason": "r"})";
    const auto answer = world.ask({kCoordinator, false}, "POST", "/api/v1/transfers", {}, body);
    CHECK_EQ(answer.status, 201);
    CHECK(world.service.transferred->coordinated == std::vector<std::string>({"physics", "gone"}));
    CHECK_EQ(world.service.transferred->from, "physics");
    CHECK(json::parse(answer.body)->view()["pair"].integer() != 0);
    CHECK_EQ(world.ask(viewer_of("operator"), "POST", "/api/v1/transfers", {}, body).status, 201);
    CHECK(!world.service.transferred->coordinated);
    // roles that are too old
    World old;
    const auto viewer = old.seen({kCoordinator, false}, kStart + 11min);
    CHECK_EQ(http::dispatch({"POST", "/api/v1/transfers", {}, body, viewer}, old.service).status,
             403);
    CHECK(!old.service.transferred);
}

CASE(a_subtree_ends_where_the_tree_has_a_loop) {
    ports::CycleReport cycle;
    cycle.parents = {{"a", "b"}, {"b", "a"}, {"c", "root"}, {"root", ""}};
    CHECK_EQ(http::subtrees_of(cycle, {"a"}).size(), 2u);
    CHECK_EQ(http::subtrees_of(cycle, {"root"}).size(), 2u);
    CHECK(http::subtrees_of(cycle, {"none"}).empty());
    CHECK(http::subtrees_of(cycle, {}).empty());
}

CASE(admin_levels_are_switched_one_by_one) {
    World none({false, false, {}, {}});
    CHECK(!none.seen({kOperator, false}).staff);
    CHECK(!none.seen({kAdministrator, false}).staff);
    World administrators({true, false, {}, {}});
    CHECK(!administrators.seen({kOperator, false}).staff);
    CHECK(administrators.seen({kAdministrator, false}).staff);
    CHECK(administrators.seen({kAdministrator, false}).granted);
}

CASE(roles_that_are_old_or_unknown_give_no_right) {
    World world;
    world.service.daemon.interval_s = 60;
    CHECK(world.seen({kOperator, false}, kStart + 10min).staff);
    CHECK(!world.seen({kOperator, false}, kStart + 10min + 1s).staff);
    CHECK(world.seen({kCoordinator, false}, kStart + 11min).coordinates.empty());
    world.service.daemon.interval_s = 3600;
    CHECK(world.seen({kOperator, false}, kStart + 2h).staff);
    CHECK(!world.seen({kOperator, false}, kStart + 2h + 1s).staff);
    world.service.cycle = std::make_shared<ports::CycleReport>(sluice::test::sample_cycle());
    CHECK(!world.seen({kOperator, false}).staff);
    world.service.cycle = nullptr;
    CHECK(!world.seen({kOperator, false}).staff);
    CHECK(!world.seen({kNobody, false}).staff);
}

CASE(a_portal_gives_no_rights_of_staff) {
    World world;
    for (const std::uint32_t uid : {kOperator, kAdministrator, kListed}) {
        http::Viewer viewer{uid, false};
        viewer.login = http::LoginKind::proxy;
        CHECK(!world.seen(viewer).staff && !world.seen(viewer).granted);
        viewer.login = http::LoginKind::session;
        CHECK(world.seen(viewer).staff);
    }
    http::Viewer coordinator{kCoordinator, false};
    coordinator.login = http::LoginKind::proxy;
    CHECK(!world.seen(coordinator).coordinates.empty());
}

CASE(a_token_gets_no_role_of_a_user) {
    World world;
    auto cycle = cycle_with_roles(kStart);
    ports::Roles roles = *cycle->roles;
    roles.by_uid[4294967295U] = {AdminLevel::administrator, {"physics"}};
    roles.by_uid[http::kNoUid] = {AdminLevel::administrator, {}};
    cycle->roles = std::make_shared<const ports::Roles>(roles);
    world.service.cycle = cycle;
    CHECK(!world.seen(viewer_of("reader token")).staff);
    CHECK(world.seen(viewer_of("reader token")).coordinates.empty());
    CHECK(!world.seen({http::kNoUid, false}).staff);
    CHECK(!world.seen(viewer_of("root")).granted);
}

CASE(the_staff_list_survives_a_silent_name_service_for_ten_minutes) {
    std::optional<bool> answer = true;
    int asked = 0;
    World world({false, false, {"ann"}, {}}, [&](std::uint32_t, const http::StaffRules&) {
        ++asked;
        return answer;
    });
    CHECK(world.seen({kListed, false}).staff);
    CHECK(world.seen({kListed, false}, kStart + 59s).staff);
    CHECK_EQ(asked, 1);
    answer = std::nullopt;
    CHECK(world.seen({kListed, false}, kStart + 5min).staff);
    CHECK(!world.seen({kListed, false}, kStart + 11min).staff);
    CHECK(!world.seen({kNobody, false}, kStart + 11min).staff); // never known
    answer = true;
    CHECK(world.seen({kListed, false}, kStart + 13min).staff);
    answer = false; // removed from the group
    CHECK(!world.seen({kListed, false}, kStart + 15min).staff);
}

CASE(the_name_service_is_not_asked_without_a_list) {
    World world({true, true, {}, {}},
                [](std::uint32_t, const http::StaffRules&) -> std::optional<bool> {
                    sluice::test::fail("asked");
                });
    CHECK(!world.seen({kListed, false}).staff);
}

CASE(users_and_groups_of_the_host_are_found) {
    CHECK(http::on_host_list(0, {true, true, {"root"}, {}}).value_or(false));
    CHECK(http::on_host_list(0, {true, true, {}, {"root"}}).value_or(false));
    CHECK(!http::on_host_list(0, {true, true, {"daemon"}, {"no-such-group"}}).value_or(true));
    CHECK(!http::on_host_list(http::kNoUid, {true, true, {"root"}, {"root"}}).value_or(true));
}
