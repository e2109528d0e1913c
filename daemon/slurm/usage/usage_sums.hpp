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

class JobSum {
public:
    JobSum(const model::AccountTree& tree, const TresNames& names) : tree_(tree), names_(names) {}

    // Counts for the account and all above it. Jobs of accounts that are gone cannot be placed.
    void add(const JobRecord& job);
    // Of jobs that have ended.
    void add(const ports::UserSums& finished);
    // Adds to the accounts that `usage` has. overflow: a figure does not fit; names the account.
    Result<void> into(model::WindowUsage& usage) const;

private:
    using PerTres = std::map<std::uint32_t, std::array<Wide, 2>>; // id -> finished, running
    struct Sums {
        PerTres tres;
        std::map<std::string, PerTres> users;
    };

    void add(const std::vector<const model::Association*>& accounts, const std::string& user,
             std::uint32_t tres, std::pair<bool, Wide> amount);
    Result<void> put(const std::string& account, const PerTres& from, model::TresUsage& to) const;

    const model::AccountTree& tree_;
    const TresNames& names_;
    std::map<std::string, Sums> accounts_;
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
