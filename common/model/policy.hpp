// SPDX-License-Identifier: GPL-2.0-or-later
// What the site wrote in sluiced.yaml about components, allocations and policies, checked and with
// defaults filled in. Values only: common/settings reads them, common/policy decides by them.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/decimal.hpp"
#include "common/base/text.hpp"
#include "common/model/budget.hpp"
#include "common/model/life.hpp"
#include "common/model/texts.hpp"
#include "common/model/tres.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::model {

enum class PeriodKind { week, month, quarter, year, total, custom };

struct PeriodRule {
    PeriodKind kind = PeriodKind::quarter;
    int months = 0;                       // custom: length, 1..1200; 0: `days` is it
    std::chrono::year_month_day anchor{}; // custom: first day of one of its periods
    int days = 0;                         // custom: length, 1..36500; 0: `months` is it
    std::chrono::weekday week_begins = std::chrono::Monday; // week
    // custom: {YYYY} {YY} {MM} {DD} of the first day, {YYYY+1} {YY+1} of the day after the last,
    // {N}: number of the period, 1 at the anchor; the rest stays as it is. "": the first day.
    std::string label{};

    friend bool operator==(const PeriodRule&, const PeriodRule&) = default;
};

struct Period {
    std::string label; // "2026-W49", "2026-03", "2026-Q1", "2026", "total", "2026-10-01", "FY27"
    Instant begin{};   // total: the epoch
    std::optional<Instant> end; // total: none

    friend bool operator==(const Period&, const Period&) = default;
};

enum class Mode { observe, enforce };

// Waldur's five actions by their names.
enum class Action {
    notify_organization_owners,
    notify_external_user,
    block_creation_of_new_resources,
    request_slurm_resource_downscaling,
    request_slurm_resource_pausing,
};

// In the order of Action.
inline constexpr std::string_view kActionNames[] = {
    "notify_organization_owners", "notify_external_user", "block_creation_of_new_resources",
    "request_slurm_resource_downscaling", "request_slurm_resource_pausing"};

constexpr std::string_view name(Action action) {
    return kActionNames[static_cast<std::size_t>(action)];
}

enum class CarryoverModel { cap, decay };

struct Carryover {
    bool enabled = true;
    CarryoverModel model = CarryoverModel::cap;
    Decimal factor = Decimal::whole(50);         // cap: percent of the base, 0..100
    Decimal half_life_days = Decimal::whole(15); // decay: > 0
    bool days_exact = false;        // decay: real length of the previous period instead of 90 days
    bool new_accounts_full = false; // the full cap without a previous allocation (Waldur)

    friend bool operator==(const Carryover&, const Carryover&) = default;
};

struct Billing {
    bool enabled = false;
    bool weights_slurm = false; // Slurm's own `billing` TRES decides, as partitions price it
    std::map<std::string, Decimal> weights; // by component or TRES name, matched ignoring case

    friend bool operator==(const Billing&, const Billing&) = default;
};

enum class QosStrategy { threshold, progressive };

struct Step {
    Decimal at;      // percent of the effective allocation
    std::string qos; // applied from there on
    bool pause = false;
};

struct Limits {
    bool enabled = true;
    LimitType type = LimitType::grp_tres_mins;
    // A limit that follows raw usage (raw_usage_reset: false) is rewritten when it is off by more
    // than this percentage of the budget; raw usage lags by up to PriorityCalcPeriod, so 0 would
    // write in every cycle.
    Decimal tolerance = Decimal::whole(1);
};

struct Fairshare {
    bool enabled = false;
    Decimal divisor = Decimal::whole(3);
};

enum class Drift { repair, report };

// What keeps jobs of a paused account from starting: a QOS, or GrpSubmitJobs=0.
enum class PauseBy { qos, submit_limit };

// What Sluice does with the jobs of a paused account.
enum class PendingJobs { leave, hold, cancel };
enum class RunningJobs { leave, cancel, requeue };
struct OnPause {
    PendingJobs pending = PendingJobs::leave; // leave: their QOS keeps them waiting
    RunningJobs running = RunningJobs::leave;
    std::chrono::seconds grace_time{0}; // from the pause to the end of running jobs

    bool leaves_all() const {
        return pending == PendingJobs::leave && running == RunningJobs::leave;
    }
};

// Whether queued jobs get the QOS that their account is slowed down to, and their own one back.
enum class OnDownscale { move, leave };
// What coordinators of an account may do with the accounts below it.
enum class Coordinators { view, move };

// A notice when an account uses much more in a day than it did. Both must hold.
struct NotifyRate {
    Decimal factor = Decimal::whole(5); // times the mean day of the four weeks before the last
    Decimal least = Decimal::whole(10); // percent of the effective allocation in that day
};

