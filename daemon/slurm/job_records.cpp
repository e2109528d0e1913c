// SPDX-License-Identifier: GPL-2.0-or-later
// Three questions about job records.
#include "daemon/slurm/job_records.hpp"

#include "daemon/slurm/suspension.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace sluice::slurm {
namespace {

// slurmdbd makes one message of all records of an answer, and libslurm refuses huge ones.
constexpr std::chrono::hours kSlice{24};

bool is_open(const slurmdb_job_rec_t& row) {
    const std::uint32_t state = row.state & JOB_STATE_BASE;
    return state == JOB_RUNNING || state == JOB_SUSPENDED;
}

// The record of a job's later size has the job's first start, and is eligible from the resize on;
// the rollup counts it from the hour of that on, because it looks at eligible records only.
Instant begin_of(const slurmdb_job_rec_t& row) {
    const Instant start = instant(row.start);
    const Instant eligible = std::chrono::floor<std::chrono::hours>(instant(row.eligible));
    return row.start <= 0 ? start : std::max(start, eligible);
}

// DUP, because a requeued or resized job has several records and each of them counts.
Result<SlurmList<slurmdb_job_rec_t>> ask(Session& session, slurmdb_job_cond_t& cond,
                                         const std::string& cluster, Window window) {
    const StringList clusters{{cluster}};
    cond.cluster_list = clusters.get();
    cond.flags |= JOBCOND_FLAG_NO_STEP | JOBCOND_FLAG_DUP;
    cond.db_flags = SLURMDB_JOB_FLAG_NOTSET;
    cond.usage_start = static_cast<std::time_t>(epoch(window.begin));
    cond.usage_end = static_cast<std::time_t>(epoch(window.end));
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

} // namespace

Result<std::vector<JobRecord>> records_in(Session& session, const std::string& cluster,
                                          Window range, Instant now) {
    slurmdb_job_cond_t cond{};
    auto rows = ask(session, cond, cluster, range);
    if (!rows)
        return std::move(rows).error();
    std::map<std::uint64_t, Instant> suspended;
    for (const slurmdb_job_rec_t& row : *rows)
        if ((row.state & JOB_STATE_BASE) == JOB_SUSPENDED) {
            auto since = suspended_since(session, cluster, now);
            if (!since)
                return std::move(since).error();
            suspended = std::move(*since);
            break;
        }
    std::vector<JobRecord> jobs;
    jobs.reserve(rows->size());
    for (const slurmdb_job_rec_t& row : *rows) {
        JobRecord& job = jobs.emplace_back();
        job.account = text_of(row.account);
        job.user = text_of(row.user);
        job.begin = begin_of(row);
        job.end = instant(row.end);
        job.suspended = row.suspended;
        if (const auto since = suspended.find(row.db_index); since != suspended.end())
            job.suspended +=
                std::max<std::int64_t>(0, (job.end - std::max(job.begin, since->second)).count());
        job.tres = text_of(row.tres_alloc_str);
        job.running = is_open(row);
    }
    return jobs;
}

Result<std::vector<LiveJob>> open_records(Session& session, const std::string& cluster,
                                          Instant now) {
    slurmdb_job_cond_t cond{};
    const StringList states{{std::to_string(JOB_RUNNING), std::to_string(JOB_SUSPENDED)}};
    cond.state_list = states.get();
    cond.flags = JOBCOND_FLAG_NO_TRUNC;
    auto rows = ask(session, cond, cluster, {now, now + kSkew});
    if (!rows)
        return std::move(rows).error();
    std::optional<std::map<std::uint64_t, Instant>> since;
    std::vector<LiveJob> jobs;
    for (const slurmdb_job_rec_t& row : *rows) {
        if (!is_open(row) || row.start <= 0)
            continue;
        LiveJob& job = jobs.emplace_back();
        job.job_id = row.jobid;
        job.account = text_of(row.account);
        job.user = text_of(row.user);
        job.begin = begin_of(row);
        job.tres = text_of(row.tres_alloc_str);
        job.suspended = (row.state & JOB_STATE_BASE) == JOB_SUSPENDED;
        if (row.suspended > 0)
            job.switched = now; // when is not known; it makes suspensions be looked up
        if (!job.suspended)
            continue;
        if (!since) {
            auto found = suspended_since(session, cluster, now);
            if (!found)
                return std::move(found).error();
            since = std::move(*found);
        }
        const auto mine = since->find(row.db_index);
        job.switched = mine == since->end() ? now : mine->second;
    }
    return jobs;
}

Result<std::vector<EndedJob>> ended_in(Session& session, const std::string& cluster,
                                       Window window) {
    slurmdb_job_cond_t cond{};
    const StringList states{ended_states()};
    cond.state_list = states.get();
    cond.flags = JOBCOND_FLAG_NO_TRUNC;
    auto rows = ask(session, cond, cluster, window);
    if (!rows)
        return std::move(rows).error();
    std::vector<EndedJob> jobs;
    for (const slurmdb_job_rec_t& row : *rows) {
        if (row.start <= 0 || row.end <= row.start)
            continue;
        EndedJob& job = jobs.emplace_back();
        job.db_index = row.db_index;
        job.job_id = row.jobid;
        job.account = text_of(row.account);
        job.user = text_of(row.user);
        job.begin = begin_of(row);
        job.end = instant(row.end);
        job.suspended = row.suspended;
        job.tres = text_of(row.tres_alloc_str);
    }
    return jobs;
}

Result<void> note_ended_in(Session& session, const std::string& cluster, Window window,
                           JobTracker& book) {
    for (Instant from = window.begin; from < window.end; from += kSlice) {
        auto jobs = ended_in(session, cluster, {from, std::min(window.end, from + kSlice)});
        if (!jobs)
            return std::move(jobs).error();
        for (EndedJob& job : *jobs)
            book.note_ended(std::move(job));
    }
    return {};
}

} // namespace sluice::slurm
