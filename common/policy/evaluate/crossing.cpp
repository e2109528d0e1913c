// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/crossing.hpp"

#include "common/policy/evaluate/exact.hpp"

namespace sluice::policy {

using model::AccountDecision;

namespace {

// The least `used` at which used / effective reaches `percent`.
std::optional<Wide> needed(const AccountDecision& account, Decimal percent) {
    const auto product = multiply(account.metric_effective, percent.scaled());
    return product ? std::optional(rounded_up(*product, Wide{100} * Decimal::kScale))
                   : std::nullopt;
}

// In how many whole seconds `need` more are used, at `grown` in `elapsed` seconds.
std::optional<Wide> seconds_until(Wide need, Wide grown, Wide elapsed) {
    const auto product = multiply(need, elapsed);
    return product ? std::optional(rounded_up(*product, grown)) : std::nullopt;
}

bool comparable(const AccountDecision& before, const AccountDecision& now) {
    return before.error.empty() && now.error.empty() && before.period.label == now.period.label &&
           before.deciding == now.deciding && before.metric_effective == now.metric_effective &&
           now.metric_effective > 0 && now.metric_used > before.metric_used;
}

// In how many seconds this account reaches its next threshold.
std::optional<Wide> soonest(const AccountDecision& before, const AccountDecision& now,
                            Wide elapsed) {
    std::optional<Wide> found;
    for (const auto& threshold : now.thresholds) {
        const auto least = threshold.reached ? std::nullopt : needed(now, threshold.percent);
        if (!least || *least <= now.metric_used)
            continue;
        const auto wait =
            seconds_until(*least - now.metric_used, now.metric_used - before.metric_used, elapsed);
        if (wait && (!found || *wait < *found))
            found = wait;
    }
    return found;
}

} // namespace

std::optional<Instant> next_crossing(const model::Decision& before, const model::Decision& now,
                                     std::chrono::seconds within) {
    const Wide elapsed = (now.now - before.now).count();
    if (elapsed <= 0 || before.cluster != now.cluster)
        return std::nullopt;
    std::optional<Wide> found;
    auto earlier = before.accounts.begin(); // both are in the order of names
    for (const auto& account : now.accounts) {
        while (earlier != before.accounts.end() && earlier->account < account.account)
            ++earlier;
        if (earlier == before.accounts.end() || earlier->account != account.account ||
            !comparable(*earlier, account))
            continue;
        const auto wait = soonest(*earlier, account, elapsed);
        if (wait && *wait <= within.count() && (!found || *wait < *found))
            found = wait;
    }
    if (!found)
        return std::nullopt;
    return now.now + std::chrono::seconds(static_cast<std::int64_t>(*found));
}

} // namespace sluice::policy
