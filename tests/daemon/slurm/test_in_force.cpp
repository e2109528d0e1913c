// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/in_force.hpp"
#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::slurm;
using model::Association;
using model::Command;
using model::CommandType;

namespace {

using List = std::vector<std::string>;

Command qos(const std::string& account, List list, const std::string& standard,
            const std::string& user = "") {
    Command command;
    command.account = account;
    command.user = user;
    command.qos = std::move(list);
    command.default_qos = standard;
    return command;
}

// What slurmctld shows of the small cluster: everybody inherits from univ.
std::vector<Association> live() {
    auto rows = test::small_cluster().associations;
    for (auto& row : rows)
        if (row.account != "root")
            row.qos = {"blocked", "normal", "slowdown"};
    return rows;
}

Association& row(std::vector<Association>& rows, const std::string& account,
                 const std::string& user = "") {
    for (auto& one : rows)
        if (one.account == account && one.user == user)
            return one;
    return rows.front();
}

bool shown(const Command& command, const std::vector<Association>& rows) {
    return in_force(test::small_cluster(), {&command, 1}, rows).at(0);
}

} // namespace

CASE(a_pause_is_in_force_when_account_and_users_below_show_it) {
    const auto pause = qos("physics", {"blocked"}, "blocked");
    auto rows = live();
    CHECK(!shown(pause, rows));
    row(rows, "physics").qos = {"blocked"};
    row(rows, "physics").default_qos = "blocked";
    CHECK(!shown(pause, rows)); // its users may still submit
    for (auto& one : rows)
        if (!one.user.empty()) {
            one.qos = {"blocked"};
            one.default_qos = "blocked";
        }
    CHECK(shown(pause, rows)); // optics itself is not told, and need not be
    rows.back().qos = {"normal"};
    CHECK(!shown(pause, rows));
}

CASE(users_with_a_list_of_their_own_say_nothing_about_the_account) {
    auto structure = test::small_cluster();
    structure.associations[5].qos = {"slowdown"}; // games in physics
    const auto pause = qos("physics", {"blocked"}, "blocked");
    auto rows = live();
    row(rows, "physics").qos = {"blocked"};
    row(rows, "physics").default_qos = "blocked";
    row(rows, "physics", "games").qos = {"slowdown"};
    for (auto& one : rows)
        if (one.user == "man") {
            one.qos = {"blocked"};
            one.default_qos = "blocked";
        }
    CHECK(in_force(structure, {&pause, 1}, rows).at(0));
}

CASE(a_list_given_back_is_in_force_when_the_inherited_one_is_shown) {
    auto structure = test::small_cluster();
    structure.associations[2].qos = {"blocked"}; // physics, before
    structure.associations[2].default_qos = "blocked";
    const auto back = qos("physics", {}, "");
    auto rows = live();
    CHECK(in_force(structure, {&back, 1}, rows).at(0));
    row(rows, "physics", "games").qos = {"blocked"};
    CHECK(!in_force(structure, {&back, 1}, rows).at(0));
}

CASE(a_user_is_judged_by_its_own_row) {
    auto rows = live();
    const auto pause = qos("optics", {"blocked"}, "blocked", "man");
    CHECK(!shown(pause, rows));
    row(rows, "optics", "man").qos = {"blocked"};
    row(rows, "optics", "man").default_qos = "blocked";
    CHECK(shown(pause, rows));
}

CASE(limits_and_shares_are_compared_and_inherited_ones_not_taken_for_own) {
    Command limits;
    limits.type = CommandType::limits;
    limits.account = "physics";
    limits.limits = {{"cpu", 100}, {"node", std::nullopt}};
    auto rows = live();
    CHECK(!shown(limits, rows));
    row(rows, "physics").grp_tres_mins = {{"cpu", 100}};
    CHECK(shown(limits, rows));
    row(rows, "physics").grp_tres_mins = {{"cpu", 100}, {"node", 7}};
    CHECK(!shown(limits, rows));

    auto structure = test::small_cluster();
    structure.associations[1].max_tres_mins = {{"node", 7}}; // univ
    limits.limit_type = model::LimitType::max_tres_mins;
    row(rows, "physics").max_tres_mins = {{"cpu", 100}, {"node", 7}};
    CHECK(in_force(structure, {&limits, 1}, rows).at(0));
    row(rows, "physics").max_tres_mins = {{"cpu", 100}, {"node", 8}};
    CHECK(!in_force(structure, {&limits, 1}, rows).at(0));

    Command shares;
    shares.type = CommandType::fairshare;
    shares.account = "physics";
    shares.shares = 7;
    CHECK(!shown(shares, rows));
    row(rows, "physics").shares = 7;
    CHECK(shown(shares, rows));
}

CASE(an_account_that_slurmctld_does_not_show_is_not_in_force) {
    CHECK(!shown(qos("physics", {"blocked"}, "blocked"), {}));
}
