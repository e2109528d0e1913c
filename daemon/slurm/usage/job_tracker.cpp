// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage/job_tracker.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

template <class Key>
std::int64_t seconds_of(const std::unordered_map<Key, std::int64_t>& all, Key key) {
    const auto found = all.find(key);
    return found == all.end() ? 0 : found->second;
}

// The part of a job inside a range.
template <class Job>
JobRecord part_of(const Job& job, Window range, Instant end) {
    JobRecord part{
        job.account, job.user, std::max(range.begin, job.begin), std::min(range.end, end), 0,
        job.tres,    false};
    part.qos = job.qos;
    return part;
}

// The record of a later size begins with the hour of the resize. A record that begins later belongs
// to another run, or to another job: after a crash slurmctld may use a lost id again.
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

// Records of earlier runs and sizes, and of an older job with the same id, ended before this run
// began.
bool JobTracker::superseded(const LiveJob& job) const {
    const auto [first, last] = ends_.equal_range(job.job_id);
    return std::any_of(first, last,
                       [&](const auto& entry) { return is_record_of(job, entry.second); });
}

// Whether slurmctld answered since the job began and did not show it.
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
    std::sort(jobs.begin(), jobs.end(), later); // older ones with the same id were lost
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

void JobTracker::each(Window range, const Suspensions& suspensions,
                      const std::function<void(const JobRecord&)>& body) const {
    for (const auto& [index, job] : ended_) {
        JobRecord one = part_of(job, range, job.end);
        if (job.suspended > 0)
            one.suspended = seconds_of(suspensions.by_record, index);
        body(one);
    }
    const auto add_live = [&](const LiveJob& job) {
        JobRecord one = part_of(job, range, job.end.value_or(range.end));
        one.running = !job.end;
        if (job.switched > range.begin)
            one.suspended = seconds_of(suspensions.open_records, job.job_id);
        if (job.suspended)
            one.suspended +=
                std::max<std::int64_t>(0, (one.end - std::max(one.begin, job.switched)).count());
        body(one);
    };
    std::for_each(live_.begin(), live_.end(), add_live);
    for (const auto& [key, job] : departed_)
        add_live(job);
}

void JobTracker::add(Window range, const Suspensions& suspensions, JobSum& sum) const {
    each(range, suspensions, [&](const JobRecord& job) { sum.add(job); });
}

} // namespace sluice::slurm
