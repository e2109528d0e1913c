// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/budget.hpp"

#include "common/policy/evaluate/exact.hpp"
#include "common/policy/evaluate/metric.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountDecision;
using model::Budget;
using model::BudgetCheck;
using model::KeptBudget;
using model::KeptBudgets;
using model::Measure;
using model::Standing;

namespace {

constexpr std::size_t kMaxMeasures = 1000;

// used + this is exactly the grace limit. nullopt: does not fit.
std::optional<std::int64_t> left_of(Wide used, Wide effective, Decimal grace_limit) {
    const auto product = multiply(effective, grace_limit.scaled());
    if (!product)
        return std::nullopt;
    const Wide limit = *product / (Wide{100} * Decimal::kScale);
    return narrow(std::max<Wide>(0, limit - used));
}

// What remains then is of the next period, and not known.
bool stays_paused(const model::SnapshotAccount& account, std::optional<Instant> period_end) {
    return account.standing == Standing::paused &&
           std::none_of(account.later.begin(), account.later.end(), [&](const auto& phase) {
               return phase.standing != Standing::paused &&
                      (!period_end || phase.from < *period_end);
           });
}

bool checks(const model::Policy& policy) {
    return policy.check() != BudgetCheck::off && policy.mode == model::Mode::enforce;
}

bool is_evaluated(const AccountDecision& decision) {
    return decision.error.empty() || decision.by_last_rules();
}

bool may_check(const model::PolicySet& set, const model::Decision& decision) {
    return std::any_of(set.policies.begin(), set.policies.end(), checks) ||
           std::any_of(decision.accounts.begin(), decision.accounts.end(), [](const auto& account) {
               return account.by_last_rules() ||
                      (!is_evaluated(account) && !account.memory.budgets.list.empty());
           });
}

// Policies whose budgets count: enforcing ones that check; for quotes, all.
std::vector<const model::Policy*> checking(const model::PolicySet& set,
                                           const AccountDecision& decision, bool all) {
    auto found = policies_in_force(set, decision);
    std::erase_if(found, [all](const auto* policy) { return !all && !checks(*policy); });
    return found;
}

void add_component(const AccountDecision& decision, const model::Figure& figure,
                   std::vector<KeptBudget>& out) {
    const auto left =
        left_of(std::max<Amount>(0, figure.used()), figure.effective, decision.grace_limit);
    if (!left || !model::is_known_before(figure.component.tres))
        return;
    const Wide per_unit =
        divide_half_up(Wide{figure.component.unit_factor.scaled()} * 60, Decimal::kScale);
    out.push_back({{figure.component.name,
                    narrow(std::max<Wide>(1, per_unit)).value_or(1),
                    {{figure.component.tres, 1}}},
                   *left});
}

// In the scale of the metric.
void add_sum(const AccountDecision& decision, const model::Billing& billing,
             std::vector<KeptBudget>& out) {
    auto figures = decision.figures;
    const auto sum = metric(billing, figures);
    if (!sum)
        return;
    Measure measure{"billing", 1, {}};
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const auto weight = narrow(sum->multipliers[i]);
        if (!weight)
            return;
        if (*weight > 0 && model::is_known_before(figures[i].component.tres))
            measure.terms.push_back({figures[i].component.tres, *weight});
    }
    const auto left = left_of(sum->used, sum->effective, decision.grace_limit);
    const auto per_unit =
        narrow(divide_half_up(sum->minutes_denominator * 60, sum->minutes_numerator));
    if (!left || !per_unit || measure.terms.empty())
        return;
    measure.per_unit = std::max<std::int64_t>(1, *per_unit);
    out.push_back({std::move(measure), *left});
}

// Empty: nothing is granted that a job could be checked against.
std::vector<KeptBudget> budgets_left(const AccountDecision& decision,
                                     const std::vector<const model::Policy*>& policies) {
    std::vector<KeptBudget> out;
    if (policies.empty() || decision.figures.empty())
        return out;
    const model::Billing& billing = policies.front()->billing; // policies of one account agree
    if (billing.enabled && billing.weights_slurm)
        return out;
    if (billing.enabled)
        add_sum(decision, billing, out);
    else
        for (const auto& figure : decision.figures)
            add_component(decision, figure, out);
    return out;
}

// By the strictest of the account's enforcing policies; of a held account, of its last ones.
// Whatever an override makes of it.
KeptBudgets enforced_budgets(const model::PolicySet& set, const AccountDecision& decision) {
    KeptBudgets out;
    const auto policies = checking(set, decision, false);
    out.list = budgets_left(decision, policies);
    for (const auto* policy : policies)
        out.check = std::max(out.check, policy->check());
    const auto all = policies_in_force(set, decision);
    out.waits = std::any_of(all.begin(), all.end(), [](const auto* policy) {
        return policy->mode == model::Mode::enforce && policy->limits_hold();
    });
    return out;
}

