// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/budget.hpp"

#include "common/policy/evaluate/exact.hpp"
#include "common/policy/evaluate/metric.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountDecision;
using model::Budget;
using model::BudgetCheck;
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
           std::any_of(decision.accounts.begin(), decision.accounts.end(),
                       [](const auto& account) { return account.by_last_rules(); });
}

} // namespace

Budgets::Budgets(const model::PolicySet& set, const AccountTree& tree, const Governance& governed,
                 const model::Decision& decision, SnapshotFor whom, const model::Snapshot* before)
    : set_(set), tree_(tree), governed_(governed), decision_(decision),
      all_(whom == SnapshotFor::quotes), before_(all_ ? nullptr : before) {
    const bool had = before_ != nullptr && !before_->measures.empty();
    if (!all_ && !had && !may_check(set, decision))
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
        const auto* good = kept(decision);
        out.budgets = good == nullptr ? left(decision) : again(good->budgets);
        const auto wanted = good == nullptr ? check(decision) : good->check;
        out.check = out.budgets.empty() ? BudgetCheck::off : wanted;
        out.waits = (all_ || out.check != BudgetCheck::off) &&
                    (good == nullptr ? limits_hold(decision) : good->waits);
        const std::size_t parent = tree_[node].parent;
        above = parent == kNone ? kNone : nearest_[parent];
    }
    if (above != kNone)
        out.bounded_by = tree_[above].name;
}

std::vector<const model::Policy*> Budgets::checking(const AccountDecision& decision) const {
    auto found = policies_in_force(set_, decision);
    std::erase_if(found, [&](const auto* policy) { return !all_ && !checks(*policy); });
    return found;
}

bool Budgets::counts(const AccountDecision& decision) const {
    return all_ ? is_evaluated(decision)
                : check(decision) != BudgetCheck::off || kept(decision) != nullptr;
}

// An account that keeps its standing because it could not be evaluated keeps its last budgets, too;
// not into a new period.
const model::SnapshotAccount* Budgets::kept(const AccountDecision& decision) const {
    if (before_ == nullptr || is_evaluated(decision) || !decision.kept || decision.in_force ||
        decision.mode != model::Mode::enforce || decision.memory.period != decision.period.label)
        return nullptr;
    if (!decision.held() && checking(decision).empty())
        return nullptr; // no policy checks any more
    const auto& all = before_->accounts;
    const auto found =
        std::lower_bound(all.begin(), all.end(), decision.account,
                         [](const auto& one, const auto& name) { return one.name < name; });
    const bool known = found != all.end() && found->name == decision.account;
    return known && found->check != BudgetCheck::off ? &*found : nullptr;
}

std::vector<Budget> Budgets::again(const std::vector<Budget>& budgets) {
    std::vector<Budget> out;
    for (const auto& one : budgets)
        if (one.measure < before_->measures.size())
            if (const auto index = index_of(before_->measures[one.measure]))
                out.push_back({*index, one.left});
    return out;
}

// The strictest of the account's enforcing policies; of a held account, of its last ones. off: also
// for an account that staff has pinned, or that could not be evaluated.
BudgetCheck Budgets::check(const AccountDecision& decision) const {
    if (decision.mode != model::Mode::enforce || !is_evaluated(decision) || decision.in_force)
        return BudgetCheck::off;
    BudgetCheck strictest = BudgetCheck::off;
    for (const auto* policy : checking(decision))
        if (policy->mode == model::Mode::enforce)
            strictest = std::max(strictest, policy->check());
    return strictest;
}

bool Budgets::limits_hold(const AccountDecision& decision) const {
    if (decision.mode != model::Mode::enforce || decision.in_force)
        return false;
    const auto policies = checking(decision);
    return std::any_of(policies.begin(), policies.end(), [](const auto* policy) {
        return policy->mode == model::Mode::enforce && policy->limits_hold();
    });
}

std::optional<std::uint32_t> Budgets::index_of(Measure measure) {
    const auto found = std::find(measures_.begin(), measures_.end(), measure);
    if (found == measures_.end() && measures_.size() >= kMaxMeasures)
        return std::nullopt;
    const auto index = static_cast<std::uint32_t>(found - measures_.begin());
    if (found == measures_.end())
        measures_.push_back(std::move(measure));
    return index;
}

void Budgets::add_component(const AccountDecision& decision, const model::Figure& figure,
                            std::vector<Budget>& out) {
    const auto left =
        left_of(std::max<Amount>(0, figure.used()), figure.effective, decision.grace_limit);
    if (!left || !model::is_known_before(figure.component.tres))
        return;
    const Wide per_unit =
        divide_half_up(Wide{figure.component.unit_factor.scaled()} * 60, Decimal::kScale);
    const auto index = index_of({figure.component.name,
                                 narrow(std::max<Wide>(1, per_unit)).value_or(1),
                                 {{figure.component.tres, 1}}});
    if (index)
        out.push_back({*index, *left});
}

// In the scale of the metric.
void Budgets::add_sum(const AccountDecision& decision, const model::Billing& billing,
                      std::vector<Budget>& out) {
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
    if (const auto index = index_of(std::move(measure)))
        out.push_back({*index, *left});
}

// Empty: nothing is granted that a job could be checked against.
std::vector<Budget> Budgets::left(const AccountDecision& decision) {
    std::vector<Budget> out;
    const auto policies = checking(decision);
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

} // namespace sluice::policy
