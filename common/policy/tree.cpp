// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/tree.hpp"

namespace sluice::policy {

Tree::Tree(const model::Structure& structure) {
    index_.reserve(structure.associations.size());
    for (const auto& row : structure.associations) {
        Node& node = nodes_[static_cast<std::size_t>(add(row.account))];
        if (row.user.empty())
            node.row = &row;
        else
            node.users.push_back(&row);
    }
    link_parents();
    std::vector<bool> seen(nodes_.size(), false);
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        if (nodes_[i].parent == kNone)
            walk(static_cast<int>(i), seen);
    // What is left hangs in circles: cut each at the first member met.
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        if (!seen[i]) {
            nodes_[i].parent = kNone;
            walk(static_cast<int>(i), seen);
        }
}

int Tree::find(std::string_view account) const {
    const auto found = index_.find(account);
    return found == index_.end() ? kNone : found->second;
}

int Tree::add(std::string_view account) {
    const auto [it, fresh] = index_.try_emplace(account, static_cast<int>(nodes_.size()));
    if (fresh)
        nodes_.push_back(Node{account, kNone, nullptr, {}, {}});
    return it->second;
}

void Tree::link_parents() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        Node& node = nodes_[i];
        if (node.row == nullptr || node.row->parent.empty())
            continue;
        const int parent = find(node.row->parent);
        if (parent == kNone || parent == static_cast<int>(i))
            continue;
        node.parent = parent;
        nodes_[static_cast<std::size_t>(parent)].children.push_back(static_cast<int>(i));
    }
}

void Tree::walk(int root, std::vector<bool>& seen) {
    std::vector<int> stack{root};
    while (!stack.empty()) {
        const int at = stack.back();
        stack.pop_back();
        if (seen[static_cast<std::size_t>(at)])
            continue;
        seen[static_cast<std::size_t>(at)] = true;
        order_.push_back(at);
        const auto& children = nodes_[static_cast<std::size_t>(at)].children;
        stack.insert(stack.end(), children.rbegin(), children.rend());
    }
}

} // namespace sluice::policy
