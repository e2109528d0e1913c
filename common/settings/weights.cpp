// SPDX-License-Identifier: GPL-2.0-or-later
// Weights and allocations that cannot be judged together.
#include "common/base/text.hpp"
#include "common/settings/matching.hpp"

namespace sluice::settings {
namespace {

using model::Policy;
using model::PolicySet;

bool has_weight(const PolicySet& set, const model::Billing& billing, const std::string& name) {
    const auto* component = set.component(name);
    return component == nullptr || // reported where it is written
           std::any_of(billing.weights.begin(), billing.weights.end(), [&](const auto& entry) {
               return equals_ignoring_case(entry.first, name) ||
                      equals_ignoring_case(entry.first, component->tres);
           });
}

bool is_billing(const model::Component& component) {
    return component.tres == "billing";
}

bool has_billing(const PolicySet& set) {
    return std::any_of(set.components.begin(), set.components.end(), is_billing);
}

class WeightCheck {
public:
    WeightCheck(const PolicySet& set, const Places& places, Errors& errors)
        : set_(set), places_(places), errors_(errors) {}

    void check(std::size_t policy, const std::string& component, const std::string& where) {
        const auto& billing = set_.policies[policy].billing;
        if (!billing.enabled || billing.weights_slurm || has_weight(set_, billing, component) ||
            !told_.insert({policy, component}).second)
            return;
        errors_.add(places_.policies[policy].weights,
                    "policy " + shown(set_.policies[policy].name) + ": component " +
                        shown(component) + " has an allocation (" + where +
                        ") but no weight; give it a weight, 0 to leave it out");
    }

    // Slurm's own billing judges nobody who is granted none of it.
    void check_slurm(std::size_t policy, const model::Allocation& allocation,
                     const std::string& where) {
        const auto counts_billing = [this](const auto& entry) {
            const auto* component = set_.component(entry.first);
            return component == nullptr || is_billing(*component);
        };
        const auto& billing = set_.policies[policy].billing;
        if (!billing.enabled || !billing.weights_slurm || !has_billing(set_) ||
            std::any_of(allocation.begin(), allocation.end(), counts_billing) ||
            !told_.insert({policy, ""}).second)
            return;
        errors_.add(places_.policies[policy].weights,
                    "policy " + shown(set_.policies[policy].name) + ": the allocation (" + where +
                        ") grants nothing that weights: slurm judges; grant the component that "
                        "counts billing");
    }

private:
    const PolicySet& set_;
    const Places& places_;
    Errors& errors_;
    std::set<std::pair<std::size_t, std::string>> told_;
};

// Billing that no allocation could ever be judged by.
void check_billing(const PolicySet& set, std::size_t index, const Places& places, Errors& errors) {
    const Policy& policy = set.policies[index];
    const auto& weights = policy.billing.weights;
    if (!policy.billing.enabled)
        return;
    if (policy.billing.weights_slurm && !has_billing(set))
        errors.add(places.policies[index].weights,
                   "policy " + shown(policy.name) +
                       ": weights: slurm needs a component that counts Slurm's own billing, for "
                       "example billing_hours: billing");
    if (!weights.empty() && std::all_of(weights.begin(), weights.end(),
                                        [](const auto& w) { return w.second.is_zero(); }))
        errors.add(places.policies[index].weights,
                   "policy " + shown(policy.name) +
                       ": every weight is 0; give one component a weight above 0");
}

std::string at_line(const Places& places, const std::string& account) {
    const auto it = places.accounts.find(account);
    return "account " + shown(account) +
           (it == places.accounts.end() ? "" : ", line " + std::to_string(it->second.line));
}

} // namespace

void check_weights(const PolicySet& set, const Places& places, const Parents& parents,
                   Errors& errors) {
    const Matching matching(set, parents);
    WeightCheck weights(set, places, errors);
    for (std::size_t i = 0; i < set.policies.size(); ++i)
        check_billing(set, i, places, errors);
    for (std::size_t i = 0; i < set.policies.size(); ++i)
        if (const auto& allocation = set.policies[i].allocation) {
            weights.check_slurm(i, *allocation, "the policy's own");
            for (const auto& [component, units] : *allocation)
                weights.check(i, component, "the policy's own");
        }
    std::map<std::string, std::string> first_account; // by component
    for (const auto& [name, account] : set.accounts) {
        if (!account.allocation)
            continue;
        const auto policies = matching.named(name);
        for (const std::size_t policy : policies)
            weights.check_slurm(policy, *account.allocation, at_line(places, name));
        for (const std::size_t policy : matching.all())
            weights.check_slurm(policy, *account.allocation, at_line(places, name));
        for (const auto& [component, units] : *account.allocation) {
            first_account.emplace(component, name);
            for (const std::size_t policy : policies)
                weights.check(policy, component, at_line(places, name));
        }
    }
    for (const std::size_t policy : matching.all())
        for (const auto& [component, account] : first_account)
            weights.check(policy, component, at_line(places, account));
}

} // namespace sluice::settings
