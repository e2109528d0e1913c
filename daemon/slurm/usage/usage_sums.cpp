// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage/usage_sums.hpp"

#include <algorithm>
#include <optional>

namespace sluice::slurm {
namespace {

// slurmdb.h: TRES_CPU 1, TRES_ENERGY 3
constexpr std::uint32_t kCpu = 1;
constexpr std::uint32_t kEnergy = 3;

Result<void> add_to(Amount& to, Wide more, const std::string& what) {
    const std::optional<Amount> sum = narrow(Wide{to} + more);
    if (!sum)
        return Error{Errc::overflow, "usage of " + what + " does not fit 64 bits"};
    to = *sum;
    return {};
}

bool overlaps(const EndedJob& job, Window time) {
    return std::max(job.begin, time.begin) < std::min(job.end, time.end);
}

// Takes what the rollup has of idle reservations out of `split`. slurmdbd may have lost records of
// jobs that filled them: no more is taken than is there.
Wide take_idle(model::UsageSplit& split, Wide idle) {
    const Wide taken = std::min<Wide>(idle, std::max<Amount>(0, split.settled));
    split.settled -= static_cast<Amount>(taken);
    return taken;
}

bool uses_nothing(const model::TresUsage& usage) {
    return std::all_of(usage.begin(), usage.end(),
                       [](const auto& entry) { return entry.second.total() == 0; });
}

} // namespace

// By TRES id, as the hourly rollup counts (as_mysql_rollup.c, _add_tres_time_2_list, the same from
// 22.05 to 26.05): every TRES for the whole time, but CPUs not while suspended. Energy is left out:
// it is a total, not a rate.
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

void JobSum::add(const std::vector<const model::Association*>& accounts, const std::string& user,
                 std::uint32_t tres, std::pair<Part, Wide> amount) {
    const auto [part, seconds] = amount;
    for (const model::Association* account : accounts) {
        Sums& sums = accounts_[account->account];
        sums.tres[tres][part] += seconds;
        sums.users[user][tres][part] += seconds;
    }
}

std::vector<const model::Association*> JobSum::upward(const std::string& account) {
    const std::string* name = &account;
    for (std::size_t steps = 0; steps <= deleted_.size(); ++steps) { // rows may form a circle
        if (name->empty())
            break;
        if (tree_.account(*name) != nullptr)
            return tree_.upward(*name);
        const auto parent = deleted_.find(*name);
        if (parent == deleted_.end()) {
            unknown_.insert(*name);
            break;
        }
        name = &parent->second;
    }
    return {};
}

void JobSum::add(const JobRecord& job) {
    const auto accounts = upward(job.account);
    for (const auto& [tres, amount] : tres_seconds(job))
        add(accounts, job.user, tres, {job.running ? running : finished, amount});
}

void JobSum::add(const ports::UserSums& sums, Part part) {
    for (const auto& [account, users] : sums) {
        const auto accounts = upward(account);
        for (const auto& [user, amounts] : users)
            for (const auto& [tres, amount] : amounts)
                add(accounts, user, tres, {part, amount});
    }
}

void JobSum::add(const ports::UserSums& ended) {
    add(ended, finished);
}

void JobSum::add_factor(const ports::UserSums& sums, bool of_running) {
    add(sums, of_running ? factor_open : factor);
}

void JobSum::add_idle(const ports::UserSums& sums, bool settled) {
    add(sums, settled ? idle_settled : idle_open);
}

Result<void> JobSum::put(const std::string& account, const PerTres& from, model::TresUsage& to,
                         const model::Counting& counting) const {
    for (const auto& [tres, amounts] : from) {
        const std::string* name = names_.name(tres);
        if (name == nullptr)
            continue;
        model::UsageSplit& split = to[*name];
        const Wide taken = take_idle(split, amounts[idle_settled]);
        const Wide by_factor = amounts[factor] + amounts[factor_open];
        const Wide idle = counting.idle ? taken + amounts[idle_open] : 0;
        const Wide open =
            (counting.factor ? amounts[factor_open] : 0) + (counting.idle ? amounts[idle_open] : 0);
        const std::pair<Amount*, Wide> rows[] = {
            {&split.finished, amounts[finished]},
            {&split.running, amounts[running]},
            {&split.factor, counting.factor ? by_factor : 0},
            {&split.idle, idle},
            {&split.open, open},
            {&split.beyond, (counting.factor ? 0 : by_factor) - idle},
        };
        for (const auto& [part, amount] : rows)
            if (auto added = add_to(*part, amount, account + " (" + *name + ")"); !added)
                return added;
    }
    return {};
}

bool JobSum::has_jobs(const PerTres& sums) {
    return std::any_of(sums.begin(), sums.end(), [](const auto& entry) {
        const auto& amounts = entry.second;
        return amounts[finished] != 0 || amounts[running] != 0 || amounts[factor] != 0 ||
               amounts[factor_open] != 0;
    });
}

// Idle time belongs to no user: it is also taken out of the users' rows of the rollups.
Result<void> JobSum::into(model::WindowUsage& usage, const model::Counting& counting) const {
    for (auto& [name, account] : usage.accounts) {
        const auto found = accounts_.find(name);
        if (found == accounts_.end())
            continue;
        if (auto done = put(name, found->second.tres, account.tres, counting); !done)
            return done;
        for (const auto& [user, sums] : found->second.users)
            if (account.users.contains(user) || has_jobs(sums))
                if (auto done = put(name, sums, account.users[user], {counting.factor, false});
                    !done)
                    return done;
        // Of deleted accounts nothing may be left.
        if (const auto deleted = account.users.find("");
            deleted != account.users.end() && uses_nothing(deleted->second))
            account.users.erase(deleted);
    }
    return {};
}

void SettledSum::add(Instant begin, std::uint32_t tres, std::uint64_t seconds) {
    if (begin < range_.begin || begin >= range_.end || tres == kEnergy || seconds >= kFirstMarker)
        return;
    sums_[tres] += seconds;
}

Result<void> SettledSum::into(model::TresUsage& usage, const TresNames& names,
                              const std::string& whose) const {
    for (const auto& [tres, sum] : sums_) {
        const std::string* name = names.name(tres);
        if (name == nullptr)
            continue;
        if (auto added = add_to(usage[*name].settled, sum, whose + " (" + *name + ")"); !added)
            return added;
    }
    return {};
}

void WeeklySum::add(Instant begin, std::uint32_t tres, std::uint64_t seconds) {
    constexpr std::size_t kForecastDays = model::kForecastWeeks * 7;
    // A day that begins an hour early or late by daylight saving time is the same day.
    constexpr std::chrono::hours kShift{2};
    if (begin < begin_ || begin >= until_ || tres == kEnergy || seconds >= kFirstMarker)
        return;
    const auto day =
        std::min(kForecastDays - 1,
                 static_cast<std::size_t>((begin - begin_ + kShift) / std::chrono::days{1}));
    auto& sums = sums_[tres];
    for (Amount* to : {&sums.weeks[(kForecastDays - 1 - day) / 7], &sums.weekdays[day % 7]})
        *to = narrow(Wide{*to} + seconds).value_or(*to);
    if (day + 1 == kForecastDays)
        sums.last_day = narrow(Wide{sums.last_day} + seconds).value_or(sums.last_day);
}

model::WeeklyUsage WeeklySum::named(const TresNames& names) const {
    model::WeeklyUsage out;
    out.until = until_;
    for (const auto& [tres, sums] : sums_)
        if (const std::string* name = names.name(tres))
            out.tres[*name] = sums;
    return out;
}

std::vector<Window> pieces_of_time(const std::vector<EndedJob>& jobs,
                                   const std::set<Instant>& cuts) {
    if (jobs.empty())
        return {};
    Window all{jobs.front().begin, jobs.front().end};
    for (const EndedJob& job : jobs)
        all = {std::min(all.begin, job.begin), std::max(all.end, job.end)};
    std::vector<Window> pieces;
    for (auto cut = cuts.upper_bound(all.begin); cut != cuts.end() && *cut < all.end; ++cut) {
        pieces.push_back({all.begin, *cut});
        all.begin = *cut;
    }
    pieces.push_back(all);
    return pieces;
}

bool needs_suspensions(const std::vector<EndedJob>& jobs, Window time) {
    return std::any_of(jobs.begin(), jobs.end(), [&](const EndedJob& job) {
        return job.suspended > 0 && overlaps(job, time);
    });
}

Result<ports::ClosedPiece> piece_of(const std::vector<EndedJob>& jobs, Window time,
                                    const Suspensions& suspensions) {
    ports::ClosedPiece piece{time, {}};
    for (const EndedJob& job : jobs) {
        if (!overlaps(job, time))
            continue;
        JobRecord part{
            job.account, job.user, std::max(job.begin, time.begin), std::min(job.end, time.end), 0,
            job.tres,    false};
        const auto found = suspensions.by_record.find(job.db_index);
        if (job.suspended > 0 && found != suspensions.by_record.end())
            part.suspended = found->second;
        ports::TresSums& sums = piece.sums[job.account][job.user];
        for (const auto& [tres, amount] : tres_seconds(part))
            if (auto added = add_to(sums[tres], amount, job.account); !added)
                return std::move(added).error();
    }
    return piece;
}

bool fits(const std::vector<ports::ClosedPiece>& pieces, const std::set<Instant>& cuts) {
    return std::none_of(pieces.begin(), pieces.end(), [&](const ports::ClosedPiece& piece) {
        const auto cut = cuts.upper_bound(piece.time.begin);
        return cut != cuts.end() && *cut < piece.time.end;
    });
}

} // namespace sluice::slurm
