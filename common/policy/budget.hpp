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
    // All outlive it.
    Budgets(const model::PolicySet& set, const AccountTree& tree, const Governance& governed,
            const model::Decision& decision, SnapshotFor whom);

    // Jobs of this account are checked: against its own budgets, or those of accounts above it. For
    // quotes: it has budgets, or an account above it has.
    bool bind(std::size_t node) const { return !nearest_.empty() && nearest_[node] != kNone; }
    // Sets check, budgets and bounded_by. REQUIRES: standings of `out` are filled in.
    void add(std::size_t node, model::SnapshotAccount& out);
    // What the budgets refer to.
    std::vector<model::Measure> take_measures() { return std::move(measures_); }

private:
    bool counts(const model::AccountDecision& decision) const;
    bool keeps(const model::AccountDecision& decision) const;
    model::KeptBudgets in_force(const model::AccountDecision& decision) const;
    std::optional<std::uint32_t> index_of(const model::Measure& measure);

    const model::PolicySet& set_;
    const AccountTree& tree_;
    const Governance& governed_;
    const model::Decision& decision_;
    const bool all_;                   // for quotes
    std::vector<std::size_t> nearest_; // by node: the nearest one at or above it that checks
    std::vector<model::Measure> measures_;
};

// What the memory of evaluated accounts keeps of their budgets. Within a hundredth of the exact
// figures, so that the journal is not written in each cycle.
void remember_budgets(const model::PolicySet& set, const model::History& history,
                      model::Decision& decision);

} // namespace sluice::policy
