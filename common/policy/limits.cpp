// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/limits.hpp"

#include "common/policy/exact.hpp"
#include "common/policy/lookup.hpp"
#include "common/policy/metric.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountDecision;
using model::Figure;
using model::LimitType;
using model::Policy;

namespace {

constexpr Wide kScale = Decimal::kScale;

Error too_large(const std::string& what) {
    return {Errc::overflow, "the limit of " + what + " does not fit"};
}

// One limit in minutes: level = effective * numerator / denominator * (1 + grace).
struct Level {
    Wide effective = 0;
    Wide used = 0;
    Wide numerator = 1; // to minutes
    Wide denominator = 60;
    Decimal grace;
    std::optional<Amount> raw; // TRES-seconds that slurmctld holds; nullopt: do not follow
};

// (raw / 60) + effective * n / d * (1 + grace) - used * n / d, rounded once.
std::optional<std::int64_t> minutes(const Level& in) {
    if (in.effective == 0)
        return 0;
    const auto granted = multiply(in.effective, kScale + in.grace.scaled());
    if (!granted)
        return std::nullopt;
    if (!in.raw)
        return scaled_amount(*granted, in.numerator, in.denominator * kScale);
    // All terms over denominator * 60 * kScale; the common factor is taken out first.
    const auto spent = multiply(in.used, kScale);
    const auto left = spent ? add(*granted, -*spent) : std::nullopt;
    const Wide common = greatest_divisor(in.numerator * 60, in.denominator);
    const auto weighted = left ? multiply(*left, in.numerator * 60 / common) : std::nullopt;
    const auto held = multiply(Wide{*in.raw} * kScale, in.denominator / common);
    const auto sum = weighted && held ? add(*weighted, *held) : std::nullopt;
    const auto under = multiply(in.denominator / common, Wide{60} * kScale);
    if (!sum || !under)
        return std::nullopt;
    const auto value = narrow(divide_half_up(*sum, *under));
    return value ? std::optional<std::int64_t>(std::max<std::int64_t>(0, *value)) : std::nullopt;
}

// GrpTRES counts what is allocated at one time: units, not minutes.
std::optional<std::int64_t> count(const Figure& figure, Decimal grace) {
    const auto granted = multiply(figure.effective, kScale + grace.scaled());
    return granted ? scaled_amount(*granted, 1, Wide{figure.component.unit_factor.scaled()} * 60)
                   : std::nullopt;
}

class Builder {
public:
    Builder(const Policy& policy, const AccountDecision& decision, const model::Facts& facts)
        : policy_(policy), decision_(decision), facts_(facts),
          follows_(policy.limits.type == LimitType::grp_tres_mins &&
                   (!decision.span.empty() || !begins_at_zero())) {}

    Result<WantedLimit> time_limit(const std::string& tres, Level level) const {
        level.grace = policy_.grace_ratio;
        WantedLimit wanted;
        wanted.tres = tres;
        const auto budget = minutes(level);
        if (!budget)
            return too_large(tres);
        wanted.value = *budget;
        if (!follows_ || level.effective == 0)
            return wanted;
        if (!facts_.raw_usage_known || decision_.incomplete()) {
            wanted.value.reset();
            return wanted;
        }
        level.raw = raw(tres);
        wanted.value = minutes(level);
        if (!wanted.value)
            return too_large(tres);
        if (!decision_.grant_changed)
            wanted.tolerance = percent_of(*budget, policy_.limits.tolerance).value_or(0);
        return wanted;
    }

    Result<WantedLimit> of(const Figure& figure) const {
        if (policy_.limits.type == LimitType::grp_tres) {
            const auto value = count(figure, policy_.grace_ratio);
            if (!value)
                return too_large(figure.component.tres);
            return WantedLimit{figure.component.tres, value, 0};
        }
        return time_limit(figure.component.tres,
                          {figure.effective, figure.used(), 1, 60, Decimal{}, std::nullopt});
    }

private:
    // Raw usage was set to zero when this period began (or will be, with this very plan).
    bool begins_at_zero() const {
        const auto& memory = decision_.memory;
        return policy_.raw_usage_reset && facts_.raw_usage_resets &&
               (memory.reset_owed || memory.reset_done_for == decision_.period.label);
    }
    Amount raw(const std::string& tres) const {
        const auto account = facts_.raw_usage.find(decision_.account);
        if (account == facts_.raw_usage.end())
            return 0;
        const auto value = account->second.find(tres);
        return value == account->second.end() ? 0 : value->second;
    }
    const Policy& policy_;
    const AccountDecision& decision_;
    const model::Facts& facts_;
    bool follows_;
};

bool is_entry(const std::map<std::string, std::int64_t>& map,
              const std::pair<const std::string, std::int64_t>& entry) {
    const auto found = map.find(entry.first);
    return found != map.end() && found->second == entry.second;
}

bool limits_billing(const Policy& policy, const AccountDecision& decision) {
    if (!policy.billing.enabled || policy.limits.type == LimitType::grp_tres)
        return false;
    return std::none_of(decision.figures.begin(), decision.figures.end(),
                        [](const Figure& f) { return f.component.tres == "billing"; });
}

} // namespace

