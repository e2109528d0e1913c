// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/jobs/job_records.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace sluice::slurm {
namespace {

bool is_suspended(const slurmdb_job_rec_t& row) {
    return (row.state & JOB_STATE_BASE) == JOB_SUSPENDED;
}

bool is_open(const slurmdb_job_rec_t& row) {
    return is_suspended(row) || (row.state & JOB_STATE_BASE) == JOB_RUNNING;
}

// The record of a job's later size has the job's first start and is eligible from the resize on.
// The rollup counts it from that hour on, because it reads eligible records only
// (as_mysql_rollup.c, as_mysql_hourly_rollup).
Instant begin_of(const slurmdb_job_rec_t& row) {
    const Instant start = instant(row.start);
    const Instant eligible = std::chrono::floor<std::chrono::hours>(instant(row.eligible));
    return row.start <= 0 ? start : std::max(start, eligible);
}

struct JobQuery {
    Window window;
    std::vector<std::string> states; // empty: all
    std::uint32_t flags = 0;
    JobFilter filter{};
};

std::vector<std::string> texts(const std::vector<std::uint32_t>& ids) {
    std::vector<std::string> all;
    for (const std::uint32_t id : ids)
        all.push_back(std::to_string(id));
    return all;
}

// DUP, because a requeued or resized job has several records and each of them counts.
Result<SlurmList<slurmdb_job_rec_t>> records(Session& session, const std::string& cluster,
                                             const JobQuery& query) {
    slurmdb_job_cond_t cond{};
    const StringList clusters{{cluster}};
    const StringList states{query.states};
    cond.cluster_list = clusters.get();
    if (!query.states.empty())
        cond.state_list = states.get();
    const StringList qos{texts(query.filter.qos)};
    if (!query.filter.qos.empty())
        cond.qos_list = qos.get();
    const StringList reservations{texts(query.filter.reservations)};
    if (!query.filter.reservations.empty())
        cond.resvid_list = reservations.get();
    cond.flags = JOBCOND_FLAG_NO_STEP | JOBCOND_FLAG_DUP | query.flags;
    cond.db_flags = SLURMDB_JOB_FLAG_NOTSET;
    cond.usage_start = static_cast<std::time_t>(epoch(query.window.begin));
    cond.usage_end = static_cast<std::time_t>(epoch(query.window.end));
    return session.list<slurmdb_job_rec_t>("jobs",
                                           [&](void* db) { return slurmdb_jobs_get(db, &cond); });
}

// The states that a record with an end may have, as the database has them.
std::vector<std::string> ended_states() {
    std::vector<std::string> states;
    for (std::uint32_t state = JOB_SUSPENDED + 1; state < JOB_END; ++state)
        states.push_back(std::to_string(state));
    for (const auto flag : {JOB_REQUEUE, JOB_RESIZING, JOB_REVOKED})
        states.push_back(std::to_string(flag));
    return states;
}

// With state "suspended": the jobs that were suspended at some time in the window.
Result<SlurmList<slurmdb_job_rec_t>> suspended_jobs(Session& session, const std::string& cluster,
                                                    Window window, std::uint32_t flags = 0) {
    return records(session, cluster, {window, {std::to_string(JOB_SUSPENDED)}, flags});
}

// By db_index, when the suspended ones of `rows` were suspended. A truncating query leaves out the
// suspension that is still open (as_mysql_jobacct_process.c: rows without an end), the rollup does
// not. No call without a suspended job, else two.
Result<std::map<std::uint64_t, Instant>> suspended_since(Session& session,
                                                         const std::string& cluster,
                                                         const SlurmList<slurmdb_job_rec_t>& rows,
                                                         Instant now) {
    std::map<std::uint64_t, Instant> since;
    bool any = false;
    for (const slurmdb_job_rec_t& row : rows)
        any = any || is_suspended(row);
    if (!any)
        return since;
    // Not truncated: `suspended` is the sum up to slurmdbd's clock, the open one included, and
    // start + elapsed + suspended is that clock.
    const auto open = suspended_jobs(session, cluster, {now, now}, JOBCOND_FLAG_NO_TRUNC);
    if (!open)
        return open.error();
    Instant earliest = now;
    for (const slurmdb_job_rec_t& row : *open) {
        if (!is_suspended(row))
            continue;
        earliest = std::min(earliest, instant(row.start));
        // The clock less the sum; suspensions that have ended are added again below.
        since[row.db_index] = instant(row.start) + std::chrono::seconds{row.elapsed};
    }
    if (since.empty())
        return since;
    const auto closed = suspended_jobs(session, cluster, {earliest, now});
    if (!closed)
        return closed.error();
    for (const slurmdb_job_rec_t& row : *closed)
        if (const auto found = since.find(row.db_index); found != since.end())
            found->second += std::chrono::seconds{row.suspended};
    return since;
}

} // namespace

