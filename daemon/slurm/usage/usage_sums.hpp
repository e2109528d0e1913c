// SPDX-License-Identifier: GPL-2.0-or-later
// Sums of job records and of rollup rows by Slurm's own rules. Pure.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/result.hpp"
#include "common/model/account_tree.hpp"
#include "common/model/facts.hpp"
#include "daemon/ports/closed_usage.hpp"
#include "daemon/slurm/jobs/job.hpp"
#include "daemon/slurm/rpc/tres_text.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::slurm {

// Parents of accounts that are no longer in the structure, by account.
using DeletedAccounts = std::map<std::string, std::string>;

// By TRES id, as the hourly rollup counts.
std::vector<std::pair<std::uint32_t, Wide>> tres_seconds(const JobRecord& job);

class JobSum {
public:
    // All outlive it. `deleted`: parents of accounts that are no longer in the tree.
    JobSum(const model::AccountTree& tree, const TresNames& names, const DeletedAccounts& deleted)
        : tree_(tree), names_(names), deleted_(deleted) {}

    // Counts for the account and all above it. A job of a deleted account counts for the accounts
    // that were above, as in slurmdbd's rollups.
    void add(const JobRecord& job);
    // Of jobs that have ended.
    void add(const ports::UserSums& finished);
    // What UsageFactor adds, of jobs that have ended or that run.
    void add_factor(const ports::UserSums& sums, bool of_running);
    // Idle time of reservations; `settled`: inside hours that are rolled up, whose figures have it.
    void add_idle(const ports::UserSums& sums, bool settled);
    // Accounts, with jobs or above such, that are neither in the tree nor in `deleted`.
    const std::set<std::string>& unknown() const { return unknown_; }
    // Adds to the accounts that `usage` has. overflow: a figure does not fit; names the account.
    // REQUIRES: `usage` has the settled figures
    Result<void> into(model::WindowUsage& usage, const model::Counting& counting = {}) const;

private:
    enum Part { finished, running, factor, factor_open, idle_settled, idle_open, parts };
    using PerTres = std::map<std::uint32_t, std::array<Wide, parts>>; // by id
    struct Sums {
        PerTres tres;
        std::map<std::string, PerTres> users;
    };

    std::vector<const model::Association*> upward(const std::string& account);
    void add(const std::vector<const model::Association*>& accounts, const std::string& user,
             std::uint32_t tres, std::pair<Part, Wide> amount);
    void add(const ports::UserSums& sums, Part part);
    static bool has_jobs(const PerTres& sums);
    Result<void> put(const std::string& account, const PerTres& from, model::TresUsage& to,
                     const model::Counting& counting) const;

    const model::AccountTree& tree_;
    const TresNames& names_;
    const DeletedAccounts& deleted_;
    std::map<std::string, Sums> accounts_;
    std::set<std::string> unknown_;
};

// Rollup rows of one account or user. Rows that begin outside the range do not count: slurmdbd
// floors what it is asked for to its own hours.
class SettledSum {
public:
    explicit SettledSum(Window range) : range_(range) {}

    void add(Instant begin, std::uint32_t tres, std::uint64_t seconds);
    // overflow: a figure does not fit; the error names `whose`.
    Result<void> into(model::TresUsage& usage, const TresNames& names,
                      const std::string& whose) const;

private:
    Window range_;
    std::map<std::uint32_t, Wide> sums_; // by TRES id
};

// Rows of whole days of one account, by week and day of the week.
class WeeklySum {
public:
    // `begin`: kForecastWeeks before `until`; both are midnights of slurmdbd.
    WeeklySum(Instant begin, Instant until) : begin_(begin), until_(until) {}

    void add(Instant begin, std::uint32_t tres, std::uint64_t seconds);
    model::WeeklyUsage named(const TresNames& names) const;

private:
    Instant begin_;
    Instant until_;
    std::map<std::uint32_t, model::WeeklyUsage::Sums> sums_; // by TRES id
};

// The times of the pieces that sums of these jobs are kept in: from the earliest begin to the
// latest end of the jobs, cut at the instants; none of no jobs.
std::vector<Window> pieces_of_time(const std::vector<EndedJob>& jobs,
                                   const std::set<Instant>& cuts);
// Whether piece_of() has to know suspensions inside `time`.
bool needs_suspensions(const std::vector<EndedJob>& jobs, Window time);
// overflow: a sum does not fit; names the account. The sums are by the job's own account, because
// accounts may move.
Result<ports::ClosedPiece> piece_of(const std::vector<EndedJob>& jobs, Window time,
                                    const Suspensions& suspensions);
// None of the instants lies inside one of the pieces.
bool fits(const std::vector<ports::ClosedPiece>& pieces, const std::set<Instant>& cuts);

} // namespace sluice::slurm
