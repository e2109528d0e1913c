// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/last_rules.hpp"

#include "common/policy/evaluate/subjects.hpp"

#include <utility>

namespace sluice::policy {

std::optional<model::AccountDecision> LastRules::evaluate(const std::string& account) const {
    static const Waiting kNothing;
    const auto memory = facts_.history.accounts.find(account);
    if (memory == facts_.history.accounts.end())
        return std::nullopt;
    const auto& rules = memory->second.rules;
    const auto found = facts_.earlier.find(rules.version);
    if (found == facts_.earlier.end() || rules.allocation.empty())
        return std::nullopt;
    const model::PolicySet& set = *found->second;
    Subject subject{
        account, {}, &rules.allocation, rules.spans, rules.life ? &rules.life : nullptr};
    for (const auto& name : rules.policies)
        if (const auto* policy = set.policy(name))
            subject.policies.push_back(policy);
    if (subject.policies.empty() || subject.policies.size() != rules.policies.size())
        return std::nullopt;
    const auto& evaluator =
        evaluators_.try_emplace(rules.version, set, zone_, facts_, kNothing).first->second;
    auto out = evaluator.evaluate(subject);
    out.last_rules = found->second;
    return out.error.empty() ? std::optional(std::move(out)) : std::nullopt;
}

} // namespace sluice::policy
