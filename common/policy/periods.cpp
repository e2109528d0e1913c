// SPDX-License-Identifier: GPL-2.0-or-later
// Period boundaries. Local dates are only used to find the neighbourhood; what decides is the
// comparison of instants, so that a clock that goes back over midnight cannot put an instant into
// two periods.
#include "common/policy/periods.hpp"

#include "common/model/calendar.hpp"

#include <algorithm>

namespace sluice::policy {

using model::first_day;
using model::Period;
using model::PeriodKind;
using model::PeriodRule;

namespace {

// 0002-01-01 and 9998-01-01 UTC.
constexpr std::int64_t kFirst = -62104060800;
constexpr std::int64_t kLast = 253339228800;

Period nth(const PeriodRule& rule, const Zone& zone, int n) {
    return {model::label(rule, n), zone.start_of_day(first_day(rule, n)),
            zone.start_of_day(first_day(rule, n + 1))};
}

int index_of(const PeriodRule& rule, const Zone& zone, Instant at) {
    int n = model::number_near(rule, zone.local(at).date());
    while (at < zone.start_of_day(first_day(rule, n)))
        --n;
    while (at >= zone.start_of_day(first_day(rule, n + 1)))
        ++n;
    return n;
}

void keep_earliest(std::optional<Instant>& best, Instant candidate, Instant now) {
    if (candidate > now && (!best || candidate < *best))
        best = candidate;
}

} // namespace

Period period_at(const PeriodRule& rule, const Zone& zone, Instant at) {
    if (rule.kind == PeriodKind::total)
        return {"total", instant(0), std::nullopt};
    return nth(rule, zone, index_of(rule, zone, instant(std::clamp(epoch(at), kFirst, kLast))));
}

std::optional<Period> previous(const PeriodRule& rule, const Zone& zone, const Period& period) {
    if (rule.kind == PeriodKind::total)
        return std::nullopt;
    return period_at(rule, zone, period.begin - std::chrono::seconds{1});
}

std::vector<PeriodRule> rules_of(const model::PolicySet& set) {
    std::vector<PeriodRule> all;
    for (const auto& policy : set.policies)
        if (std::find(all.begin(), all.end(), policy.period) == all.end())
            all.push_back(policy.period);
    return all;
}

std::vector<PeriodRule> rules_of(const model::PolicySet& set, const model::Facts& facts) {
    auto all = rules_of(set);
    for (const auto& [account, memory] : facts.history.accounts) {
        const auto earlier = facts.earlier.find(memory.rules.version);
        if (!model::may_be_held(memory) || earlier == facts.earlier.end())
            continue;
        for (const auto& name : memory.rules.policies)
            if (const auto* policy = earlier->second->policy(name);
                policy != nullptr && std::find(all.begin(), all.end(), policy->period) == all.end())
                all.push_back(policy->period);
    }
    return all;
}

std::vector<Window> windows(const std::vector<PeriodRule>& rules, const Zone& zone, Instant now) {
    std::vector<Window> all;
    for (const auto& rule : rules) {
        const Period current = period_at(rule, zone, now);
        all.push_back({current.begin, now});
        if (const auto before = previous(rule, zone, current))
            all.push_back({before->begin, *before->end});
    }
    std::erase_if(all, [](const Window& one) { return one.begin >= one.end; });
    std::sort(all.begin(), all.end(), [](const Window& a, const Window& b) {
        return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

std::optional<Instant> next_event(const model::PolicySet& set, const Zone& zone, Instant now,
                                  const model::History& history) {
    std::optional<Instant> best;
    for (const auto& policy : set.policies)
        if (const auto end = period_at(policy.period, zone, now).end)
            keep_earliest(best, *end, now);
    for (const auto& policy : set.policies)
        if (policy.on_pause.running != model::RunningJobs::leave)
            for (const auto& [account, memory] : history.accounts)
                if (memory.paused_since)
                    keep_earliest(best, *memory.paused_since + policy.on_pause.grace_time, now);
    for (const auto& policy : set.policies)
        if (policy.grace_days > 0)
            for (const auto& [account, memory] : history.accounts)
                if (const auto full = memory.stands.find("full"); full != memory.stands.end())
                    keep_earliest(
                        best, instant(full->second) + std::chrono::days{policy.grace_days}, now);
    for (const auto& entry : history.overrides) {
        keep_earliest(best, entry.from, now);
        keep_earliest(best, entry.until, now);
    }
    return best;
}

} // namespace sluice::policy
