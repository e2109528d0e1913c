// SPDX-License-Identifier: GPL-2.0-or-later
// Who is judged: the accounts that a policy matches and that have an allocation, own or by default.
#pragma once

#include "common/model/policy.hpp"
#include "common/policy/tree.hpp"

#include <string>
#include <vector>

namespace sluice::policy {

struct Subject {
    std::string account;
    int node = kNone;                              // in the tree
    std::vector<const model::Policy*> policies;    // in the file's order, at least one
    const model::Allocation* allocation = nullptr; // not empty
    bool spans = false; // one allocation for all clusters of its policies
};

// Sorted by account. Accounts that the file names and the tree lacks are added to `unknown` (each
// once, sorted).
std::vector<Subject> subjects(const model::PolicySet& set, const Tree& tree,
                              std::vector<std::string>& unknown);

} // namespace sluice::policy
