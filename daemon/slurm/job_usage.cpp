// SPDX-License-Identifier: GPL-2.0-or-later
// Sums of job records and rollup rows; must not know libslurm.
#include "daemon/slurm/job_usage.hpp"

#include "daemon/slurm/tres_text.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

// slurmdb.h: TRES_CPU 1, TRES_ENERGY 3
constexpr std::uint32_t kCpu = 1;
constexpr std::uint32_t kEnergy = 3;

Result<void> add_to(Amount& to, Wide more, const std::string& what) {
    const std::optional<Amount> sum = narrow(Wide{to} + more);
    if (!sum)
        return Error{Errc::overflow, "usage of " + what + " does not fit"};
    to = *sum;
    return {};
}

} // namespace

std::vector<std::pair<std::uint32_t, Wide>> tres_seconds(const JobRecord& job) {
    const std::int64_t seconds = (job.end - job.begin).count();
    if (seconds <= 0 || epoch(job.begin) <= 0)
        return {};
    const std::int64_t awake = std::max<std::int64_t>(0, seconds - job.suspended);
    std::vector<std::pair<std::uint32_t, Wide>> all;
    for (const auto& [tres, count] : parse_tres(job.tres))
        if (tres != kEnergy)
            all.emplace_back(tres, Wide{count} * (tres == kCpu ? awake : seconds));
    return all;
}

void JobSum::add(const std::vector<const model::Association*>& way, const std::string& user,
                 std::uint32_t tres, std::pair<bool, Wide> amount) {
    const auto [running, seconds] = amount;
    for (const model::Association* account : way) {
        Sums& sums = accounts_[account->account];
        sums.tres[tres][running] += seconds;
        sums.users[user][tres][running] += seconds;
    }
}

void JobSum::add(const JobRecord& job) {
    const auto way = tree_.upward(job.account);
    for (const auto& [tres, amount] : tres_seconds(job))
        add(way, job.user, tres, {job.running, amount});
}

void JobSum::add(const std::string& account, const std::string& user,
                 const std::map<std::uint32_t, Wide>& finished) {
    const auto way = tree_.upward(account);
    for (const auto& [tres, amount] : finished)
        add(way, user, tres, {false, amount});
}

Result<void> JobSum::put(const std::string& account, const PerTres& from,
                         model::TresUsage& to) const {
    for (const auto& [tres, amounts] : from) {
        const std::string* name = names_.name(tres);
        if (name == nullptr)
            continue;
        model::UsageSplit& split = to[*name];
        if (auto added = add_to(split.finished, amounts[0], account + " (" + *name + ")"); !added)
            return added;
        if (auto added = add_to(split.running, amounts[1], account + " (" + *name + ")"); !added)
            return added;
    }
    return {};
}

Result<void> JobSum::into(model::WindowUsage& usage) const {
    for (auto& [name, account] : usage.accounts) {
        const auto found = accounts_.find(name);
        if (found == accounts_.end())
            continue;
        if (auto done = put(name, found->second.tres, account.tres); !done)
            return done;
        for (const auto& [user, sums] : found->second.users)
            if (auto done = put(name, sums, account.users[user]); !done)
                return done;
    }
    return {};
}

void SettledSum::add(Instant begin, std::uint32_t tres, std::uint64_t seconds) {
    if (begin < range_.begin || begin >= range_.end || tres == kEnergy || seconds >= kFirstMarker)
        return;
    sums_[tres] += seconds;
}

Result<void> SettledSum::into(model::AccountUsage& usage) const {
    for (const auto& [tres, sum] : sums_) {
        const std::string* name = names_.name(tres);
        if (name == nullptr)
            continue;
        if (auto added = add_to(usage.tres[*name].settled, sum, *name); !added)
            return added;
    }
    return {};
}

} // namespace sluice::slurm
