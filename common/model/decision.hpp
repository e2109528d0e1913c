// SPDX-License-Identifier: GPL-2.0-or-later
// What the core decided and why. Dry run, evaluation, explain, API, refusal, log and simulation all
// render this one value.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/clock.hpp"
#include "common/base/decimal.hpp"
#include "common/model/clock.hpp"
#include "common/model/command.hpp"
#include "common/model/history.hpp"
#include "common/model/life.hpp"
#include "common/model/policy.hpp"
#include "common/model/standing.hpp"
#include "common/model/tres.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::model {

// The carryover and each term of it. TRES-seconds.
struct CarryoverDerivation {
    bool applied = false;
    std::string reason; // when not applied: disabled, no_previous_period, no_previous_allocation
    CarryoverModel model = CarryoverModel::cap;
    std::string previous_period;
    Amount base = 0;
    Amount used_before = 0;
    Amount given = 0; // <= 0: what transfers took from the account in that period
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
    // Part of `usage.settled`: what the sources reported earlier in the period and do not any more.
    Amount vanished = 0;
    Amount vanished_before = 0; // the same of the period before: part of `carryover.used_before`
    std::map<std::string, UsageSplit> by_cluster; // the parts of `usage`; empty: of one cluster
    // What queued jobs on this cluster use until their time limits, of the account and all below
    // it. For people: no decision looks at it. nullopt: the queue is not known.
    std::optional<Amount> committed;
    Decimal weight; // billing on: weight used; else 1
    // Of its own effective allocation, hundredths, rounded down; nullopt: allocation 0.
    std::optional<std::int64_t> percent;

    Amount used() const { return usage.total(); }
};

enum class CauseKind { own, ancestor, override_, foreign, life };

// In the order of CauseKind.
inline constexpr std::string_view kCauseNames[] = {"own", "ancestor", "override", "foreign",
                                                   "life"};

constexpr std::string_view name(CauseKind kind) {
    return kCauseNames[static_cast<std::size_t>(kind)];
}

struct Cause {
    CauseKind kind = CauseKind::own;
    std::string account; // ancestor: which
    std::int64_t override_id = 0;
};

// When usage is expected to reach a threshold, if it goes on as in the last weeks. For people: no
// decision looks at it. nullopt: not in this period.
struct Forecast {
    std::optional<Instant> date;
    // The interval that holds four of five such dates. Both nullopt beside a date: not known.
    std::optional<Instant> early;
    std::optional<Instant> late;

    bool empty() const { return !date && !early; }
};

struct Threshold {
    std::string name; // "notify", "downscale", "pause", or the step's QOS
    Decimal percent;
    bool reached = false;
    std::optional<Instant> since; // reached: the first cycle of this period that saw it
    Forecast forecast;            // empty when reached
};

// A day's usage above the policy's notify_rate. For people: no standing depends on it.
struct RateJump {
    std::string component;    // or "billing"
    Instant until{};          // the day's end
    std::int64_t percent = 0; // of the effective allocation, in that day; hundredths
    // Times the mean day of the weeks before, tenths; nullopt: nothing was used then.
    std::optional<std::int64_t> times;
    std::string week; // of the day: one notice a week
};

// One of the clusters that share an allocation.
struct SpanPart {
    std::string cluster;
    bool known = true;    // false: the figures leave it out
    bool stale = false;   // too old to lift a pause
    std::int64_t age = 0; // of its figures, seconds
};

// Why an account could not be evaluated.
enum class Fault {
    none,
    clock,         // this host's clock is not trusted, or went back
    missing_tres,  // Slurm lacks a TRES of the allocation
    missing_usage, // usage of the period is not known
    rules,         // held: under enforcement, and rules that it had are gone
    guard,         // held: new rules would change too many accounts
    settings,      // policies, weights or figures that do not fit together
};

// What an account's usage alone asks for: no overrides, no accounts above it.
struct UsageStanding {
    Flags flags;
    std::string qos;              // "" when normal
    std::optional<Instant> until; // when a pause by usage ends without a change; nullopt: never
    // When grace_days pause it, if usage does not fall below 100 % before; nullopt: they do not.
    std::optional<Instant> pauses_at = {};
    std::string paused_qos = {}; // from then on
};

