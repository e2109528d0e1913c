// SPDX-License-Identifier: GPL-2.0-or-later
// The account tree and the QOS list that is in force in it.
#include "daemon/slurm/tree.hpp"

#include "common/base/text.hpp"
#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;

namespace {

CASE(the_way_up_ends_at_root) {
    const model::Structure cluster = test::small_cluster();
    const slurm::AccountTree tree{cluster};
    const auto way = tree.upward("optics");
    CHECK_EQ(way.size(), 4U);
    CHECK_EQ(way.front()->account, "optics");
    CHECK_EQ(way.back()->account, "root");
    CHECK(tree.upward("nosuch").empty());
}

CASE(a_damaged_tree_does_not_hold_us) {
    model::Structure cluster = test::small_cluster();
    cluster.associations[1].parent = "optics"; // univ below its own grandchild
    const slurm::AccountTree tree{cluster};
    CHECK(tree.upward("physics").size() <= 6U);
    CHECK(tree.below("physics").size() <= 7U);
}

CASE(the_subtree_has_all_descendants) {
    const model::Structure cluster = test::small_cluster();
    auto names = slurm::AccountTree{cluster}.below("univ");
    std::sort(names.begin(), names.end());
    CHECK_EQ(join(names, ","), "chem,optics,physics");
}

CASE(users_are_told_apart_by_partition) {
    const model::Structure cluster = test::small_cluster();
    const slurm::AccountTree tree{cluster};
    CHECK_EQ(tree.user("optics", "man", "")->id, 7U);
    CHECK_EQ(tree.user("optics", "man", "aux")->id, 8U);
    CHECK(tree.user("physics", "man", "") == nullptr);
}

CASE(an_empty_list_inherits_and_an_own_list_replaces) {
    model::Structure cluster = test::small_cluster();
    const slurm::AccountTree tree{cluster};
    CHECK_EQ(join(tree.qos_in_force(*tree.account("optics")), ","), "normal,slowdown,blocked");
    cluster.associations[2].qos = {"blocked"};
    CHECK_EQ(join(tree.qos_in_force(*tree.account("optics")), ","), "blocked");
    CHECK_EQ(join(tree.qos_in_force(*tree.user("physics", "games", "")), ","), "blocked");
    CHECK_EQ(join(tree.qos_in_force(*tree.account("chem")), ","), "normal,slowdown,blocked");
}

CASE(deltas_change_what_is_inherited) {
    model::Structure cluster = test::small_cluster();
    const slurm::AccountTree tree{cluster};
    cluster.associations[2].qos = {"-slowdown"};
    cluster.associations[3].qos = {"+fast"};
    CHECK_EQ(join(tree.qos_in_force(*tree.account("optics")), ","), "normal,blocked,fast");
}

CASE(the_list_in_force_of_a_row_that_is_to_be) {
    const model::Structure cluster = test::small_cluster();
    const slurm::AccountTree tree{cluster};
    model::Association row = *tree.account("physics");
    row.qos = {"slowdown"};
    CHECK_EQ(join(tree.qos_in_force(row), ","), "slowdown");
}

} // namespace
