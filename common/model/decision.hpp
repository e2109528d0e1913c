// SPDX-License-Identifier: GPL-2.0-or-later
// What the core decided and why. Dry run, evaluate, explain, API, refusal text, log line and
// simulation all render this one value.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/clock.hpp"
#include "common/base/decimal.hpp"
#include "common/model/clock.hpp"
#include "common/model/command.hpp"
#include "common/model/history.hpp"
#include "common/model/period.hpp"
#include "common/model/policy.hpp"
#include "common/model/standing.hpp"
#include "common/model/usage.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::model {

// How the carryover came about. TRES-seconds.
struct CarryoverDerivation {
    bool applied = false;
    std::string reason; // when not applied: disabled, no_previous_period, no_previous_allocation
    CarryoverModel model = CarryoverModel::cap;
    std::string previous_period;
    Amount base = 0;
    Amount used_before = 0;
    Amount unused = 0;
    Amount cap = 0;              // cap model
    Amount effective_before = 0; // decay model: used_before * decay
    Amount carry = 0;
};

// One component of one account in one period. TRES-seconds throughout.
struct Figure {
    Component component;
    Amount allocation = 0; // base
    CarryoverDerivation carryover;
    Amount adjustments = 0;
    Amount borrowed = 0; // from the next period (added), minus what the last one borrowed from this
    Amount effective = 0; // allocation + carryover + adjustments + borrowed, never below 0
    UsageSplit usage;
    std::map<std::string, UsageSplit> by_cluster; // what `usage` is made of; empty: of one cluster
    Decimal weight;                               // billing on: weight used; else 1
    std::optional<std::int64_t>
        percent; // of its own effective allocation, hundredths, half up; nullopt: allocation 0

    Amount used() const { return usage.total(); }
};

enum class CauseKind { own, ancestor, override_, foreign };

constexpr std::string_view name(CauseKind kind) {
    switch (kind) {
    case CauseKind::ancestor:
        return "ancestor";
    case CauseKind::override_:
        return "override";
    case CauseKind::foreign:
        return "foreign";
    case CauseKind::own:
        break;
    }
    return "own";
}

struct Cause {
    CauseKind kind = CauseKind::own;
    std::string account; // ancestor: which
    std::int64_t override_id = 0;
};

struct Threshold {
    std::string name; // "notify", "downscale", "pause", or the step's QOS
    Decimal percent;
    bool reached = false;
    std::optional<Instant> since; // reached: the first cycle of this period that saw it
    std::optional<Instant>
        crossing; // when it will be crossed at the present rate; nullopt: never, or reached
};

// One of the clusters that share an allocation.
struct SpanPart {
    std::string cluster;
    bool known = true;    // false: the figures are without it
    bool stale = false;   // too old to lift a pause
    std::int64_t age = 0; // of its figures, seconds
};

// What an account's usage alone asks for: no overrides, no accounts above it.
struct UsageStanding {
    Flags flags;
    std::string qos;              // "" when normal
    std::optional<Instant> until; // when a pause by usage ends by itself; nullopt: never
};

struct AccountDecision {
    std::string account;
    std::vector<std::string> policies; // names, in the file's order
    Mode mode = Mode::observe;         // enforce when any of them enforces
    std::string contact;
    Period period;
    std::optional<Period> previous;
    std::vector<SpanPart> span;  // in the policy's order; empty: the allocation is this cluster's
    std::vector<Figure> figures; // in the order of the components
    std::string judged;          // component that decides, or "billing"
    std::optional<std::int64_t>
        percent; // the metric, hundredths, half up; nullopt: effective allocation 0
    // The metric as it was compared: used of effective, both in one scale of `judged`.
    Wide metric_used = 0;
    Wide metric_effective = 0;
    Decimal grace_limit;  // percent
    Flags previous_flags; // with ancestors', as last evaluated
    Flags own;            // without ancestors' (overrides applied)
    Flags flags;          // own or the ancestor's, whichever is stricter
    Cause cause;
    std::optional<Override> in_force; // override on this account
    UsageStanding by_usage;
    std::vector<Override> overrides;        // of this account, in force now or later; by id
    std::vector<std::string> actions_taken; // pause, downscale, notify, restore: in this order
    bool notify_reached = false;
    bool block_creation = false;
    std::vector<Threshold> thresholds;
    std::string qos; // QOS the standing asks for; "": the account's own
    // What is really in force: own flags where a policy enforces, and enforcing ancestors'. Equals
    // `flags` and `qos` in enforce mode; an observed account may still be paused by an ancestor.
    Flags enforced;
    std::string enforced_qos;
    // When the pause ends by itself: period end or override expiry. nullopt: never.
    std::optional<Instant> until;
    std::vector<std::string>
        notes;                  // why something is not done, data that is missing, foreign pauses
    std::string error;          // set: this account could not be judged; nothing is planned for it
    bool awaits_clock = false;  // the error: the clock
    bool grant_changed = false; // allocation, carryover, adjustments or period since the last cycle
    bool noteworthy = false; // changed something, or the metric moved by a whole percent since the
                             // last noteworthy evaluation
    AccountMemory memory;    // what the journal shall remember after this decision

    // Usage of another cluster is missing: nothing may be loosened on these figures.
    bool incomplete() const {
        for (const auto& part : span)
            if (!part.known)
                return true;
        return false;
    }
};

struct Decision {
    Instant now{};
    ClockVerdict clock;
    std::string cluster;
    std::vector<AccountDecision> accounts; // by name; only those with a policy and an allocation
    std::vector<std::string>
        problems; // not tied to one account: unknown accounts in the file, missing TRES ...
    // Accounts that no policy judges any more but whose QOS or limits Sluice still holds: memory to
    // be written until both are given back (then empty: the journal may forget the account).
    std::map<std::string, AccountMemory> released;

    const AccountDecision* find(const std::string& account) const {
        for (const auto& a : accounts)
            if (a.account == account)
                return &a;
        return nullptr;
    }
};

// What cannot be done, and what would mend it.
struct Problem {
    std::string account;
    std::string what;
    std::string remedy; // "sacctmgr add qos blocked"
};

struct Plan {
    std::vector<Command> commands; // to be done now (enforce)
    std::vector<Command> withheld; // what enforce would do; observed accounts, drift: report
    std::vector<Problem> problems;
};

} // namespace sluice::model
