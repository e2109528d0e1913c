// SPDX-License-Identifier: GPL-2.0-or-later
// Carryover and borrowing, per component. Pure arithmetic.
#include "common/policy/evaluate/carryover.hpp"

#include "common/policy/evaluate/exact.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace sluice::policy {

using model::CarryoverDerivation;
using model::CarryoverModel;

namespace {

// Waldur's older rule took every period for a quarter of 90 days.
constexpr long double kWaldurDays = 90.0L;

long double days_of(const model::Carryover& rule, const model::Period& period) {
    if (!rule.days_exact || !period.end)
        return kWaldurDays;
    return static_cast<long double>((*period.end - period.begin).count()) / 86400.0L;
}

bool by_cap(const model::Carryover& rule, Amount base, CarryoverDerivation& out) {
    const auto cap = percent_of(base, rule.factor);
    if (!cap)
        return false;
    out.cap = *cap;
    out.unused = static_cast<Amount>(
        std::clamp<Wide>(Wide{out.base} + out.given - out.used_before, 0, INT64_MAX));
    out.carry = std::min(out.unused, out.cap);
    return true;
}

// The one place with real arithmetic: the power, rounded to the TRES-second at once.
bool by_decay(const model::Carryover& rule, const model::Period& before, CarryoverDerivation& out) {
    const long double half_life =
        static_cast<long double>(rule.half_life_days.scaled()) / Decimal::kScale;
    if (half_life <= 0)
        return false;
    const long double decay = std::exp2(-days_of(rule, before) / half_life);
    const long double left = static_cast<long double>(out.used_before) * decay;
    out.effective_before = std::llround(left); // 0 <= decay <= 1: fits
    const long double unused = static_cast<long double>(out.base) + out.given - left;
    out.unused = unused > 0 ? std::llround(unused) : 0;
    out.carry = out.unused;
    return true;
}

Amount value_or_zero(const std::map<std::string, Amount>& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? 0 : found->second;
}

} // namespace

Past past_of(const model::AccountMemory& memory, const model::Period& current,
             const std::optional<model::Period>& before, const std::string& component) {
    Past past;
    past.period = before;
    if (!before)
        return past;
    const bool just_ended = memory.period == before->label;
    const auto ended = memory.past.find(before->label);
    if (!just_ended && (memory.period != current.label || ended == memory.past.end()))
        return past;
    const auto& bases = just_ended ? memory.bases : ended->second.bases;
    const auto& grants = just_ended ? memory.grants : ended->second.grants;
    past.had_allocation = bases.contains(component);
    past.base = value_or_zero(bases, component);
    past.highest = value_or_zero(just_ended ? memory.used : ended->second.used, component);
    past.own = grants.contains(component) ? value_or_zero(grants, component) : past.base;
    return past;
}

std::optional<CarryoverDerivation> carryover(const model::Carryover& rule, Amount base,
                                             const Past& past) {
    CarryoverDerivation out;
    out.model = rule.model;
    out.base = past.granted.value_or(base);
    if (past.period)
        out.previous_period = past.period->label;
    if (!rule.enabled)
        out.reason = "disabled";
    else if (!past.period)
        out.reason = "no_previous_period";
    else if (!past.had_allocation && !rule.new_accounts_full)
        out.reason = "no_previous_allocation";
    if (!out.reason.empty())
        return out;
    out.used_before = std::max<Amount>(0, past.used);
    out.given = past.given;
    const bool fits = rule.model == CarryoverModel::cap ? by_cap(rule, base, out)
                                                        : by_decay(rule, *past.period, out);
    if (!fits)
        return std::nullopt;
    out.applied = true;
    return out;
}

std::optional<Loan> borrow(const model::Borrow& rule, Amount base, const Past& past) {
    Loan loan;
    if (rule.factor.scaled() <= 0 || !past.period)
        return loan; // `total` has no next period to borrow from
    const auto taken = percent_of(base, rule.factor);
    const auto most = percent_of(past.base, rule.factor);
    if (!taken || !most)
        return std::nullopt;
    loan.taken = *taken;
    if (past.had_allocation)
        loan.repaid = std::clamp<Amount>(past.used - past.own, 0, std::max<Amount>(0, *most));
    return loan;
}

} // namespace sluice::policy
