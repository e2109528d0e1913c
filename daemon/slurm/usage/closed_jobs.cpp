// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage/closed_jobs.hpp"

#include "daemon/slurm/jobs/job_records.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

using ports::ClosedDay;
using std::chrono::hours;

constexpr hours kDay{24};
static_assert(kDay <= kMaxSlice);
// Almost all records have come by then; younger ones are in memory.
constexpr hours kOpen{6};
// The first time again: slurmctld may have been sending what it kept while slurmdbd was away.
constexpr hours kSecondLook{1};

// Slurm 1.3 of that year was the first with slurmdbd.
constexpr Instant kFirstRecords = std::chrono::sys_days{std::chrono::year{2008} / 1 / 1};
// Days in one transaction.
constexpr std::size_t kTogether = 32;

Instant floor_day(Instant at) {
    return std::chrono::floor<std::chrono::days>(at);
}

// The older a day, the rarer a late record: after the second look, at half its age more each time.
bool is_due(const ClosedDay& day, Instant now) {
    const auto wait =
        day.reads < 2 ? std::chrono::seconds{kSecondLook} : (day.read_at - day.begin - kDay) / 2;
    return now - day.read_at >= wait;
}

} // namespace

Instant ClosedJobs::closable(Instant now) const {
    return store_ == nullptr ? Instant{} : floor_day(now - kOpen);
}

Result<void> ClosedJobs::load(const std::string& cluster) {
    if (loaded_)
        return {};
    auto days = store_->days(cluster);
    if (!days)
        return std::move(days).error();
    for (ClosedDay& day : *days)
        days_.insert_or_assign(day.begin, std::move(day));
    loaded_ = true;
    return {};
}

Result<void> ClosedJobs::drop(const Need& need) {
    const Instant last = need.covered - kDay;
    if (days_.empty() || days_.begin()->first > last)
        return {};
    if (auto done = store_->drop(need.cluster, last); !done)
        return done;
    days_.erase(days_.begin(), days_.upper_bound(last));
    totals_.clear();
    return {};
}

Result<std::vector<Window>> ClosedJobs::days_with_jobs(const std::string& cluster, Instant until) {
    std::vector<Window> found;
    if (store_ == nullptr)
        return found;
    if (auto done = load(cluster); !done)
        return std::move(done).error();
    for (const auto& [begin, day] : days_) {
        if (day.pieces.empty() || begin + kDay > until)
            continue;
        if (found.size() == 2)
            found.pop_back();
        found.push_back({begin, begin + kDay});
    }
    return found;
}

// The days that are missing, or else the day that was read longest ago if it is due.
std::vector<Instant> ClosedJobs::to_read(const Need& need) const {
    std::vector<Instant> begins;
    const ClosedDay* oldest = nullptr;
    for (Instant begin = covered_.begin; begin < covered_.end; begin += kDay) {
        const auto day = days_.find(begin);
        // Read in the future: the clock was wrong then.
        if (day == days_.end() || day->second.read_at > need.now ||
            !fits(day->second.pieces, need.cuts))
            begins.push_back(begin);
        else if (is_due(day->second, need.now) &&
                 (oldest == nullptr || day->second.read_at < oldest->read_at))
            oldest = &day->second;
    }
    if (begins.empty() && oldest != nullptr)
        begins.push_back(oldest->begin);
    return begins;
}

Result<ClosedDay> ClosedJobs::read(Session& session, const Need& need, Instant begin,
                                   JobTracker& tracker) {
    ClosedDay day{begin, need.now, 1, {}};
    auto jobs = ended_in(session, need.cluster, {begin, begin + kDay});
    if (!jobs)
        return std::move(jobs).error();
    std::erase_if(*jobs, [&](const EndedJob& job) { return job.end <= begin; });
    for (const Window& time : pieces_of_time(*jobs, need.cuts)) {
        Result<Suspensions> suspensions = Suspensions{};
        if (needs_suspensions(*jobs, time))
            suspensions = suspensions_in(session, need.cluster, time);
        if (!suspensions)
            return std::move(suspensions).error();
        auto piece = piece_of(*jobs, time, *suspensions);
        if (!piece)
            return std::move(piece).error();
        day.pieces.push_back(std::move(*piece));
    }
    for (const EndedJob& job : *jobs)
        tracker.note_closed(job);
    // Twice in an hour is no second look.
    if (const auto known = days_.find(begin); known != days_.end())
        day.reads = known->second.reads + (need.now - known->second.read_at >= kSecondLook ? 1 : 0);
    return day;
}

Result<void> ClosedJobs::put(const std::string& cluster, std::vector<ClosedDay>& days) {
    if (auto done = store_->put(cluster, days); !done)
        return done;
    totals_.clear();
    for (ClosedDay& day : days) {
        for (ports::ClosedPiece& piece : day.pieces)
            piece.sums.clear();
        days_.insert_or_assign(day.begin, std::move(day));
    }
    days.clear();
    return {};
}

Result<void> ClosedJobs::cover(Session& session, const Need& need, JobTracker& tracker) {
    if (store_ == nullptr)
        return {};
    if (auto done = load(need.cluster); !done)
        return done;
    if (auto done = drop(need); !done)
        return done;
    Window covered{};
    if (need.ended.begin < need.ended.end)
        covered = {std::max(floor_day(need.ended.begin), kFirstRecords), need.ended.end};
    if (!(covered == covered_))
        totals_.clear();
    covered_ = covered;
    std::vector<ClosedDay> days;
    const auto begins = to_read(need);
    for (const Instant begin : begins) {
        auto day = read(session, need, begin, tracker);
        if (!day)
            return std::move(day).error();
        days.push_back(std::move(*day));
        if (days.size() == kTogether || begin == begins.back())
            if (auto done = put(need.cluster, days); !done)
                return done;
    }
    return {};
}

Result<void> ClosedJobs::add(const std::string& cluster, Window range, JobSum& sum) {
    if (covered_.begin >= covered_.end)
        return {};
    // All these jobs ended by covered_.end, so a range that ends with `now` has one key all day.
    const Window inside{range.begin, std::min(range.end, covered_.end)};
    const auto key = std::pair{inside.begin, inside.end};
    auto total = totals_.find(key);
    if (total == totals_.end()) {
        auto sums = store_->sums(cluster, covered_, inside);
        if (!sums)
            return std::move(sums).error();
        total = totals_.emplace(key, std::move(*sums)).first;
    }
    sum.add(total->second);
    return {};
}

} // namespace sluice::slurm