Result<std::vector<WantedLimit>>
wanted_limits(const Policy& policy, const AccountDecision& decision, const model::Facts& facts) {
    const Builder builder(policy, decision, facts);
    std::vector<WantedLimit> all;
    for (const Figure& figure : decision.figures) {
        auto one = builder.of(figure);
        if (!one)
            return std::move(one).error();
        all.push_back(std::move(*one));
    }
    if (!limits_billing(policy, decision))
        return all;
    auto figures = decision.figures;
    const auto sum = metric(policy.billing, figures);
    if (!sum)
        return sum.error();
    auto one = builder.time_limit("billing", {sum->effective, sum->used, sum->minutes_numerator,
                                              sum->minutes_denominator, Decimal{}, std::nullopt});
    if (!one)
        return std::move(one).error();
    all.push_back(std::move(*one));
    return all;
}

const std::map<std::string, std::int64_t>& limits_of(const model::Association& row,
                                                     LimitType type) {
    switch (type) {
    case LimitType::max_tres_mins:
        return row.max_tres_mins;
    case LimitType::grp_tres:
        return row.grp_tres;
    case LimitType::grp_tres_mins:
        break;
    }
    return row.grp_tres_mins;
}

bool let_run(const AccountDecision& decision) {
    const auto& pin = decision.in_force;
    if (!pin || pin->foreign || pin->standing == model::Standing::paused)
        return false;
    const auto& figures = decision.figures;
    return decision.metric_used >= decision.metric_effective ||
           std::any_of(figures.begin(), figures.end(),
                       [](const model::Figure& f) { return f.used() >= f.effective; });
}

const Policy* limiting_policy(const model::PolicySet& set, const AccountDecision& decision) {
    if (let_run(decision))
        return nullptr;
    const Policy* found = nullptr;
    for (const auto& name : decision.policies)
        if (const Policy* policy = find_policy(set, name); policy && policy->limits.enabled) {
            if (policy->mode == decision.mode)
                return policy;
            if (found == nullptr)
                found = policy;
        }
    return found;
}

void note_limits(const model::PolicySet& set, const model::Facts& facts,
                 const model::Association& row, AccountDecision& decision) {
    const Policy* policy = limiting_policy(set, decision);
    auto& in_force = decision.memory.limits_in_force;
    const auto gone = [&](const auto& entry) {
        for (const auto type :
             {LimitType::grp_tres_mins, LimitType::max_tres_mins, LimitType::grp_tres}) {
            if (is_entry(limits_of(row, type), entry))
                return false;
        }
        return true;
    };
    const bool enforced = policy != nullptr && policy->mode == model::Mode::enforce;
    const auto wanted = enforced ? wanted_limits(*policy, decision, facts)
                                 : Result<std::vector<WantedLimit>>(std::vector<WantedLimit>{});
    if (!wanted)
        return;
    std::map<std::string, std::int64_t> next;
    for (const auto& entry : decision.memory.limits_asked)
        if (!gone(entry))
            in_force[entry.first] = entry.second; // done meanwhile, and perhaps out of date already
    decision.memory.limits_asked.clear();
    for (const auto& limit : *wanted) {
        const auto& present = limits_of(row, policy->limits.type);
        const auto found = present.find(limit.tres);
        const auto old = in_force.find(limit.tres);
        if (found != present.end() && limit.value && limit.accepts(found->second))
            next[limit.tres] = found->second;
        else if (old != in_force.end())
            next[limit.tres] = old->second;
        if (limit.value && (found == present.end() || !limit.accepts(found->second)))
            decision.memory.limits_asked[limit.tres] = *limit.value;
    }
    for (const auto& entry : in_force)
        if (!next.contains(entry.first) && !gone(entry))
            next.insert(entry);
    in_force = std::move(next);
}

} // namespace sluice::policy
