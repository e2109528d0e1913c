// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/standing.hpp"

#include "common/policy/evaluate/thresholds.hpp"

#include <algorithm>
#include <optional>

namespace sluice::policy {

using model::AccountDecision;
using model::Flags;
using model::Mode;
using model::Override;
using model::Policy;
using model::Standing;

namespace {

// Its life is over, or has not begun. While new rules wait for a person nothing gets milder by it.
bool outside_life(const AccountDecision& decision, Instant at) {
    return decision.life && decision.life->at(at) != model::LifeState::during;
}

// What usage and the life of the account ask for.
Flags usage_flags(const AccountDecision& decision, Instant at) {
    const auto& usage = decision.by_usage;
    if (outside_life(decision, at))
        return decision.held() ? decision.life->flags() | usage.flags : decision.life->flags();
    if (usage.until && *usage.until <= at)
        return {};
    const bool pauses = usage.pauses_at && *usage.pauses_at <= at;
    return usage.flags | Flags{pauses, false};
}

// The latest entry counts. nullptr: usage decides.
const Override* in_force(const AccountDecision& decision, Instant at) {
    const Override* latest = nullptr;
    for (const auto& entry : decision.overrides)
        if (entry.from <= at && (at < entry.until || entry.foreign))
            latest = &entry;
    const bool usage_is_as_strict = latest != nullptr && latest->at_least &&
                                    model::standing(usage_flags(decision, at)) >= latest->standing;
    return usage_is_as_strict ? nullptr : latest;
}

Flags own_flags(const AccountDecision& decision, Instant at) {
    if (const Override* entry = in_force(decision, at))
        return {entry->standing == Standing::paused, entry->standing != Standing::normal};
    return usage_flags(decision, at);
}

std::vector<Instant> distinct(std::vector<Instant> all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

// When overrides of `decision` begin or end, or a pause by its usage ends: after `now`, ascending.
std::vector<Instant> own_changes(const AccountDecision& decision, Instant now) {
    std::vector<Instant> changes;
    const auto add = [&](Instant at) {
        if (at > now)
            changes.push_back(at);
    };
    for (const auto& entry : decision.overrides) {
        add(entry.from);
        if (!entry.foreign) // a foreign one ends where it was set
            add(entry.until);
    }
    const auto& usage = decision.by_usage;
    if (usage.pauses_at)
        add(*usage.pauses_at);
    if (usage.until && (usage.flags.paused || usage.pauses_at))
        add(*usage.until);
    if (decision.life)
        for (const auto& at : {decision.life->from, decision.life->until})
            if (at)
                add(*at);
    return distinct(std::move(changes));
}

// The first instant after `at` without the account's own pause; nullopt: never.
std::optional<Instant> own_end(const AccountDecision& decision, Instant at) {
    for (const Instant change : own_changes(decision, at))
        if (!own_flags(decision, change).paused)
            return change;
    return std::nullopt;
}

// nullopt is "never".
std::optional<Instant> later(std::optional<Instant> a, std::optional<Instant> b) {
    return a && b ? std::optional(std::max(*a, *b)) : std::nullopt;
}

void follow(const AccountDecision& above, AccountDecision& out) {
    const bool enforces = out.mode == Mode::enforce;
    const Flags from_above = enforces ? above.enforced : above.flags;
    const Standing theirs = standing(from_above);
    const Standing ours = standing(out.own);
    out.flags = out.own | from_above;
    // A pause by GrpSubmitJobs above has no QOS.
    const bool above_stops = enforces ? above.enforced_qos_stops : above.qos_stops;
    const bool only_theirs_stops = from_above.paused && above_stops && !out.qos_stops;
    if (const auto& qos = enforces ? above.enforced_qos : above.qos;
        only_theirs_stops || (theirs > ours && (!qos.empty() || out.qos.empty()))) {
        out.qos = qos;
        out.qos_stops = from_above.paused && above_stops;
    }
    // What is in force names its cause before what would be.
    if (theirs > ours || (!enforces && standing(above.enforced) != Standing::normal)) {
        const bool relayed = above.cause.kind == model::CauseKind::ancestor;
        out.cause = {model::CauseKind::ancestor, relayed ? above.cause.account : above.account, 0};
    }
    if (from_above.paused)
        out.until = out.own.paused ? later(out.until, above.until) : above.until;
    out.enforced = enforces ? out.flags : above.enforced;
    out.enforced_qos = enforces ? out.qos : above.enforced_qos;
    out.enforced_qos_stops = enforces ? out.qos_stops : above.enforced_qos_stops;
}

void stand_alone(AccountDecision& out) {
    out.flags = out.own;
    if (out.mode == Mode::enforce) {
        out.enforced = out.own;
        out.enforced_qos = out.qos;
        out.enforced_qos_stops = out.qos_stops;
    }
}

// An account that could not be evaluated keeps its standing until its period ends.
void settle_fault(Instant at, AccountDecision& out) {
    if (out.life && out.life->at(at) == model::LifeState::after) {
        out.life->state = model::LifeState::after;
        out.own = out.flags = out.life->flags();
        out.enforced = out.mode == Mode::enforce ? out.flags : Flags{};
        out.cause = {model::CauseKind::life, "", 0};
        out.until.reset();
        return;
    }
    if (!out.until || at < *out.until)
        return;
    out.own = out.flags = out.enforced = {};
    out.until.reset();
}

} // namespace

namespace {

void settle_life(const Policy& policy, Instant at, Flags usage, AccountDecision& out) {
    out.life->state = out.life->at(at);
    if (!outside_life(out, at))
        return;
    out.notify_reached = out.block_creation = false;
    const Standing now = model::standing(usage);
    if (now == Standing::normal || now != model::standing(out.life->flags()))
        return; // a held account may be stricter
    out.cause = {model::CauseKind::life, "", 0};
    out.qos = qos_for(policy, now);
}

} // namespace

void settle_own(const Policy& policy, Instant at, AccountDecision& out) {
    const Flags usage = usage_flags(out, at);
    out.own = own_flags(out, at);
    out.qos = model::standing(usage) == Standing::normal ? "" : out.by_usage.qos;
    if (usage.paused && !out.by_usage.flags.paused)
        out.qos = out.by_usage.paused_qos;
    out.cause = {};
    if (out.life)
        settle_life(policy, at, usage, out);
    out.in_force.reset();
    if (const Override* entry = in_force(out, at)) {
        out.in_force = *entry;
        out.qos = qos_for(policy, entry->standing);
        out.cause = {model::CauseKind::override_, "", entry->id};
    }
    out.qos_stops = out.own.paused && policy.pause_by == model::PauseBy::qos;
    out.until = out.own.paused ? own_end(out, at) : std::nullopt;
}

void join_above(const AccountDecision* above, AccountDecision& out) {
    if (above == nullptr)
        stand_alone(out);
    else
        follow(*above, out);
}

StandingForecast::StandingForecast(const model::PolicySet& set, const AccountTree& tree,
                                   const Governance& governed, const model::Decision& decision)
    : set_(set), decision_(decision), above_(decision.accounts.size(), kNone) {
    for (std::size_t node = 0; node < tree.size(); ++node)
        if (governed.own(node))
            above_[governed.of(node)] = governed.above(node);
}

bool StandingForecast::has_events(std::size_t index) const {
    for (; index != kNone; index = above_[index])
        if (const auto& one = decision_.accounts[index];
            !one.overrides.empty() || one.life || one.by_usage.pauses_at)
            return true;
    return false;
}

std::vector<Instant> StandingForecast::changes(std::size_t index) const {
    const auto& own = decision_.accounts[index];
    std::vector<Instant> all;
    if (!has_events(index)) {
        if (own.enforced.paused && own.until)
            all.push_back(*own.until);
        return all;
    }
    for (; index != kNone; index = above_[index]) {
        const auto& one = decision_.accounts[index];
        const auto some = own_changes(one, decision_.now);
        all.insert(all.end(), some.begin(), some.end());
        if (!one.error.empty() && one.until)
            all.push_back(*one.until);
    }
    return distinct(std::move(all));
}

const AccountDecision& StandingForecast::at(std::size_t index, Instant at) {
    const auto [found, fresh] = made_.try_emplace({index, at}, decision_.accounts[index]);
    AccountDecision& out = found->second;
    if (!fresh)
        return out;
    static const Policy kDefaults;
    const auto decides = [&](const Policy& one) { return out.held() || one.mode == out.mode; };
    const Policy* policy = first_policy(set_, out, decides);
    if (policy == nullptr && out.held())
        policy = &kDefaults;
    if (!out.follows() || policy == nullptr) {
        settle_fault(at, out);
        return out;
    }
    // Usage of now is of the period that has ended by then.
    if (out.period.end && at >= *out.period.end)
        out.notify_reached = false;
    settle_own(*policy, at, out);
    const std::size_t above = above_[index];
    join_above(above == kNone ? nullptr : &this->at(above, at), out);
    return out;
}

} // namespace sluice::policy
