// SPDX-License-Identifier: GPL-2.0-or-later
// Which of two tellers of one job counts; must not know libslurm.
#include "daemon/slurm/job_tracker.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

Window within(Window range, Instant begin, Instant end) {
    return {std::max(range.begin, begin), std::min(range.end, end)};
}

template <class Key>
std::int64_t seconds_of(const std::unordered_map<Key, std::int64_t>& all, Key key) {
    const auto found = all.find(key);
    return found == all.end() ? 0 : found->second;
}

JobRecord record(const std::string& account, const std::string& user, Window time,
                 const std::string& tres) {
    JobRecord one;
    one.account = account;
    one.user = user;
    one.begin = time.begin;
    one.end = time.end;
    one.tres = tres;
    return one;
}

// The record of a later size begins with the hour of the resize. One that begins later is another
// run, or another job: slurmctld gives an id anew that it lost in a crash.
bool is_record_of(const LiveJob& job, Window record) {
    return record.end > job.begin && record.begin <= job.begin;
}

} // namespace

void JobTracker::note_ended(EndedJob job) {
    if (job.end <= closed_)
        return;
    const auto [at, fresh] = ended_.try_emplace(job.db_index, job);
    if (fresh)
        ends_.emplace(job.job_id, Window{job.begin, job.end});
    else
        at->second = std::move(job);
}

void JobTracker::note_closed(const EndedJob& job) {
    const auto is_it = [&](const LiveJob& live) {
        return live.job_id == job.job_id && live.end && is_record_of(live, {job.begin, job.end});
    };
    std::erase_if(live_, is_it);
    std::erase_if(departed_, [&](const auto& entry) { return is_it(entry.second); });
}

// Those of earlier runs and sizes, and of an older job with the same id, ended before this run
// began.
bool JobTracker::superseded(const LiveJob& job) const {
    const auto [first, last] = ends_.equal_range(job.job_id);
    return std::any_of(first, last,
                       [&](const auto& entry) { return is_record_of(job, entry.second); });
}

// Whether slurmctld was asked since it began, and did not show it.
bool JobTracker::is_gone(const LiveJob& job) const {
    const auto departed = departed_.find({job.job_id, job.begin});
    if (departed != departed_.end())
        return *departed->second.end < shown_;
    return job.begin + kSkew < shown_;
}

void JobTracker::note_open(std::vector<LiveJob> jobs, Instant now) {
    std::unordered_map<std::uint32_t, const LiveJob*> known;
    for (const LiveJob& job : live_)
        known.emplace(job.job_id, &job);
    const auto later = [](const LiveJob& a, const LiveJob& b) { return a.begin > b.begin; };
    std::sort(jobs.begin(), jobs.end(), later); // the others with its id are lost ones
    std::vector<LiveJob> running;
    for (LiveJob& job : jobs) {
        const auto shown = known.find(job.job_id);
        if (shown == known.end() || job.begin > shown->second->begin) {
            if (!is_gone(job))
                running.push_back(std::move(job));
            continue;
        }
        if (!shown->second->end) {
            job.begin = shown->second->begin;
            running.push_back(std::move(job));
        }
        known.erase(shown);
    }
    take(std::move(running), now);
}

void JobTracker::forget_live(Instant before) {
    std::erase_if(live_, [&](const LiveJob& job) { return job.begin < before; });
}

void JobTracker::note_live(std::vector<LiveJob> jobs, Instant now) {
    take(std::move(jobs), now);
    shown_ = now;
}

void JobTracker::take(std::vector<LiveJob> jobs, Instant now) {
    for (LiveJob& job : live_) {
        if (job.booting)
            continue;
        if (!job.end)
            job.end = seen_;
        departed_.insert_or_assign({job.job_id, job.begin}, std::move(job));
    }
    live_ = std::move(jobs);
    std::erase_if(live_, [&](const LiveJob& job) {
        return superseded(job) || (job.end && (*job.end <= job.begin || *job.end <= closed_));
    });
    for (const LiveJob& job : live_)
        departed_.erase({job.job_id, job.begin});
    std::erase_if(departed_, [&](const auto& entry) { return superseded(entry.second); });
    seen_ = now;
}

void JobTracker::drop_before(Instant settled, Instant closed) {
    closed_ = closed;
    std::erase_if(ended_, [&](const auto& entry) { return entry.second.end <= closed; });
    std::erase_if(ends_, [&](const auto& entry) { return entry.second.end <= closed; });
    std::erase_if(departed_, [&](const auto& entry) { return entry.second.end <= settled; });
}

std::optional<Instant> JobTracker::oldest_missing() const {
    std::optional<Instant> oldest;
    for (const auto& [key, job] : departed_)
        if (*job.end > closed_ && (!oldest || *job.end < *oldest))
            oldest = job.end;
    return oldest;
}

bool JobTracker::needs_suspensions(Window range) const {
    return std::any_of(ended_.begin(), ended_.end(),
                       [&](const auto& entry) {
                           return entry.second.suspended > 0 && entry.second.end > range.begin;
                       }) ||
           std::any_of(live_.begin(), live_.end(),
                       [&](const LiveJob& job) { return job.switched > range.begin; }) ||
           std::any_of(departed_.begin(), departed_.end(),
                       [&](const auto& entry) { return entry.second.switched > range.begin; });
}

void JobTracker::add(Window range, const Suspensions& suspensions, JobSum& sum) const {
    for (const auto& [index, job] : ended_) {
        JobRecord one = record(job.account, job.user, within(range, job.begin, job.end), job.tres);
        if (job.suspended > 0)
            one.suspended = seconds_of(suspensions.by_record, index);
        sum.add(one);
    }
    const auto add_live = [&](const LiveJob& job) {
        const Window time = within(range, job.begin, job.end.value_or(range.end));
        JobRecord one = record(job.account, job.user, time, job.tres);
        one.running = !job.end;
        if (job.switched > range.begin)
            one.suspended = seconds_of(suspensions.open_records, job.job_id);
        if (job.suspended)
            one.suspended +=
                std::max<std::int64_t>(0, (time.end - std::max(time.begin, job.switched)).count());
        sum.add(one);
    };
    std::for_each(live_.begin(), live_.end(), add_live);
    for (const auto& [key, job] : departed_)
        add_live(job);
}

} // namespace sluice::slurm
