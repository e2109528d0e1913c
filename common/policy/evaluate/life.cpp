// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/life.hpp"

#include "common/policy/evaluate/exact.hpp"
#include "common/policy/periods.hpp"

#include <algorithm>
#include <set>

namespace sluice::policy {

using model::AccountLife;
using model::Life;
using model::LifeState;
using model::Period;

namespace {

constexpr std::chrono::seconds kSecond{1};

Period within(Period period, const Life& life) {
    if (life.from)
        period.begin = std::max(period.begin, *life.from);
    if (life.until)
        period.end = period.end ? std::min(*period.end, *life.until) : *life.until;
    return period;
}

// The instant whose period is shown: the last one of the life, once it is over.
Instant inside(const Life& life, Instant now) {
    if (life.state == LifeState::after)
        return *life.until - kSecond;
    return life.state == LifeState::before ? *life.from : now;
}

// Begins of lives that are not over.
std::set<Instant> begins(const model::PolicySet& set, const model::History& history,
                         const Zone& zone, Instant now) {
    std::set<Instant> all;
    const auto add = [&](const std::optional<AccountLife>& settings) {
        if (const auto life = life_of(settings, zone, now);
            life && life->from && life->state == LifeState::during)
            all.insert(*life->from);
    };
    for (const auto& [account, settings] : set.accounts)
        add(settings.life);
    for (const auto& [account, memory] : history.accounts)
        if (model::may_be_held(memory))
            add(memory.rules.life);
    while (all.size() > kMaxLifeBegins)
        all.erase(all.begin());
    return all;
}

} // namespace

std::optional<Life> life_of(const std::optional<AccountLife>& settings, const Zone& zone,
                            Instant now) {
    if (!settings || !settings->bounded())
        return std::nullopt;
    Life life;
    if (settings->from)
        life.from = zone.instant(*settings->from);
    if (settings->until)
        life.until = zone.instant(*settings->until);
    life.then = settings->then;
    life.prorate = settings->prorate;
    life.state = life.at(now);
    return life;
}

Periods clipped(const model::PeriodRule& rule, const Zone& zone, Instant now, const Life& life) {
    Periods out;
    out.prorate = life.prorate;
    out.whole = period_at(rule, zone, inside(life, now));
    out.current = within(out.whole, life);
    out.whole_before = previous(rule, zone, out.whole);
    if (out.whole_before && (!life.from || *life.from < *out.whole_before->end))
        out.before = within(*out.whole_before, life);
    if (out.whole.end && (!life.until || *life.until > *out.whole.end)) {
        out.whole_next = period_at(rule, zone, *out.whole.end);
        out.next = within(*out.whole_next, life);
    }
    return out;
}

std::optional<Amount> prorated(Amount amount, const Period& part, const Period& whole) {
    if (!whole.end || !part.end || part == whole)
        return amount;
    const Wide seconds = std::max<Wide>(0, (*part.end - part.begin).count());
    const Wide all = (*whole.end - whole.begin).count();
    return all > 0 ? scaled_amount(amount, seconds, all) : std::nullopt;
}

std::vector<Window> life_windows(const model::PolicySet& set, const model::History& history,
                                 const std::vector<model::PeriodRule>& rules, const Zone& zone,
                                 Instant now) {
    std::vector<Window> all;
    const auto from = begins(set, history, zone, now);
    if (from.empty())
        return all;
    for (const auto& rule : rules) {
        const Period current = period_at(rule, zone, now);
        const auto before = previous(rule, zone, current);
        for (const Instant begin : from)
            if (begin > current.begin)
                all.push_back({begin, now});
            else if (before && begin > before->begin && begin < *before->end)
                all.push_back({begin, *before->end});
    }
    return all;
}

std::optional<Instant> next_life_event(const std::map<std::string, model::AccountSettings>& all,
                                       const Zone& zone, Instant now) {
    std::optional<Instant> best;
    const auto keep = [&](const std::optional<Instant>& at) {
        if (at && *at > now && (!best || *at < *best))
            best = at;
    };
    for (const auto& [account, settings] : all)
        if (const auto life = life_of(settings.life, zone, now)) {
            keep(life->from);
            keep(life->until);
        }
    return best;
}

bool is_released(const std::optional<AccountLife>& settings, const Zone& zone, Instant now) {
    if (!settings || settings->then != model::LifeEnd::release)
        return false;
    const auto life = life_of(settings, zone, now);
    return life && life->state != LifeState::during;
}

} // namespace sluice::policy
