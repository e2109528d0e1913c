// SPDX-License-Identifier: GPL-2.0-or-later
// The cluster's accounts as an index over a Structure: parents, children, associations. Looks,
// never copies; valid as long as the Structure it was made from.
#pragma once

#include "common/model/facts.hpp"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::policy {

inline constexpr int kNone = -1;

struct Node {
    std::string_view name;
    int parent = kNone;
    const model::Association* row = nullptr; // the account's own association
    std::vector<const model::Association*> users;
    std::vector<int> children;
};

class Tree {
public:
    // Linear in associations. A parent that does not exist, or a circle of parents, makes a root.
    explicit Tree(const model::Structure& structure);

    int find(std::string_view account) const;
    const Node& operator[](int index) const { return nodes_[static_cast<std::size_t>(index)]; }
    std::size_t size() const { return nodes_.size(); }
    // Every node once, parents before their children.
    const std::vector<int>& order() const { return order_; }

private:
    int add(std::string_view account);
    void link_parents();
    void walk(int root, std::vector<bool>& seen);

    std::vector<Node> nodes_;
    std::unordered_map<std::string_view, int> index_;
    std::vector<int> order_;
};

} // namespace sluice::policy
