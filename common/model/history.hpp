// SPDX-License-Identifier: GPL-2.0-or-later
// What Sluice itself remembers between cycles (the journal's part of the facts).
#pragma once

#include "common/base/amount.hpp"
#include "common/base/clock.hpp"
#include "common/base/decimal.hpp"
#include "common/model/standing.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::model {

// An account's QOS as it was before Sluice touched it.
struct SavedQos {
    std::vector<std::string> list; // own list by name; empty: inherited from the parent
    std::string default_qos;       // "": inherited or none

    friend bool operator==(const SavedQos&, const SavedQos&) = default;
};

inline constexpr const char* kResetOwed = "owed";

// What an account had when one of its periods was last judged.
struct PastPeriod {
    Instant begin{};
    std::map<std::string, Amount> bases;
    std::map<std::string, Amount> grants;

    friend bool operator==(const PastPeriod&, const PastPeriod&) = default;
};

// Per account of a policy. Written in the same transaction as the evaluation that changed it.
struct AccountMemory {
    std::string period;     // label of the period last judged; "": never judged
    Instant period_begin{}; // of `period`
    std::map<std::string, Amount>
        bases; // component -> allocation (TRES-seconds) in force when last judged
    std::map<std::string, Amount>
        adjustments_at_end;         // reserved for reports: adjustments of that period
    Flags flags;                    // own flags by the metric, without ancestors' and overrides
    Flags shown_flags;              // with the ancestors'; what the last evaluation reported
    std::set<std::string> notified; // levels told in `period`: "notify", "downscale", "pause"
    std::optional<std::int64_t>
        percent; // hundredths, of the last noteworthy evaluation: "moved by a whole percent"
    std::optional<SavedQos> saved_qos; // set while Sluice holds the account's QOS
    // Period label whose reset of raw usage is in force (or under way): raw usage counts from the
    // begin of that period. kResetOwed: the reset failed, or its outcome is unknown; it is
    // repeated.
    std::string reset_done_for;
    // label -> begin of the newest periods that had their reset: none has a second one.
    std::map<std::string, Instant> resets;
    // component -> allocation + carryover + adjustments - what the period before had borrowed: the
    // period's own, against which borrowing is measured. Of `period`.
    std::map<std::string, Amount> grants;
    std::map<std::string, PastPeriod> past; // by label: the newest periods judged before `period`
    // "pause@120" -> epoch seconds: when a threshold was first seen reached in `period`, since then
    // without a break
    std::map<std::string, std::int64_t> reached;
    std::set<std::string> held; // progressive steps (by QOS name) in force in `period`: hysteresis
    // Own lists of associations below this account that Sluice holds, by association_key().
    std::map<std::string, SavedQos> saved_members;
    std::optional<Instant> paused_since; // an enforced pause, own or from above
    std::set<std::uint32_t> held_jobs;   // by Sluice, and to be released by it: job ids
    // What Slurm was last seen to have of ours; tells drift from a change that is not yet made.
    std::string qos_in_force;
    std::map<std::string, std::int64_t> limits_in_force; // TRES name -> limit
    std::map<std::string, std::int64_t> limits_asked;    // wanted by the last cycle, not seen yet

    friend bool operator==(const AccountMemory&, const AccountMemory&) = default;
};

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
    // Not of our own ledger but taken over from there (`by`, "Waldur"); ends when it ends there.
    bool foreign = false;
    // Never loosens what the account's own usage asks for.
    bool at_least = false;
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
};

// A person had an account judged anew in its running period, as if the period had just begun:
// without hysteresis, and told again at each level. Usage and allocation stay what they are.
struct PeriodReset {
    std::int64_t id = 0;
    std::string account;
    std::string period; // label
    std::string reason;
    std::string by;
    Instant at{};
};

// What a PeriodReset does to the memory. Idempotent.
inline void reopen(AccountMemory& memory) {
    memory.flags = {};
    memory.notified.clear();
    memory.held.clear();
    memory.reached.clear();
}

// Carryover looks one period back; the rest is for a return after a wrong clock.
inline constexpr std::size_t kPastPeriods = 4;
inline constexpr std::size_t kResetsKept = 24;

// The account is in another period from now on. Levels and steps of the one before do not count.
inline void enter_period(AccountMemory& memory, const std::string& label, Instant begin) {
    if (!memory.period.empty())
        memory.past[memory.period] = {memory.period_begin, memory.bases, memory.grants};
    PastPeriod known;
    if (const auto found = memory.past.find(label); found != memory.past.end()) {
        known = found->second;
        memory.past.erase(found);
    }
    const auto older = [](const auto& a, const auto& b) { return a.second.begin < b.second.begin; };
    while (memory.past.size() > kPastPeriods)
        memory.past.erase(std::min_element(memory.past.begin(), memory.past.end(), older));
    memory.period = label;
    memory.period_begin = begin;
    memory.bases = std::move(known.bases);
    memory.grants = std::move(known.grants);
    memory.notified.clear();
    memory.held.clear();
    memory.reached.clear();
}

// A person confirmed that it is `now`: periods that the journal began later did not begin. The
// flags stay, so that nothing is lifted by this; raw usage may have been reset too early, so
// limits follow it. Idempotent.
inline void forget_after(AccountMemory& memory, Instant now) {
    std::erase_if(memory.past, [now](const auto& entry) { return entry.second.begin > now; });
    if (memory.paused_since && *memory.paused_since > now)
        memory.paused_since = now;
    if (memory.period_begin <= now)
        return;
    const auto older = [](const auto& a, const auto& b) { return a.second.begin < b.second.begin; };
    const auto last = std::max_element(memory.past.begin(), memory.past.end(), older);
    const std::string never = memory.period;
    if (last == memory.past.end())
        enter_period(memory, "", {});
    else
        enter_period(memory, std::string(last->first), last->second.begin);
    memory.past.erase(never);
    memory.reset_done_for.clear();
}

struct History {
    std::map<std::string, AccountMemory> accounts; // by account name
    std::vector<Override> overrides;               // also expired ones of the last days
    std::vector<Adjustment> adjustments;           // of the periods in question
};

} // namespace sluice::model
