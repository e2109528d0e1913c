// SPDX-License-Identifier: GPL-2.0-or-later
// Sums of job records and of rollup rows by Slurm's own rules. Pure.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/result.hpp"
#include "common/model/usage.hpp"
#include "daemon/slurm/tree.hpp"
#include "daemon/slurm/tres_text.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::slurm {

// A job record, already cut to the window that was asked for.
struct JobRecord {
    std::string account;
    std::string user;
    Instant begin{};
    Instant end{};
    std::int64_t suspended = 0; // seconds inside [begin, end)
    std::string tres;           // allocated, "1=2,2=200,5=2"
    bool running = false;
};

// As the hourly rollup counts (as_mysql_rollup.c, _add_tres_time_2_list, the same from 22.05 to
// 26.05): every TRES for the whole time, but CPUs not while suspended. Energy is left out: it is a
// total, not a rate.
std::vector<std::pair<std::uint32_t, Wide>> tres_seconds(const JobRecord& job); // TRES id, amount

class JobSum {
public:
    JobSum(const AccountTree& tree, const TresNames& names) : tree_(tree), names_(names) {}

    // Counts for the account and all above it. Jobs of accounts that are gone cannot be placed.
    void add(const JobRecord& job);
    // Of jobs that have ended.
    void add(const std::string& account, const std::string& user,
             const std::map<std::uint32_t, Wide>& finished);
    // Adds to the accounts that `usage` has. overflow: a figure does not fit; names the account.
    Result<void> into(model::WindowUsage& usage) const;

private:
    using PerTres = std::map<std::uint32_t, std::array<Wide, 2>>; // id -> finished, running
    struct Sums {
        PerTres tres;
        std::map<std::string, PerTres> users;
    };

    void add(const std::vector<const model::Association*>& way, const std::string& user,
             std::uint32_t tres, std::pair<bool, Wide> amount);
    Result<void> put(const std::string& account, const PerTres& from, model::TresUsage& to) const;

    const AccountTree& tree_;
    const TresNames& names_;
    std::map<std::string, Sums> accounts_;
};

// Rollup rows of one account. Rows that begin outside the range do not count: slurmdbd floors what
// it is asked for to its own hours.
class SettledSum {
public:
    SettledSum(Window range, const TresNames& names) : range_(range), names_(names) {}

    void add(Instant begin, std::uint32_t tres, std::uint64_t seconds);
    Result<void> into(model::AccountUsage& usage) const;
    const std::map<std::uint32_t, Wide>& sums() const { return sums_; } // by TRES id

private:
    Window range_;
    const TresNames& names_;
    std::map<std::uint32_t, Wide> sums_;
};

} // namespace sluice::slurm