struct Borrow {
    Decimal factor; // percent of the next period's allocation that may be used early; 0: none

    friend bool operator==(const Borrow&, const Borrow&) = default;
};

// Which accounts a policy covers: all that have an allocation, unless one of the lists is given.
struct Match {
    std::vector<std::string> accounts; // these
    std::vector<std::string> subtrees; // these and their descendants
    std::vector<std::string> below;    // their descendants
    bool listed = false;               // empty lists are none, not all: Waldur names the accounts
    // The policy's own allocation is for accounts without sub-accounts, and for those of `accounts`
    // and `below`; true: for every account that the policy covers. With one amount for parents and
    // children, the children of a large department pause it.
    bool grants_parents = false;

    bool all() const { return !listed && accounts.empty() && subtrees.empty() && below.empty(); }
};

// Component -> units (hours, by default) for one period.
using Allocation = std::map<std::string, Decimal>;

struct Policy {
    std::string name;
    Mode mode = Mode::observe;
    // Keys that are not written, or not readable: their defaults lift nothing.
    bool mode_missing = false;
    bool actions_missing = false;
    bool period_missing = false;
    Match match;
    std::vector<std::string> clusters; // whose accounts it covers; empty: all that are served
    // `span: clusters`: an account has one allocation on all of `clusters`, which are named there
    // once the file is cut to a cluster.
    bool spans = false;
    PeriodRule period;
    Decimal grace_ratio;                    // 0.2: up to 120 %
    Decimal notify_at = Decimal::whole(80); // the lowest level: accounts are warned from here on
    std::vector<Decimal> notify_more;       // the levels above it, rising
    std::optional<NotifyRate> notify_rate;
    Decimal hysteresis; // percentage points below a threshold before a flag is lifted
    std::chrono::seconds min_dwell{0}; // falling usage lifts no flag that stands for less
    int grace_days = 0; // days at 100 % or above after which accounts are paused; 0: never
    Carryover carryover;
    Borrow borrow;
    Billing billing;
    std::vector<Action> actions;
    QosStrategy strategy = QosStrategy::threshold;
    std::vector<Step> steps; // progressive, rising
    std::string qos_default; // "": restore exactly what the account had
    std::string qos_downscaled = "slowdown";
    std::string qos_paused = "blocked";
    PauseBy pause_by = PauseBy::qos;
    Limits limits;
    Fairshare fairshare;
    bool raw_usage_reset = false;
    Drift drift = Drift::repair;
    std::optional<BudgetCheck> budget_check; // off, warn or refuse; unset: as check() has it
    OnPause on_pause;
    OnDownscale on_downscale = OnDownscale::move;
    std::optional<Allocation> allocation;    // for matched accounts without their own
    std::string contact;                     // in refusals; "": the file's `contact`
    Texts texts;                             // "": the file's `texts`
    std::vector<std::string> external_users; // options.notify_external_user
    bool notify_while_observing = false;     // mail to people also in mode observe
    Coordinators coordinators = Coordinators::view;

    // Limits in Slurm keep a job that asks for more than what is left from starting.
    bool limits_hold() const { return limits.enabled && limits.type == LimitType::grp_tres_mins; }
    BudgetCheck check() const {
        return budget_check.value_or(limits_hold() ? BudgetCheck::warn : BudgetCheck::off);
    }
    bool has(Action action) const {
        for (const Action a : actions)
            if (a == action)
                return true;
        return false;
    }
};

struct AccountSettings {
    std::optional<Allocation> allocation;
    std::map<std::string, Allocation> by_cluster; // the allocation on that cluster instead
    bool apart = false; // by_cluster was given: allocations do not span, whatever the policy has
    std::optional<AccountLife> life;
    std::string parent; // scenarios only; a cluster's accounts are Slurm's
};

// The part of the configuration that decides. Shared by the daemon's file and by scenarios.
// Names of accounts, QOS and clusters are in lower case, as sacctmgr keeps them.
struct PolicySet {
    std::string timezone; // IANA name; "": the host's
    std::string contact;
    Texts texts;
    Counting counting; // usage_factor, idle_reservations
    std::vector<Component> components;
    std::vector<Policy> policies;
    std::map<std::string, AccountSettings> accounts;
    std::set<std::string> elsewhere; // accounts that have an allocation on other clusters only

    // Case is ignored, as in weights. nullptr: no such component. A file has few.
    const Component* component(std::string_view name) const {
        for (const Component& one : components)
            if (equals_ignoring_case(one.name, name))
                return &one;
        return nullptr;
    }
    // nullptr: no such policy.
    const Policy* policy(std::string_view name) const {
        for (const Policy& one : policies)
            if (one.name == name)
                return &one;
        return nullptr;
    }
};

} // namespace sluice::model
