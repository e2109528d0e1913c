// SPDX-License-Identifier: GPL-2.0-or-later
// The accounts of one cluster as an index over a Structure: parents, children, associations. Copies
// nothing: the Structure outlives it and does not change.
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::model {

struct Association;
struct Structure;

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1); // no node; no index

struct AccountNode {
    std::string_view name;
    std::size_t parent = kNone;
    const Association* row = nullptr; // the account's own association
    std::vector<const Association*> users;
    std::vector<std::size_t> children;
};

class AccountTree {
public:
    // Linear in associations. A parent that does not exist, or a circle of parents, makes a root.
    explicit AccountTree(const Structure& structure);

    std::size_t size() const { return nodes_.size(); }
    const AccountNode& operator[](std::size_t node) const { return nodes_[node]; }
    // kNone: no such account.
    std::size_t find(std::string_view account) const;
    // Every node once, parents before their children.
    const std::vector<std::size_t>& order() const { return order_; }
    // The node and all below it, parents before their children.
    std::vector<std::size_t> subtree(std::size_t node) const;

    // The account's own association; nullptr: no such account.
    const Association* account(std::string_view name) const;
    // `partition`: "" for none. nullptr: no such association.
    const Association* user(std::string_view account, std::string_view user,
                            std::string_view partition) const;
    // Own associations of the account, its parent ... up to the root. Empty: no such account.
    std::vector<const Association*> upward(std::string_view account) const;

private:
    std::size_t add(std::string_view account);
    void link_parents();
    void append(std::size_t root, std::vector<bool>& seen);

    std::vector<AccountNode> nodes_;
    std::unordered_map<std::string_view, std::size_t> index_;
    std::vector<std::size_t> order_;
};

} // namespace sluice::model