// Why a queued job waits because of Sluice.
enum class WaitKind {
    held,        // Sluice holds it
    invalid_qos, // its QOS is not the one that Sluice gave the account
    limit,       // it asks for more than a limit leaves that Sluice set, here or above
    qos_limit,   // the QOS that its account is slowed down to has limits of its own
};

constexpr std::string_view name(WaitKind kind) {
    constexpr std::string_view kNames[] = {"held", "invalid_qos", "limit", "qos_limit"};
    return kNames[static_cast<std::size_t>(kind)];
}

struct WaitingJob {
    std::uint32_t id = 0;
    std::uint32_t array_id = 0; // 0: none
    std::string name;           // as people write it
    std::string account;        // its own
    std::string user;
    std::string qos;
    std::string reason; // slurmctld's
    WaitKind kind = WaitKind::held;
    std::string cause; // the account with the standing or the limit
};

// Queued jobs that wait because of Sluice, of the account and of those below it without a policy.
struct WaitingJobs {
    static constexpr std::size_t kMaxListed = 1000;

    std::uint32_t invalid_qos = 0;
    std::uint32_t held = 0;
    std::uint32_t limit = 0;
    std::uint32_t qos_limit = 0;
    std::vector<WaitingJob> first; // of them all, in the order of slurmctld

    std::uint32_t total() const { return invalid_qos + held + limit + qos_limit; }
    void add(WaitingJob job) {
        ++count(job.kind);
        if (first.size() < kMaxListed)
            first.push_back(std::move(job));
    }

private:
    std::uint32_t& count(WaitKind kind) {
        switch (kind) {
        case WaitKind::held:
            return held;
        case WaitKind::invalid_qos:
            return invalid_qos;
        case WaitKind::limit:
            return limit;
        case WaitKind::qos_limit:
            break;
        }
        return qos_limit;
    }
};

// The evaluated accounts next below an account, together.
struct BelowFigure {
    Component component;
    Amount allocation = 0; // base
    Amount used = 0;
};
struct Below {
    std::size_t accounts = 0;
    std::vector<BelowFigure> figures; // of those with the same period as the account
};

struct AccountDecision {
    std::string account;
    std::vector<std::string> policies; // names, in the file's order
    Mode mode = Mode::observe;         // enforce when any of them enforces
    std::string contact;
    Period period;
    std::optional<Period> previous;
    std::optional<Life> life;    // nullopt: it has neither begin nor end
    bool other_period = false;   // by rules, not by time, the period is not that of the memory
    std::vector<SpanPart> span;  // in the policy's order; empty: the allocation is this cluster's
    std::vector<Figure> figures; // in the order of the components
    std::string deciding;        // component that decides, or "billing"
    // The metric, hundredths, rounded down; nullopt: effective allocation 0.
    std::optional<std::int64_t> percent;
    // The metric as compared: used of effective, both in one scale of `deciding_component`.
    Wide metric_used = 0;
    Wide metric_effective = 0;
    Decimal grace_limit; // percent
    // With ancestors', as last evaluated; none where the mode was another one then.
    Flags previous_flags;
    Flags own;   // without ancestors' (overrides applied)
    Flags flags; // own or the ancestor's, whichever is stricter
    Cause cause;
    std::optional<Override> in_force; // override on this account
    UsageStanding by_usage;
    std::vector<Override> overrides; // of this account, in force now or later; by id
    // pause, downscale, notify, restore, rate: in this order
    std::vector<std::string> actions_taken;
    bool notify_reached = false;
    // With the action "notify": the highest notify level that was reached since the last notice.
    std::optional<Decimal> notice_at;
    // This evaluation announces that the account ends in at most so many days; 0: it does not.
    int ends_within = 0;
    // With the action "downscale": the step's QOS, where the account was downscaled before.
    std::string notice_step;
    std::optional<RateJump> jump; // in the last day that slurmdbd has rolled up
    bool block_creation = false;
    std::vector<Threshold> thresholds;
    bool qos_stops = false;          // `qos` itself stops jobs: not a pause by GrpSubmitJobs
    bool enforced_qos_stops = false; // likewise `enforced_qos`
    std::string qos;                 // QOS that the standing asks for; "": the account's own
    // What is really in force: own flags where a policy enforces, and enforcing ancestors'. Equals
    // `flags` and `qos` in enforce mode; an ancestor may still pause an observed account.
    Flags enforced;
    std::string enforced_qos;
    // When the pause ends by itself: period end or override expiry. nullopt: never.
    std::optional<Instant> until;
    Below below;
    WaitingJobs waiting;            // zero while slurmctld is away
    std::uint64_t unlimited = 0;    // queued array tasks without a time limit: not in `committed`
    std::vector<std::string> notes; // why something is not done, missing data, foreign pauses
    // Set: the account could not be evaluated; nothing is planned for it unless it is held.
    std::string error; // the fault as a clause for people
    Fault fault = Fault::none;
    // Held, and evaluated by the rules of its last evaluation: figures and thresholds are theirs.
    // `memory.rules` names its policies in this set. nullptr: not so.
    std::shared_ptr<const PolicySet> last_rules;
    bool kept = false; // the standing is that of an earlier evaluation: no figures decide it
    // With a fault: its standing and overrides of staff are carried out all the same.
    bool carried_out = false;
    std::string missing_tres;   // Fault::missing_tres: its name
    bool grant_changed = false; // allocation, carryover, adjustments or period since the last cycle
    // To be logged and recorded although no person asked: the evaluation changed something, or the
    // metric moved by a whole percent since the last such evaluation.
    bool noteworthy = false;
    AccountMemory memory; // for the journal, after this decision

