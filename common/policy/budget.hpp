// SPDX-License-Identifier: GPL-2.0-or-later
// What remains of each account up to its grace limit, for the plugin's `budget_check` and for
// quotes. Exact: a figure that does not fit is left out, and then refuses no job.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/policy.hpp"
#include "common/model/snapshot.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/policy/snapshot.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace sluice::policy {

class Budgets {
public:
    // All outlive it. `before`: the snapshot that an account without figures keeps its budgets of;
    // nullptr: none, as for quotes.
    Budgets(const model::PolicySet& set, const AccountTree& tree, const Governance& governed,
            const model::Decision& decision, SnapshotFor whom, const model::Snapshot* before);

    // Jobs of this account are checked: against its own budgets, or those of accounts above it. For
    // quotes: it has budgets, or an account above it has.
    bool bind(std::size_t node) const { return !nearest_.empty() && nearest_[node] != kNone; }
    // Sets check, budgets and bounded_by. REQUIRES: standings of `out` are filled in.
    void add(std::size_t node, model::SnapshotAccount& out);
    // What the budgets refer to.
    std::vector<model::Measure> take_measures() { return std::move(measures_); }

private:
    // Enforcing policies in force that check; for quotes: all.
    std::vector<const model::Policy*> checking(const model::AccountDecision& decision) const;
    bool counts(const model::AccountDecision& decision) const;
    const model::SnapshotAccount* kept(const model::AccountDecision& decision) const;
    std::vector<model::Budget> again(const std::vector<model::Budget>& budgets);
    model::BudgetCheck check(const model::AccountDecision& decision) const;
    bool limits_hold(const model::AccountDecision& decision) const;
    std::vector<model::Budget> left(const model::AccountDecision& decision);
    std::optional<std::uint32_t> index_of(model::Measure measure);
    void add_component(const model::AccountDecision& decision, const model::Figure& figure,
                       std::vector<model::Budget>& out);
    void add_sum(const model::AccountDecision& decision, const model::Billing& billing,
                 std::vector<model::Budget>& out);

    const model::PolicySet& set_;
    const AccountTree& tree_;
    const Governance& governed_;
    const model::Decision& decision_;
    const bool all_; // for quotes
    const model::Snapshot* before_;
    std::vector<std::size_t> nearest_; // by node: the nearest one at or above it that checks
    std::vector<model::Measure> measures_;
};

} // namespace sluice::policy
