// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/accounts/shown_qos.hpp"
#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::slurm;

namespace {

using List = std::vector<std::string>;

// games in physics, man in optics below it.
model::Association user(const char* account, const char* name, List list,
                        std::string standard = "") {
    auto row = test::user_row(name == std::string("games") ? 6 : 7, account, name);
    row.qos = std::move(list);
    row.default_qos = std::move(standard);
    return row;
}

model::QosDifferences differences(const model::Structure& structure,
                                  const model::Association& row) {
    ShownQos shown{structure};
    shown.compare(row);
    return shown.differences();
}

using Names = std::set<std::string>;

} // namespace

CASE(users_that_show_what_they_inherit_do_not_differ) {
    const auto cluster = test::small_cluster();
    CHECK(
        differences(cluster, user("physics", "games", {"slowdown", "normal", "blocked"})).empty());
    CHECK(differences(cluster, test::account_row(4, "optics", "physics")).empty()); // inherits
    CHECK_EQ(differences(cluster, test::account_row(2, "univ", "root")).size(), 1U);
    CHECK(differences(cluster, test::user_row(99, "physics", "new")).empty());
}

CASE(a_user_keeps_what_was_inherited_from_a_paused_parent) {
    const auto cluster = test::small_cluster();
    const auto list = differences(cluster, user("optics", "man", {"blocked"}, "blocked"));
    CHECK(list.at("optics") == (Names{"blocked", "normal", "slowdown"}));
    const auto standard =
        differences(cluster, user("optics", "man", {"blocked", "normal", "slowdown"}, "blocked"));
    CHECK(standard.at("optics") == Names{"blocked"});
}

CASE(a_user_keeps_what_was_inherited_before_the_move_below_a_paused_parent) {
    auto cluster = test::small_cluster();
    cluster.associations[2].qos = {"blocked"};
    cluster.associations[2].default_qos = "blocked";
    CHECK_EQ(differences(cluster, user("optics", "man", {"blocked", "normal", "slowdown"})).size(),
             1U);
    CHECK(differences(cluster, user("optics", "man", {"blocked"}, "blocked")).empty());
}

CASE(own_lists_and_a_default_that_slurmctld_drops_do_not_differ) {
    auto cluster = test::small_cluster();
    cluster.associations[5].qos = {"slowdown"};
    CHECK(differences(cluster, user("physics", "games", {"normal"})).empty()); // its own matter
    cluster.associations[5].qos.clear();
    cluster.associations[2].qos = {"slowdown"};
    cluster.associations[1].default_qos = "normal";
    CHECK(differences(cluster, user("physics", "games", {"slowdown"})).empty());
    CHECK_EQ(differences(cluster, user("physics", "games", {"normal"}, "normal")).size(), 1U);
}