    // A person has to confirm what its rules have become. Until then it keeps its limits and
    // shares, and its standing, too, unless its last rules, an account above or an override of
    // staff make that stricter. Only an override makes it milder.
    bool held() const { return fault == Fault::rules || fault == Fault::guard; }
    bool by_last_rules() const { return last_rules != nullptr; }
    // Outside its life: no usage is counted, and limits and shares stay as they are.
    bool closed() const { return life && life->state != LifeState::during; }
    // QOS and jobs in Slurm follow its standing.
    bool follows() const { return error.empty() || held() || carried_out; }
    // Usage of another cluster is missing: nothing may be loosened on these figures.
    bool incomplete() const {
        for (const auto& part : span)
            if (!part.known)
                return true;
        return false;
    }
};

// What holds for the jobs of the account, for people: "normal", "warned" (normal, above the notify
// level), "downscaled", "paused".
std::string_view standing_word(const AccountDecision& account);
// Of a policy that only observes: the word that would hold if it enforced; "": no other one.
std::string_view would_be(const AccountDecision& account);
// Both in one: "paused", "would be paused".
std::string standing_text(const AccountDecision& account);
// The same for flags of the account at another time.
std::string standing_text(const AccountDecision& account, Flags flags);

struct Decision {
    Instant now{};
    ClockResult clock;
    std::string cluster;
    std::string rules_version;             // that it was made by
    PolicyText policies;                   // of these rules
    std::vector<AccountDecision> accounts; // by name; only those with a policy and an allocation
    // Not of one account: unknown accounts in the file, overrides without effect ...
    std::vector<std::string> problems;
    // Accounts that no policy covers any more but whose QOS, limits or jobs Sluice still has to
    // restore: memory to be written until that is done (then empty: the journal may forget the
    // account).
    std::map<std::string, AccountMemory> released;
    std::map<std::uint32_t, std::string> job_qos; // by id: the QOS that a queued job gets

    const AccountDecision* find(const std::string& account) const;
    // Whose usage or entry it is that decides the standing of one of `accounts`: its own, or that
    // of an account above.
    const AccountDecision& source(const AccountDecision& account) const;
};

// What cannot be done, and how to correct the cause.
struct Problem {
    std::string account; // "": not of one account
    std::string what;
    std::string remedy; // "sacctmgr add qos blocked"
};

struct Plan {
    std::vector<Command> commands; // to be carried out now
    std::vector<Command> withheld; // shown only: observed accounts, drift: report
    std::vector<Problem> problems;
};

} // namespace sluice::model
