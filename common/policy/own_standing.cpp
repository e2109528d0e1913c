// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/own_standing.hpp"

#include "common/policy/standing.hpp"

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

// The latest entry counts. nullptr: no override is in force.
const Override* in_force(const AccountDecision& decision, Instant at) {
    const Override* latest = nullptr;
    for (const auto& entry : decision.overrides)
        if (entry.from <= at && (at < entry.until || entry.foreign))
            latest = &entry;
    return latest;
}

Flags usage_flags(const AccountDecision& decision, Instant at) {
    const auto& usage = decision.by_usage;
    return usage.until && *usage.until <= at ? Flags{} : usage.flags;
}

Flags own_flags(const AccountDecision& decision, Instant at) {
    const Flags usage = usage_flags(decision, at);
    const Override* entry = in_force(decision, at);
    if (entry == nullptr || (entry->at_least && model::standing(usage) >= entry->standing))
        return usage;
    return {entry->standing == Standing::paused, entry->standing != Standing::normal};
}

// The first instant after `at` without the account's own pause; nullopt: never.
std::optional<Instant> own_end(const AccountDecision& decision, Instant at) {
    for (const Instant change : own_changes(decision, at))
        if (!own_flags(decision, change).paused)
            return change;
    return std::nullopt;
}

Flags unite(Flags a, Flags b) {
    return {a.paused || b.paused, a.downscaled || b.downscaled};
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
    out.flags = unite(out.own, from_above);
    if (theirs > ours) {
        out.qos = enforces ? above.enforced_qos : above.qos;
        const bool relayed = above.cause.kind == model::CauseKind::ancestor;
        out.cause = {model::CauseKind::ancestor, relayed ? above.cause.account : above.account, 0};
    }
    if (from_above.paused)
        out.until = out.own.paused ? later(out.until, above.until) : above.until;
    out.enforced = enforces ? out.flags : above.enforced;
    out.enforced_qos = enforces ? out.qos : above.enforced_qos;
}

void stand_alone(AccountDecision& out) {
    out.flags = out.own;
    if (out.mode == Mode::enforce) {
        out.enforced = out.own;
        out.enforced_qos = out.qos;
    }
}

} // namespace

std::vector<Instant> own_changes(const AccountDecision& decision, Instant now) {
    std::vector<Instant> changes;
    const auto add = [&](Instant at) {
        if (at > now)
            changes.push_back(at);
    };
    for (const auto& entry : decision.overrides) {
        add(entry.from);
        if (!entry.foreign) // that one ends when it is lifted where it was set
            add(entry.until);
    }
    if (decision.by_usage.until && decision.by_usage.flags.paused)
        add(*decision.by_usage.until);
    std::sort(changes.begin(), changes.end());
    changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
    return changes;
}

void settle_own(const Policy& policy, Instant at, AccountDecision& out) {
    const Flags usage = usage_flags(out, at);
    out.own = own_flags(out, at);
    out.qos = model::standing(usage) == Standing::normal ? "" : out.by_usage.qos;
    out.cause = {};
    out.in_force.reset();
    const Override* entry = in_force(out, at);
    if (entry != nullptr && !(entry->at_least && model::standing(usage) >= entry->standing)) {
        out.in_force = *entry;
        out.qos = qos_for(policy, entry->standing);
        out.cause = {model::CauseKind::override_, "", entry->id};
    }
    out.until = out.own.paused ? own_end(out, at) : std::nullopt;
}

void join_above(const AccountDecision* above, AccountDecision& out) {
    if (above == nullptr)
        stand_alone(out);
    else
        follow(*above, out);
}

} // namespace sluice::policy