Result<std::vector<JobRecord>> records_in(Session& session, const std::string& cluster,
                                          Window range, Instant now, const JobFilter& filter) {
    const auto rows = records(session, cluster, {range, {}, 0, filter});
    if (!rows)
        return rows.error();
    const auto suspended = suspended_since(session, cluster, *rows, now);
    if (!suspended)
        return suspended.error();
    std::vector<JobRecord> jobs;
    for (const slurmdb_job_rec_t& row : *rows) {
        JobRecord& job = jobs.emplace_back();
        job.account = folded_name(row.account);
        job.user = text_of(row.user);
        job.begin = begin_of(row);
        job.end = instant(row.end);
        job.suspended = row.suspended;
        if (const auto since = suspended->find(row.db_index); since != suspended->end())
            job.suspended +=
                std::max<std::int64_t>(0, (job.end - std::max(job.begin, since->second)).count());
        job.tres = text_of(row.tres_alloc_str);
        job.running = is_open(row);
        job.qos = row.qosid;
        job.reservation = row.resvid;
    }
    return jobs;
}

Result<std::vector<LiveJob>> open_records(Session& session, const std::string& cluster,
                                          Instant now) {
    const auto rows = records(session, cluster,
                              {{now, now + kSkew},
                               {std::to_string(JOB_RUNNING), std::to_string(JOB_SUSPENDED)},
                               JOBCOND_FLAG_NO_TRUNC});
    if (!rows)
        return rows.error();
    const auto suspended = suspended_since(session, cluster, *rows, now);
    if (!suspended)
        return suspended.error();
    std::vector<LiveJob> jobs;
    for (const slurmdb_job_rec_t& row : *rows) {
        if (!is_open(row) || row.start <= 0)
            continue;
        LiveJob& job = jobs.emplace_back();
        job.job_id = row.jobid;
        job.account = folded_name(row.account);
        job.user = text_of(row.user);
        job.begin = begin_of(row);
        job.tres = text_of(row.tres_alloc_str);
        job.qos = row.qosid;
        job.suspended = is_suspended(row);
        if (job.suspended || row.suspended > 0)
            job.switched = now; // the time is not known; a set one makes add() need suspensions
        if (const auto since = suspended->find(row.db_index);
            job.suspended && since != suspended->end())
            job.switched = since->second;
    }
    return jobs;
}

Result<std::vector<EndedJob>> ended_in(Session& session, const std::string& cluster,
                                       Window window) {
    const auto rows = records(session, cluster, {window, ended_states(), JOBCOND_FLAG_NO_TRUNC});
    if (!rows)
        return rows.error();
    std::vector<EndedJob> jobs;
    for (const slurmdb_job_rec_t& row : *rows) {
        if (row.start <= 0 || row.end <= row.start)
            continue;
        EndedJob& job = jobs.emplace_back();
        job.db_index = row.db_index;
        job.job_id = row.jobid;
        job.account = folded_name(row.account);
        job.user = text_of(row.user);
        job.begin = begin_of(row);
        job.end = instant(row.end);
        job.suspended = row.suspended;
        job.tres = text_of(row.tres_alloc_str);
        job.qos = row.qosid;
    }
    return jobs;
}

Result<Suspensions> suspensions_in(Session& session, const std::string& cluster, Window range) {
    const auto rows = suspended_jobs(session, cluster, range);
    if (!rows)
        return rows.error();
    Suspensions all;
    for (const slurmdb_job_rec_t& row : *rows) {
        all.by_record[row.db_index] = row.suspended;
        if (is_open(row))
            all.open_records[row.jobid] = row.suspended;
    }
    return all;
}

} // namespace sluice::slurm
