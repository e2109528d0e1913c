// SPDX-License-Identifier: GPL-2.0-or-later
// Open suspensions, out of what job queries with and without truncation say.
#include "daemon/slurm/suspension.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

// Jobs that were suspended at some time in the window.
Result<SlurmList<slurmdb_job_rec_t>> suspended_jobs(Session& session, const std::string& cluster,
                                                    Window window, std::uint32_t flags) {
    slurmdb_job_cond_t cond{};
    const StringList clusters{{cluster}};
    const StringList states{{std::to_string(JOB_SUSPENDED)}};
    cond.cluster_list = clusters.get();
    cond.state_list = states.get();
    cond.flags = JOBCOND_FLAG_NO_STEP | JOBCOND_FLAG_DUP | flags;
    cond.db_flags = SLURMDB_JOB_FLAG_NOTSET;
    cond.usage_start = static_cast<std::time_t>(epoch(window.begin));
    cond.usage_end = static_cast<std::time_t>(epoch(window.end));
    return session.list<slurmdb_job_rec_t>("suspended jobs",
                                           [&](void* db) { return slurmdb_jobs_get(db, &cond); });
}

} // namespace

Result<Suspensions> suspensions_in(Session& session, const std::string& cluster, Window range) {
    auto rows = suspended_jobs(session, cluster, range, 0);
    if (!rows)
        return std::move(rows).error();
    Suspensions all;
    for (const slurmdb_job_rec_t& row : *rows) {
        const std::uint32_t state = row.state & JOB_STATE_BASE;
        all.by_record[row.db_index] = row.suspended;
        if (state == JOB_RUNNING || state == JOB_SUSPENDED)
            all.open_records[row.jobid] = row.suspended;
    }
    return all;
}

Result<std::map<std::uint64_t, Instant>> suspended_since(Session& session,
                                                         const std::string& cluster, Instant now) {
    std::map<std::uint64_t, Instant> since;
    // Not truncated: `suspended` is the sum up to slurmdbd's clock, the open one included, and
    // start + elapsed + suspended is that clock.
    auto open = suspended_jobs(session, cluster, {now, now}, JOBCOND_FLAG_NO_TRUNC);
    if (!open)
        return std::move(open).error();
    Instant earliest = now;
    for (const slurmdb_job_rec_t& row : *open) {
        if ((row.state & JOB_STATE_BASE) != JOB_SUSPENDED)
            continue;
        earliest = std::min(earliest, instant(row.start));
        // The clock less the sum; what was suspended before and has ended is given back below.
        since[row.db_index] = instant(row.start) + std::chrono::seconds{row.elapsed};
    }
    if (since.empty())
        return since;
    auto closed = suspended_jobs(session, cluster, {earliest, now}, 0);
    if (!closed)
        return std::move(closed).error();
    for (const slurmdb_job_rec_t& row : *closed)
        if (const auto found = since.find(row.db_index); found != since.end())
            found->second += std::chrono::seconds{row.suspended};
    return since;
}

} // namespace sluice::slurm
