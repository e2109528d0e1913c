// SPDX-License-Identifier: GPL-2.0-or-later
// The part of a cluster's usage that jobs tell: what ended since the last rollup, and what runs.
#include "daemon/slurm/job_records.hpp"
#include "daemon/slurm/suspension.hpp"
#include "daemon/slurm/usage.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

// slurmctld sends a record when the job ends, so almost all come within seconds.
constexpr std::chrono::minutes kOverlap{10};
// For so long after slurmdbd was away, slurmctld may still be sending what it kept.
constexpr std::chrono::hours kCatchingUp{1};

} // namespace

// Without slurmctld, slurmdbd tells what runs. Also at the first question: a slurmctld that crashed
// may have lost jobs that slurmdbd has no end of; rollups are going to count them, so they count up
// to here. Where no rollup is, those of the last day or so do: nobody knows when the others ended.
Result<ClusterUsage::Running> ClusterUsage::read_running(Session& session,
                                                         const model::Structure& structure,
                                                         Instant now, bool has_live) {
    Running running;
    if (has_live)
        if (auto live = live_.load(structure))
            running.by_slurmctld = std::move(*live);
    if (running.by_slurmctld && followed_)
        return running;
    auto open = open_records(session, structure.cluster, now);
    if (!open)
        return std::move(open).error();
    running.by_slurmdbd = std::move(*open);
    return running;
}

void ClusterUsage::note_running(Running running, Instant now) {
    if (running.by_slurmdbd)
        book_.note_open(std::move(*running.by_slurmdbd), now);
    if (!running.by_slurmctld)
        return;
    if (!followed_ && !rolled_.until)
        book_.forget_live(base_);
    book_.note_live(std::move(*running.by_slurmctld), now);
    followed_ = true;
}

Result<void> ClusterUsage::read_ended(Session& session, const std::string& cluster, Instant now) {
    Instant from = base_;
    if (cursor_) {
        from = *cursor_;
        if (doubtful_since_)
            from = std::min(from, *doubtful_since_);
        if (const auto missing = book_.oldest_missing(); missing)
            from = std::min(from, *missing);
        from = std::max(base_, from - kOverlap);
    }
    return note_ended_in(session, cluster, {from, now + kSkew}, book_);
}

// What runs comes first: a job that ends in between is then in both, and counts by its record.
Result<void> ClusterUsage::read_jobs(Session& session, const model::Structure& structure,
                                     Instant now, bool has_live) {
    // A clock that was ahead: what ended since was not asked for.
    if (cursor_ && now < *cursor_)
        cursor_.reset();
    auto running = read_running(session, structure, now, has_live);
    auto read = running ? read_ended(session, structure.cluster, now) : running.error();
    if (!read) {
        if (!doubtful_since_)
            doubtful_since_ = cursor_.value_or(base_);
        trusted_again_ = now + kCatchingUp;
        return read;
    }
    if (now >= trusted_again_)
        doubtful_since_.reset();
    note_running(std::move(*running), now);
    cursor_ = now;
    return {};
}

Result<void> ClusterUsage::add_jobs(Session& session, const std::string& cluster, Window range,
                                    Instant now, JobSum& sum) {
    if (range.begin >= floor_) {
        closed_.add(range, sum);
        Suspensions suspensions;
        if (book_.needs_suspensions(range)) {
            auto found = suspensions_in(session, cluster, range);
            if (!found)
                return std::move(found).error();
            suspensions = std::move(*found);
        }
        book_.add(range, suspensions, sum);
        return {};
    }
    const bool old = range.end <= floor_;
    const auto known = old_ranges_.find({range.begin, range.end});
    if (old && known != old_ranges_.end()) {
        for (const JobRecord& job : known->second)
            sum.add(job);
        return {};
    }
    auto jobs = records_in(session, cluster, range, now);
    if (!jobs)
        return std::move(jobs).error();
    for (const JobRecord& job : *jobs)
        sum.add(job);
    if (old)
        old_ranges_[{range.begin, range.end}] = std::move(*jobs);
    return {};
}

} // namespace sluice::slurm
