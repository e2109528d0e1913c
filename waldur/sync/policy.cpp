// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/sync/policy.hpp"

#include <optional>
#include <set>

namespace sluice::app {
namespace {

using model::PeriodKind;
using ports::PortalPolicy;
using ports::PortalView;

std::optional<model::Action> action_of(const std::string& name) {
    using enum model::Action;
    if (name == "notify_organization_owners")
        return notify_organization_owners;
    if (name == "notify_external_user")
        return notify_external_user;
    if (name == "block_creation_of_new_resources")
        return block_creation_of_new_resources;
    if (name == "request_slurm_resource_downscaling")
        return request_slurm_resource_downscaling;
    if (name == "request_slurm_resource_pausing")
        return request_slurm_resource_pausing;
    return std::nullopt;
}

std::optional<PeriodKind> period_kind(const std::string& limit_period) {
    if (limit_period == "month")
        return PeriodKind::month;
    if (limit_period == "quarterly")
        return PeriodKind::quarter;
    if (limit_period == "annual")
        return PeriodKind::year;
    if (limit_period == "total")
        return PeriodKind::total;
    return std::nullopt;
}

std::optional<PeriodKind> period_kind(std::int64_t period) {
    constexpr PeriodKind kKinds[] = {PeriodKind::total, PeriodKind::month, PeriodKind::quarter,
                                     PeriodKind::year};
    if (period < 1 || period > 4)
        return std::nullopt;
    return kKinds[period - 1];
}

class Taker {
public:
    Taker(const PortalView& view, Rules& rules, model::Policy& policy)
        : view_(view), from_(*view.policy), rules_(rules), to_(policy) {}

    void take() {
        take_actions();
        take_period();
        take_carryover();
        take_billing();
        take_rest();
    }

private:
    void problem(std::string what) {
        rules_.problems.push_back({"", "Waldur's policy: " + std::move(what), ""});
    }

    void take_actions() {
        to_.actions.clear();
        for (const auto& name : from_.actions)
            if (const auto action = action_of(name))
                to_.actions.push_back(*action);
            else
                problem("unknown action " + name + " is left out");
        to_.external_users = from_.external_users;
    }

    // As Waldur does it: exactly one limit_period among its components of limits wins.
    void take_period() {
        std::set<PeriodKind> kinds;
        for (const auto& component : view_.components)
            if (component.billing_type == "limit" && rules_.set.component(component.type))
                if (const auto kind = period_kind(component.limit_period))
                    kinds.insert(*kind);
        std::optional<PeriodKind> kind = from_.period ? period_kind(*from_.period) : std::nullopt;
        if (kinds.size() == 1)
            kind = *kinds.begin();
        else if (kinds.size() > 1)
            problem("components of the offering have different limit_periods; give all the same");
        if (kind && *kind != to_.period.kind) {
            to_.period = {};
            to_.period.kind = *kind;
        }
    }

    void take_carryover() {
        if (from_.carryover)
            to_.carryover.enabled = *from_.carryover;
        if (!from_.carryover_factor || to_.carryover.model != model::CarryoverModel::cap)
            return;
        if (*from_.carryover_factor > Decimal::whole(100) || from_.carryover_factor->is_negative())
            problem("carryover_factor " + from_.carryover_factor->text() + " is not from 0 to 100");
        else
            to_.carryover.factor = *from_.carryover_factor;
    }

    void take_billing() {
        if (!from_.billing)
            return;
        to_.billing.enabled = *from_.billing;
        if (!from_.weights.empty())
            to_.billing.weights = from_.weights;
        else if (to_.billing.enabled && to_.billing.weights.empty() && !to_.billing.weights_slurm)
            to_.billing.weights = {{"CPU", Decimal::raw(15'625'000)},
                                   {"Mem", Decimal::raw(1'953'125)},
                                   {"GRES/gpu", Decimal::raw(250'000'000)}};
    }

    void take_rest() {
        if (from_.grace_ratio) {
            if (*from_.grace_ratio > Decimal::whole(10) || from_.grace_ratio->is_negative())
                problem("grace_ratio " + from_.grace_ratio->text() + " is not from 0 to 10");
            else
                to_.grace_ratio = *from_.grace_ratio;
        }
        if (from_.raw_usage_reset)
            to_.raw_usage_reset = *from_.raw_usage_reset;
        if (from_.limit_type == "MaxTRESMins")
            to_.limits.type = model::LimitType::max_tres_mins;
        else if (from_.limit_type == "GrpTRES")
            to_.limits.type = model::LimitType::grp_tres;
        else if (from_.limit_type == "GrpTRESMins")
            to_.limits.type = model::LimitType::grp_tres_mins;
        if (from_.qos_strategy == "progressive" && to_.steps.empty())
            problem("qos_strategy is progressive, but the policy in sluiced.yaml has no steps; "
                    "threshold is used");
        else if (from_.qos_strategy == "progressive")
            to_.strategy = model::QosStrategy::progressive;
        else if (from_.qos_strategy == "threshold")
            to_.strategy = model::QosStrategy::threshold;
    }

    const PortalView& view_;
    const PortalPolicy& from_;
    Rules& rules_;
    model::Policy& to_;
};

// An empty list of accounts would mean all of them.
void keep_named(const PortalView& view, Rules& rules) {
    auto& match = rules.set.policies.front().match;
    std::vector<std::string> accounts;
    for (const auto& resource : view.resources)
        if (!resource.account.empty() && view.policy->customers.contains(resource.customer))
            accounts.push_back(resource.account);
    match = {accounts, {}};
    if (accounts.empty())
        rules.set.policies.clear();
}

} // namespace

void take_policy(const PortalView& view, Rules& rules) {
    if (!view.policy) {
        if (rules.set.policies.empty())
            rules.problems.push_back({"",
                                      "Waldur has no policy for the offering and sluiced.yaml has "
                                      "none: nothing is judged",
                                      ""});
        return;
    }
    if (rules.set.policies.empty()) {
        model::Policy made;
        made.name = "waldur";
        rules.set.policies.push_back(std::move(made));
    }
    Taker(view, rules, rules.set.policies.front()).take();
    if (!view.policy->for_all)
        keep_named(view, rules);
}

} // namespace sluice::app
