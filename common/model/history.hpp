// SPDX-License-Identifier: GPL-2.0-or-later
// What Sluice itself remembers between cycles (the journal's part of the facts).
#pragma once

#include "common/base/amount.hpp"
#include "common/base/clock.hpp"
#include "common/base/decimal.hpp"
#include "common/model/budget.hpp"
#include "common/model/life.hpp"
#include "common/model/standing.hpp"
#include "common/model/tres.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::model {

// An account's QOS as it was before Sluice touched it.
struct SavedQos {
    std::vector<std::string> list; // own list by name; empty: inherited from the parent
    std::string default_qos;       // "": inherited or none

    friend bool operator==(const SavedQos&, const SavedQos&) = default;
};

// A limit or the shares of an account, from before Sluice first sets them until Slurm has what the
// account had.
struct SetValue {
    std::optional<std::int64_t> saved;    // what the account had; nullopt: no limit
    std::optional<std::int64_t> in_force; // what Slurm last had of Sluice's: separates drift from a
                                          // change that is not yet made
    std::optional<std::int64_t> asked;    // wanted by the last cycle, not yet there

    friend bool operator==(const SetValue&, const SetValue&) = default;
};
using LimitKey = std::pair<LimitType, std::string>; // and TRES name

// A queued job whose QOS Sluice has set, or will have to. slurmctld does not test the QOS of a job
// against its association's list once an operator has set it (job_scheduler.c, limit_set.qos).
struct JobQos {
    std::string had;   // what it returns to; "": the default of its association
    std::string given; // by Sluice; equal to `had`: nothing to undo

    friend bool operator==(const JobQos&, const JobQos&) = default;
};

// What an account had when one of its periods was last evaluated.
struct PastPeriod {
    Instant begin{};
    std::map<std::string, Amount> bases;
    std::map<std::string, Amount> grants;
    std::map<std::string, Amount> used; // as AccountMemory::used

    friend bool operator==(const PastPeriod&, const PastPeriod&) = default;
};

// What AccountMemory::notified has of a jump, before the week.
inline constexpr std::string_view kRateNotified = "rate/";

// The rules that an account was last evaluated by, so that they outlive their lines in
// sluiced.yaml.
struct AccountRules {
    std::string version;                       // of the policies' text (PolicyText); "": none
    std::vector<std::string> policies;         // names, in the file's order
    std::map<std::string, Decimal> allocation; // units by component
    bool spans = false;                        // one allocation for all clusters of its policies
    std::optional<AccountLife> life = {};

    friend bool operator==(const AccountRules&, const AccountRules&) = default;
};

// Components and policies, as the journal keeps them for AccountRules (core/policy_text.hpp).
struct PolicyText {
    std::string version; // another one for each text
    std::string text;
};

// Per account of a policy. Written in the same transaction as the evaluation that changed it.
struct AccountMemory {
    std::string period;                  // label of the period last evaluated; "": never evaluated
    Instant period_begin{};              // of `period`
    std::map<std::string, Amount> bases; // component -> allocation when last evaluated
    Flags flags;                         // own flags by the metric: no ancestors, no overrides
    Flags shown_flags;                   // with the ancestors'; what the last evaluation reported
    std::set<std::string>
        notified; // levels notified in `period`: "notify@80", "downscale", "pause"; "rate/2026-W49"
    std::optional<std::int64_t> percent; // hundredths, of the last noteworthy evaluation
    std::optional<SavedQos> saved_qos;   // set while the account's QOS is Sluice's
    // Period label whose reset of raw usage is in force (or under way): raw usage counts from the
    // begin of that period.
    std::string reset_done_for;
    bool reset_owed = false; // it failed, or its outcome is unknown: it is repeated
    // label -> begin of the newest periods that had their reset: none has a second one.
    std::map<std::string, Instant> resets;
    // component -> allocation + carryover + adjustments - what the period before had borrowed: the
    // period's own, against which borrowing is measured. Of `period`.
    std::map<std::string, Amount> grants;
    // component -> highest usage by ended jobs seen in `period`, in steps of a
    // hundredth of the effective allocation or one TRES-hour
    std::map<std::string, Amount> used;
    KeptBudgets budgets;                    // of `period`
    std::map<std::string, PastPeriod> past; // by label: the newest periods before `period`
    // "pause@120" -> epoch seconds: when a threshold was first seen reached in `period`, since then
    // without a break
    std::map<std::string, std::int64_t> reached;
    std::set<std::string> steps; // progressive steps in force in `period`, by QOS: hysteresis
    // Epoch seconds of evaluations in `period`, kept only where a policy asks for them: "pause",
    // "downscale" or a step's QOS: the first one of those that saw the flag without a break;
    // "full": the first at 100 % or above, since then without a break; "grace_days": the one that
    // paused because of that.
    std::map<std::string, std::int64_t> stands;
    // Own lists of associations below this account whose QOS is Sluice's, by association id: ids
    // stay when a user is renamed.
    std::map<std::uint32_t, SavedQos> saved_members;
    // Policies that enforced when it was last evaluated; empty: the account is not under
    // enforcement.
    std::set<std::string> enforced_by;
    // Of its last evaluation by rules that no person has to confirm.
    AccountRules rules;
    // Version of the rules that wait for a person; "": the account is not held.
    std::string held_for;
    std::optional<Instant> paused_since;     // an enforced pause, own or from above
    std::set<std::uint32_t> held_jobs;       // ids of jobs that Sluice held and will release
    std::map<std::uint32_t, JobQos> job_qos; // by job id, while the job is queued
    // What Slurm last had of Sluice's: separates drift from a change that is not yet made.
    std::string qos_in_force;
    std::map<LimitKey, SetValue> limits; // those that Sluice sets
    std::optional<SetValue> shares;      // set while the account's fairshare is Sluice's
    std::optional<SetValue> submit;      // set while the account's GrpSubmitJobs is Sluice's

