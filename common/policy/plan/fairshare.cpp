// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/plan/fairshare.hpp"

#include "common/policy/evaluate/exact.hpp"
#include "common/policy/evaluate/metric.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/policy/plan/draft.hpp"
#include "common/policy/plan/set_value.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountDecision;
using model::Association;
using model::Command;
using model::Policy;

namespace {

std::optional<std::uint32_t> shares(const AccountDecision& decision, Decimal divisor) {
    auto common = common_factor(decision.figures);
    std::optional<Wide> sum = 0;
    for (const auto& figure : decision.figures)
        if (common && sum)
            sum = add_product(*sum, figure.effective,
                              *common / figure.component.unit_factor.scaled());
    if (!common || !sum)
        return std::nullopt;
    // floor(sum / (60 * common) * scale / (divisor / scale)), common factors taken out first.
    Wide numerator = Wide{Decimal::kScale} * Decimal::kScale;
    Wide denominator = Wide{60} * divisor.scaled();
    for (Wide* factor : {&*common, &denominator}) {
        const Wide shared = greatest_divisor(numerator, *factor);
        numerator /= shared;
        *factor /= shared;
    }
    const auto over = multiply(*sum, numerator);
    const auto under = multiply(*common, denominator);
    if (!over || !under || *under <= 0)
        return std::nullopt;
    return static_cast<std::uint32_t>(
        std::clamp<Wide>(*over / *under, 1, model::kSharesOfParent - 1));
}

const Policy* sharing_policy(const model::PolicySet& set, const AccountDecision& decision) {
    return first_policy(set, decision, [](const Policy& one) { return one.fairshare.enabled; });
}

Command shares_command(const Association& row, std::uint32_t wanted, std::string reason) {
    Command command;
    command.type = model::CommandType::fairshare;
    command.account = row.account;
    command.shares = wanted;
    command.description = "Set fairshare of account " + row.account + " to " +
                          model::shares_text(wanted) + " (was " + model::shares_text(row.shares) +
                          ", " + reason + ")";
    command.reason = std::move(reason);
    return command;
}

void restore_shares(const Association& row, const std::optional<model::SetValue>& ours,
                    const std::string& reason, Draft& draft) {
    if (ours && ours->saved && is_ours(*ours, row.shares) && ours->saved != row.shares)
        draft.add(shares_command(row, static_cast<std::uint32_t>(*ours->saved), reason), true);
}

} // namespace

void remember_shares(const model::PolicySet& set, const Association& row,
                     AccountDecision& decision) {
    auto& ours = decision.memory.shares;
    if (ours)
        note_arrival(*ours, row.shares);
    const Policy* policy = sharing_policy(set, decision);
    if (policy == nullptr || policy->mode != model::Mode::enforce) {
        if (ours && !is_ours(*ours, row.shares))
            ours.reset();
        return;
    }
    const auto wanted =
        decision.incomplete() ? std::nullopt : shares(decision, policy->fairshare.divisor);
    if (!wanted)
        return;
    if (*wanted == row.shares) {
        if (ours)
            ours->in_force = row.shares;
        return;
    }
    if (!ours)
        ours = model::SetValue{row.shares, std::nullopt, std::nullopt};
    ours->asked = *wanted;
}

void plan_shares(const Association& row, const AccountDecision& decision, Draft& draft) {
    const auto& ours = decision.memory.shares;
    const Policy* policy = sharing_policy(draft.set(), decision);
    const bool enforced = policy != nullptr && policy->mode == model::Mode::enforce;
    if (!enforced)
        restore_shares(row, ours, "fairshare no longer enabled", draft);
    if (policy == nullptr || decision.incomplete())
        return;
    const auto wanted = shares(decision, policy->fairshare.divisor);
    if (!wanted) {
        draft.fail(decision.account, "the fairshare of the account does not fit",
                   "check its allocation and the divisor of fairshare");
        return;
    }
    if (*wanted == row.shares)
        return;
    const bool drifted = enforced && ours && is_drifted(*ours, row.shares);
    Command command = shares_command(row, *wanted,
                                     drifted && !decision.grant_changed
                                         ? "drift"
                                         : "effective allocation of " + decision.period.label);
    if (drifted && !decision.grant_changed)
        draft.add_against_drift(std::move(command), "fairshare of account " + decision.account,
                                *policy, decision);
    else
        draft.add(std::move(command), enforced);
}

void plan_shares_release(const Association& row, const model::AccountMemory& memory, Draft& draft) {
    restore_shares(row, memory.shares, "no longer under a policy", draft);
}

} // namespace sluice::policy
