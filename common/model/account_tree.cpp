// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/model/account_tree.hpp"

#include "common/model/facts.hpp"

namespace sluice::model {

AccountTree::AccountTree(const Structure& structure) {
    index_.reserve(structure.associations.size());
    for (const Association& row : structure.associations) {
        AccountNode& node = nodes_[add(row.account)];
        if (row.user.empty())
            node.row = &row;
        else
            node.users.push_back(&row);
    }
    link_parents();
    std::vector<bool> seen(nodes_.size(), false);
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        if (nodes_[i].parent == kNone)
            append(i, seen);
    // The rest hangs in circles: cut each above the first member met.
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        if (!seen[i]) {
            std::erase(nodes_[nodes_[i].parent].children, i);
            nodes_[i].parent = kNone;
            append(i, seen);
        }
}

std::size_t AccountTree::find(std::string_view account) const {
    const auto found = index_.find(account);
    return found == index_.end() ? kNone : found->second;
}

std::vector<std::size_t> AccountTree::subtree(std::size_t node) const {
    std::vector<std::size_t> nodes, open{node};
    while (!open.empty()) {
        nodes.push_back(open.back());
        open.pop_back();
        const auto& children = nodes_[nodes.back()].children;
        open.insert(open.end(), children.rbegin(), children.rend());
    }
    return nodes;
}

const Association* AccountTree::account(std::string_view name) const {
    const std::size_t node = find(name);
    return node == kNone ? nullptr : nodes_[node].row;
}

const Association* AccountTree::user(std::string_view account, std::string_view user,
                                     std::string_view partition) const {
    if (const std::size_t node = find(account); node != kNone)
        for (const Association* row : nodes_[node].users)
            if (row->user == user && row->partition == partition)
                return row;
    return nullptr;
}

std::vector<const Association*> AccountTree::upward(std::string_view account) const {
    std::vector<const Association*> rows;
    for (std::size_t node = find(account); node != kNone && nodes_[node].row != nullptr;
         node = nodes_[node].parent)
        rows.push_back(nodes_[node].row);
    return rows;
}

std::size_t AccountTree::add(std::string_view account) {
    const auto [at, fresh] = index_.try_emplace(account, nodes_.size());
    if (fresh)
        nodes_.push_back({account, kNone, nullptr, {}, {}});
    return at->second;
}

void AccountTree::link_parents() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        AccountNode& node = nodes_[i];
        const std::size_t parent = node.row == nullptr ? kNone : find(node.row->parent);
        if (parent == kNone || parent == i)
            continue;
        node.parent = parent;
        nodes_[parent].children.push_back(i);
    }
}

void AccountTree::append(std::size_t root, std::vector<bool>& seen) {
    for (const std::size_t node : subtree(root)) {
        seen[node] = true;
        order_.push_back(node);
    }
}

} // namespace sluice::model