    friend bool operator==(const AccountMemory&, const AccountMemory&) = default;
};

// Now, or in the cycle that finds its rules gone: its last rules are needed.
inline bool may_be_held(const AccountMemory& memory) {
    return !memory.held_for.empty() || !memory.enforced_by.empty();
}

// "account|user|partition"; user and partition may be empty.
inline std::string association_key(const std::string& account, const std::string& user,
                                   const std::string& partition) {
    return account + '|' + user + '|' + partition;
}

struct Override {
    std::int64_t id = 0;
    std::string account;
    Standing standing = Standing::normal;
    Instant from{};
    Instant until{};
    std::string reason;
    std::string by;
    // Not of Sluice's ledger but taken over from `by` ("Waldur"); ends when it ends there.
    bool foreign = false;
    // Never milder than what the account's own usage asks for.
    bool at_least = false;
    bool show_reason = false; // users may read `reason`; staff read it in any case
};

struct Adjustment {
    std::int64_t id = 0;
    std::string account;
    std::string period;                   // label
    std::map<std::string, Decimal> units; // component -> units added (negative: taken)
    std::string reason;
    std::string by;
    Instant at{};
    std::int64_t takes_back = 0; // number of the adjustment that this one undoes; 0: none
    // A transfer is two entries: number of the other account's. 0: no transfer.
    std::int64_t pair = 0;
};

// A person had an account evaluated anew in its running period, as if the period had just begun:
// without hysteresis, and with a new notice at each level. Usage and allocation stay.
struct PeriodReset {
    std::int64_t id = 0;
    std::string account;
    std::string period; // label
    std::string reason;
    std::string by;
    Instant at{};
    // Instead: the person accepted that the account has lost rules. What holds it is released.
    bool release = false;
};

// Carryover looks one period back; the rest is for a return after a wrong clock.
inline constexpr std::size_t kPastPeriods = 4;
inline constexpr std::size_t kResetsKept = 24;

// What a PeriodReset does to the memory: also usage that fell is accepted. Idempotent.
void reopen(AccountMemory& memory);

// The rules that the account had, and the guard, do not hold it any more. What Sluice saved of it
// stays until that is restored. Idempotent.
void release(AccountMemory& memory);

// reopen() or release(), as the entry asks for.
void enter(const PeriodReset& entry, AccountMemory& memory);

// The account is in another period from now on. Levels and steps of the one before do not count.
void enter_period(AccountMemory& memory, const std::string& label, Instant begin);

// A person confirmed that the time is `now`: periods that the journal began later did not begin.
// The flags stay, so that this lifts nothing; raw usage may have been reset too early, so limits
// follow it. Idempotent.
void forget_after(AccountMemory& memory, Instant now);

struct History {
    std::map<std::string, AccountMemory> accounts;   // by account name
    std::vector<Override> overrides;                 // also expired ones of the last days
    std::vector<Adjustment> adjustments;             // of the periods in question
    std::string rules_version;                       // of the last cycle; "": none yet
    std::map<std::string, std::string> policy_texts; // by version: those that accounts refer to
};

} // namespace sluice::model
