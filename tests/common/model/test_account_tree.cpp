// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/model/account_tree.hpp"

#include "common/model/facts.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;
using model::AccountTree;
using model::kNone;

namespace {

model::Association row(const std::string& account, const std::string& parent,
                       const std::string& user = "", const std::string& partition = "") {
    model::Association out;
    out.account = account;
    out.parent = parent;
    out.user = user;
    out.partition = partition;
    return out;
}

std::string names(const AccountTree& tree, const std::vector<std::size_t>& nodes) {
    std::string out;
    for (const std::size_t node : nodes)
        out += (out.empty() ? "" : " ") + std::string(tree[node].name);
    return out;
}

} // namespace

CASE(parents_come_before_their_children) {
    model::Structure structure;
    structure.associations = {row("optics", "physics"), row("chem", "root"), row("root", ""),
                              row("physics", "root"), row("lasers", "optics")};
    const AccountTree tree(structure);
    CHECK_EQ(names(tree, tree.order()), "root chem physics optics lasers");
    CHECK_EQ(names(tree, tree.subtree(tree.find("physics"))), "physics optics lasers");
    std::string upward;
    for (const auto* one : tree.upward("lasers"))
        upward += one->account + " ";
    CHECK_EQ(upward, "lasers optics physics root ");
    CHECK_EQ(tree.find("biology"), kNone);
    CHECK(tree.upward("biology").empty());
}

CASE(associations_are_found_by_account_user_and_partition) {
    model::Structure structure;
    structure.associations = {row("root", ""), row("chem", "root"), row("chem", "", "ann"),
                              row("chem", "", "ann", "gpu")};
    const AccountTree tree(structure);
    CHECK(tree.account("chem") == &structure.associations[1]);
    CHECK(tree.user("chem", "ann", "") == &structure.associations[2]);
    CHECK(tree.user("chem", "ann", "gpu") == &structure.associations[3]);
    CHECK(tree.user("chem", "bob", "") == nullptr);
    CHECK(tree.account("ann") == nullptr);
}

CASE(a_circle_of_parents_or_a_missing_parent_makes_a_root) {
    model::Structure structure;
    structure.associations = {row("root", ""), row("a", "c"),       row("b", "a"),
                              row("c", "b"),   row("lost", "gone"), row("self", "self")};
    const AccountTree tree(structure);
    CHECK_EQ(tree.order().size(), tree.size());
    CHECK_EQ(names(tree, tree.subtree(tree.find("a"))), "a b c");
    CHECK_EQ(names(tree, tree.subtree(tree.find("b"))), "b c");
    CHECK_EQ(tree.upward("c").size(), 3U);
    CHECK(tree[tree.find("lost")].parent == kNone && tree[tree.find("self")].parent == kNone);
}
