// SPDX-License-Identifier: GPL-2.0-or-later
// Everything one cycle knows, taken at one `now`. Immutable once collected.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/clock.hpp"
#include "common/model/budget.hpp"
#include "common/model/clock.hpp"
#include "common/model/history.hpp"
#include "common/model/policy.hpp"
#include "common/model/tres.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::model {

using TresLimits = std::map<std::string, std::int64_t>; // by TRES name

// fairshare=parent, as Slurm stores it (slurmdb.h, SLURMDB_FS_USE_PARENT)
inline constexpr std::uint32_t kSharesOfParent = 0x7fffffff;

// As sacctmgr writes them.
inline std::string shares_text(std::uint32_t shares) {
    return shares == kSharesOfParent ? "parent" : std::to_string(shares);
}

// One association as slurmdbd holds it, without what it inherits. Account rows have an empty user.
struct Association {
    std::uint32_t id = 0;
    std::string account;
    std::string parent; // account rows: parent account; "" for root
    std::string user;
    std::string partition;
    std::vector<std::string> qos; // own list by name; empty: inherited
    std::string default_qos;      // own; "": inherited or none
    TresLimits grp_tres_mins;     // own limits
    TresLimits max_tres_mins;
    TresLimits grp_tres;
    std::optional<std::uint32_t> submit_jobs; // GrpSubmitJobs; nullopt: no limit
    std::uint32_t shares = 1;

    const TresLimits& limits(LimitType type) const { return this->*member(type); }
    TresLimits& limits(LimitType type) { return this->*member(type); }

    static constexpr TresLimits Association::*member(LimitType type) {
        if (type == LimitType::grp_tres)
            return &Association::grp_tres;
        return type == LimitType::max_tres_mins ? &Association::max_tres_mins
                                                : &Association::grp_tres_mins;
    }
};

struct User {
    std::string name;
    std::uint32_t uid = 0; // 4294967294 (NO_VAL) when slurmctld does not know it
    std::string default_account;
    std::vector<std::string> accounts; // those with an association
};

// The cluster's structure, from slurmdbd.
struct Structure {
    std::string cluster;
    std::vector<Tres> tres;
    std::vector<Qos> qos;
    std::vector<Association> associations;
    std::vector<User> users;
    std::vector<Partition> partitions; // from slurmctld, for budgets and quotes
};

enum class JobState { pending, running };

// A job that has not ended. A job array's tasks that have not started are one job.
struct Job {
    std::uint32_t id = 0;
    std::uint32_t array_id = 0; // 0: none
    std::string name;           // as people write it: "7", "7_3", "7_[4-9]"
    std::string account;
    std::string user;
    JobState state = JobState::pending;
    bool held = false;             // by Sluice, staff or the user
    std::uint32_t association = 0; // whose QOS list counts; 0: not known
    std::string qos;               // "": slurmctld has none for it; "fast,normal": several
    std::string reason = {};       // why it is pending, as squeue shows it: "Priority"
    // Of a pending job, for what it may use: array tasks that wait, what one of them asks for by
    // TRES id, and its time limit. nullopt: of its partition, or none where that has none.
    std::uint64_t tasks = 1;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> tres = {};
    std::optional<std::uint32_t> minutes = {};
    std::string partition = {}; // the first that it names; "": its own limit counts, or none
};

// By account: names of QOS in which slurmctld's list and default of its users, or its own, differ
// from what slurmdbd's rows give.
using QosDifferences = std::map<std::string, std::set<std::string>>;

// What a cycle on one cluster leaves for the cycles on the others. Only of accounts whose
// allocation spans clusters.
struct SharedFigures {
    std::string cluster;
    Instant at{};                   // when the usage was read
    std::set<std::string> policies; // that spanned in that cycle
    std::vector<WindowUsage> usage;
    History history; // the accounts evaluated there, and what was entered there
};

// One of the clusters that an allocation here spans.
struct OtherCluster {
    std::string cluster;
    std::shared_ptr<const SharedFigures> figures; // nullptr: not known
    std::int64_t age = 0;                         // of the figures, seconds
    bool stale = false;                           // too old to lift a pause
};

// New rules that would pause or open more accounts than this in one evaluation wait for a person.
struct Guard {
    std::int64_t accounts = 10;
    std::int64_t percent = 5; // of all evaluated accounts; the larger number counts

    friend bool operator==(const Guard&, const Guard&) = default;
};

// Usage of an account in whole weeks that end at `until`, by slurmdbd's days. For forecasts only.
inline constexpr std::size_t kForecastWeeks = 8;
struct WeeklyUsage {
    struct Sums {
        std::array<Amount, kForecastWeeks> weeks{}; // the newest first
        std::array<Amount, 7> weekdays{};           // over all weeks; that of `until` first
        Amount last_day = 0;                        // the day that ends at `until`
    };
    Instant until{};                  // a midnight of slurmdbd
    std::map<std::string, Sums> tres; // by TRES name
};
using WeeklyUsages = std::map<std::string, WeeklyUsage, std::less<>>; // by account name

struct Facts {
    // While the clock is not trusted: the last trusted time and what has elapsed since.
    Instant now{};
    ClockResult clock;
    Structure structure;
    // One per window that the policies ask for: current and previous periods.
    std::vector<WindowUsage> usage;
    // slurmctld's own counters by account and TRES name, TRES-seconds (decayed when decay is on);
    // empty when slurmctld did not answer. What GrpTRESMins is compared with.
    std::map<std::string, std::map<std::string, Amount>> raw_usage;
    bool raw_usage_known = false;
    QosDifferences qos_differences; // empty when slurmctld did not answer
    // Whether slurmctld's counters can be set to zero. Where they cannot, limits follow them, as
    // with raw_usage_reset: false.
    bool raw_usage_resets = true;
    std::vector<Job> jobs; // pending and running ones
    bool jobs_known = false;
    // Age of usage in seconds when its source failed and the last good figures stand in; 0: fresh.
    std::int64_t usage_age = 0;
    // May lack accounts; nullptr: not known.
    std::shared_ptr<const WeeklyUsages> weekly;
    History history;
    std::vector<OtherCluster> others;
    std::string rules_version; // another one for each change of the rules; "": no guard
    Guard guard;
    PolicyText policies; // of the rules of this cycle
    // Policies of earlier rules, by version, that accounts of the history were last evaluated by.
    std::map<std::string, std::shared_ptr<const PolicySet>> earlier;
};

} // namespace sluice::model
