// SPDX-License-Identifier: GPL-2.0-or-later
// The accounts that a decision is about: those that a policy covers and that have an allocation,
// own or by default; and which of them governs an account without.
#pragma once

#include "common/model/account_tree.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"

#include <string>
#include <vector>

namespace sluice::policy {

using model::AccountTree;
using model::kNone;

struct Subject {
    std::string account;
    std::vector<const model::Policy*> policies;    // in the file's order, at least one
    const model::Allocation* allocation = nullptr; // not empty
    bool spans = false; // one allocation for all clusters of its policies
    const std::optional<model::AccountLife>* life = nullptr; // as the settings have it, if they do

    // Its rules count where all policies have to agree.
    const model::Policy& first() const { return *policies.front(); }
};

// Sorted by account. Points into `set`.
std::vector<Subject> subjects(const model::PolicySet& set, const AccountTree& tree);

// Accounts of the cluster that are under enforcement but that are no subjects any more. Sorted.
std::vector<std::string> left_without_rules(const std::vector<Subject>& subjects,
                                            const AccountTree& tree, const model::History& history);

// Accounts that the settings name and that neither this cluster nor another one of their allocation
// has. Sorted.
std::vector<std::string> unknown_accounts(const model::PolicySet& set, const AccountTree& tree,
                                          const model::Facts& facts);

// An account with less of a component than the accounts next below it have together. That is
// allowed: the allocation of the account still bounds them.
struct OverGrant {
    std::string account;
    std::string component;
    Decimal own;
    Decimal together;
};
// Sorted by account and component. Only accounts with the same period are compared.
std::vector<OverGrant> over_granted(const model::PolicySet& set, const AccountTree& tree);

// Those of the decision's policies that the set still has, in the file's order.
std::vector<const model::Policy*> policies_of(const model::PolicySet& set,
                                              const model::AccountDecision& decision);

// The same of an account that its last rules hold: these are in force, whatever `set` has.
std::vector<const model::Policy*> policies_in_force(const model::PolicySet& set,
                                                    const model::AccountDecision& decision);

// The first of those in force that `accepts`: one of the decision's mode, else any. nullptr: none.
template <class Accepts>
const model::Policy* first_policy(const model::PolicySet& set,
                                  const model::AccountDecision& decision, Accepts accepts) {
    const model::Policy* found = nullptr;
    for (const model::Policy* policy : policies_in_force(set, decision)) {
        if (!accepts(*policy))
            continue;
        if (policy->mode == decision.mode)
            return policy;
        if (found == nullptr)
            found = policy;
    }
    return found;
}

// By node of the tree: the nearest evaluated account at or above it, as an index in
// Decision::accounts.
class Governance {
public:
    Governance(const AccountTree& tree, const model::Decision& decision);

    // kNone: no policy covers the node, nor any above it.
    std::size_t of(std::size_t node) const { return node == kNone ? kNone : governor_[node]; }
    // The node is evaluated itself.
    bool own(std::size_t node) const { return own_[node]; }
    std::size_t above(std::size_t node) const { return of(tree_[node].parent); }

private:
    const AccountTree& tree_;
    std::vector<std::size_t> governor_;
    std::vector<bool> own_;
};

} // namespace sluice::policy