// The journal is not written for each second of usage.
bool is_close(std::int64_t kept, std::int64_t left) {
    return kept >= left && kept - left <= left / 100;
}

} // namespace

Budgets::Budgets(const model::PolicySet& set, const AccountTree& tree, const Governance& governed,
                 const model::Decision& decision, SnapshotFor whom)
    : set_(set), tree_(tree), governed_(governed), decision_(decision),
      all_(whom == SnapshotFor::quotes) {
    if (!all_ && !may_check(set, decision))
        return;
    nearest_.assign(tree.size(), kNone);
    for (const std::size_t node : tree.order()) {
        const std::size_t parent = tree[node].parent;
        nearest_[node] = parent == kNone ? kNone : nearest_[parent];
        if (governed.own(node) && counts(decision.accounts[governed.of(node)]))
            nearest_[node] = node;
    }
}

void Budgets::add(std::size_t node, model::SnapshotAccount& out) {
    if (!bind(node))
        return;
    const AccountDecision& decision = decision_.accounts[governed_.of(node)];
    if (!all_ && stays_paused(out, decision.period.end))
        return;
    std::size_t above = nearest_[node];
    if (above == node) {
        const auto now = in_force(decision);
        for (const auto& one : now.list)
            if (const auto index = index_of(one.measure))
                out.budgets.push_back({*index, one.left});
        out.check = out.budgets.empty() ? BudgetCheck::off : now.check;
        out.waits = (all_ || out.check != BudgetCheck::off) && now.waits;
        const std::size_t parent = tree_[node].parent;
        above = parent == kNone ? kNone : nearest_[parent];
    }
    if (above != kNone)
        out.bounded_by = tree_[above].name;
}

bool Budgets::counts(const AccountDecision& decision) const {
    if (all_)
        return is_evaluated(decision);
    if (decision.mode != model::Mode::enforce || decision.in_force)
        return false;
    return is_evaluated(decision) ? !checking(set_, decision, false).empty() : keeps(decision);
}

// An account that keeps its standing because it could not be evaluated keeps its last budgets, too:
// within their period, and while one of the policies that they are of still checks.
bool Budgets::keeps(const AccountDecision& decision) const {
    const auto& memory = decision.memory;
    if (!decision.kept || memory.budgets.list.empty() || memory.period != decision.period.label)
        return false;
    const auto policies = checking(set_, decision, false);
    const auto& last = memory.rules.policies;
    return decision.held() || std::any_of(policies.begin(), policies.end(), [&](const auto* one) {
               return std::find(last.begin(), last.end(), one->name) != last.end();
           });
}

// Staff's override in force: none, except for quotes.
KeptBudgets Budgets::in_force(const AccountDecision& decision) const {
    const bool enforces = decision.mode == model::Mode::enforce && !decision.in_force;
    if (!is_evaluated(decision))
        return decision.memory.budgets;
    auto out = enforces ? enforced_budgets(set_, decision) : KeptBudgets{};
    if (!all_)
        return out;
    out.list = budgets_left(decision, checking(set_, decision, true));
    return out;
}

std::optional<std::uint32_t> Budgets::index_of(const Measure& measure) {
    const auto found = std::find(measures_.begin(), measures_.end(), measure);
    if (found == measures_.end() && measures_.size() >= kMaxMeasures)
        return std::nullopt;
    const auto index = static_cast<std::uint32_t>(found - measures_.begin());
    if (found == measures_.end())
        measures_.push_back(measure);
    return index;
}

void remember_budgets(const model::PolicySet& set, const model::History& history,
                      model::Decision& decision) {
    for (auto& out : decision.accounts) {
        if (!is_evaluated(out))
            continue;
        out.memory.budgets = {};
        if (out.mode != model::Mode::enforce || checking(set, out, false).empty())
            continue;
        out.memory.budgets = enforced_budgets(set, out);
        const auto before = history.accounts.find(out.account);
        if (before == history.accounts.end() || before->second.period != out.memory.period)
            continue;
        const auto& last = before->second.budgets.list;
        auto& list = out.memory.budgets.list;
        for (std::size_t i = 0; i < list.size() && i < last.size(); ++i)
            if (last[i].measure == list[i].measure && is_close(last[i].left, list[i].left))
                list[i].left = last[i].left;
    }
}

} // namespace sluice::policy
