// SPDX-License-Identifier: GPL-2.0-or-later
// The QOS list that is in force in a tree of accounts.
#include "common/model/qos_list.hpp"

#include "common/base/text.hpp"
#include "tests/daemon/slurm/facts.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;

namespace {

CASE(accounts_below_end_in_a_circle_of_parents) {
    model::Structure cluster = test::small_cluster();
    cluster.associations[1].parent = "optics"; // univ below its own grandchild
    const model::AccountTree tree{cluster};
    CHECK(model::accounts_below(tree, "physics").size() <= 7U);
    CHECK(model::accounts_below(tree, "nosuch").empty());
}

CASE(accounts_below_are_all_descendants) {
    const model::Structure cluster = test::small_cluster();
    auto names = model::accounts_below(model::AccountTree{cluster}, "univ");
    std::sort(names.begin(), names.end());
    CHECK_EQ(join(names, ","), "chem,optics,physics");
}

CASE(an_empty_qos_list_inherits_and_an_own_list_replaces) {
    model::Structure cluster = test::small_cluster();
    const model::AccountTree tree{cluster};
    CHECK_EQ(join(model::qos_in_force(tree, *tree.account("optics")), ","),
             "normal,slowdown,blocked");
    cluster.associations[2].qos = {"blocked"};
    CHECK_EQ(join(model::qos_in_force(tree, *tree.account("optics")), ","), "blocked");
    CHECK_EQ(join(model::qos_in_force(tree, *tree.user("physics", "games", "")), ","), "blocked");
    CHECK_EQ(join(model::qos_in_force(tree, *tree.account("chem")), ","),
             "normal,slowdown,blocked");
}

CASE(qos_deltas_change_the_inherited_list) {
    model::Structure cluster = test::small_cluster();
    const model::AccountTree tree{cluster};
    cluster.associations[2].qos = {"-slowdown"};
    cluster.associations[3].qos = {"+fast"};
    CHECK_EQ(join(model::qos_in_force(tree, *tree.account("optics")), ","), "normal,blocked,fast");
}

CASE(qos_in_force_of_a_row_that_is_only_planned) {
    const model::Structure cluster = test::small_cluster();
    const model::AccountTree tree{cluster};
    model::Association row = *tree.account("physics");
    row.qos = {"slowdown"};
    CHECK_EQ(join(model::qos_in_force(tree, row), ","), "slowdown");
}

} // namespace
