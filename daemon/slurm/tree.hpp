// SPDX-License-Identifier: GPL-2.0-or-later
// The accounts of one cluster as a tree. Pure.
#pragma once

#include "common/model/facts.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::slurm {

// Refers to the structure it was made from, which must outlive it.
class AccountTree {
public:
    explicit AccountTree(const model::Structure& structure);

    // The account's own row; nullptr: no such account.
    const model::Association* account(std::string_view name) const;
    // The row of a user; nullptr: none.
    const model::Association* user(std::string_view account, std::string_view user,
                                   std::string_view partition) const;
    // The account, its parent ... up to root. Empty: no such account.
    std::vector<const model::Association*> upward(std::string_view account) const;
    std::vector<std::string> children(std::string_view account) const;
    // All accounts below, in no order.
    std::vector<std::string> below(std::string_view account) const;
    // QOS list in force for a row, which need not be the tree's own: the nearest own list on the
    // way up, with the "+" and "-" below it.
    std::vector<std::string> qos_in_force(const model::Association& row) const;

private:
    std::map<std::string_view, const model::Association*> accounts_;
    std::multimap<std::string_view, const model::Association*> children_; // by parent
    std::map<std::string, const model::Association*, std::less<>> users_;
};

// "+fast", "-slow": a change to what is inherited, not a list.
bool is_delta(const std::string& qos);

} // namespace sluice::slurm
