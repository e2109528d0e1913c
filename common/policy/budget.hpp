// SPDX-License-Identifier: GPL-2.0-or-later
// What is left of each account up to its grace limit, for the plugin's `budget_check`. Exact: a
// figure that does not fit is left out, and then nobody is refused by it.
#pragma once

#include "common/model/budget.hpp"
#include "common/model/decision.hpp"
#include "common/model/policy.hpp"

#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::policy {

class Budgets {
public:
    // `set` outlives it.
    explicit Budgets(const model::PolicySet& set);

    // No policy has a budget_check: nothing needs to be asked.
    bool none() const { return checks_.empty(); }
    // The strictest of the account's enforcing policies. off: also for an account that staff has
    // pinned, or that could not be judged.
    model::BudgetCheck check(const model::AccountDecision& decision) const;
    // Empty: nothing is granted that a job could be held against.
    std::vector<model::Budget> left(const model::AccountDecision& decision);
    // What the budgets refer to.
    std::vector<model::Measure> take_measures() { return std::move(measures_); }

private:
    std::optional<std::uint32_t> index_of(model::Measure measure);
    void add_component(const model::AccountDecision& decision, const model::Figure& figure,
                       std::vector<model::Budget>& out);
    void add_sum(const model::AccountDecision& decision, const model::Billing& billing,
                 std::vector<model::Budget>& out);

    std::unordered_map<std::string_view, const model::Policy*> checks_; // with a check, by name
    std::vector<model::Measure> measures_;
};

} // namespace sluice::policy
