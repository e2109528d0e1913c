// SPDX-License-Identifier: GPL-2.0-or-later
// Usage of one cluster in windows, out of its three parts: whole hours from slurmdbd's rollups, and
// the rest from finished and running jobs by the rollup's own rules, so that a second counts the
// same before and after a rollup. See README.md.
// Keeps what was read between two questions: a question then costs the records that are new and one
// RPC for slurmctld's jobs. Hours that are rolled up but not read yet are counted by their jobs, as
// before. Called by the cycle's thread only.
#pragma once

#include "daemon/ports/accounting.hpp"
#include "daemon/slurm/jobs/controller_jobs.hpp"
#include "daemon/slurm/usage/closed_jobs.hpp"
#include "daemon/slurm/usage/correction_cache.hpp"
#include "daemon/slurm/usage/job_tracker.hpp"
#include "daemon/slurm/usage/rollups.hpp"
#include "daemon/slurm/usage/window_split.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::slurm {

// How much of the rollups of a question has been read: all its ranges together, in accounts. The
// question must outlive it.
class ReadProgress {
public:
    ReadProgress(const ports::UsageQuestion& asked, std::optional<Instant> rolled,
                 std::size_t accounts);
    ReadProgress(const ReadProgress&) = delete; // read() refers to it
    ReadProgress& operator=(const ReadProgress&) = delete;

    // For RollupCache, of the present range. Empty: no progress is reported.
    const std::function<void(std::size_t)>& read() const { return read_; }
    void range_done() { ++finished_; }

private:
    const ports::UsageQuestion& asked_;
    std::size_t accounts_;
    std::size_t ranges_ = 0;
    std::size_t finished_ = 0;
    std::function<void(std::size_t)> read_;
};

class ClusterUsage {
public:
    explicit ClusterUsage(ports::ClosedUsage* store) : closed_(store), corrections_(store) {}

    // One answer for each window, in order. `live`: of the slurmctld of this cluster; nullptr while
    // that does not answer: slurmdbd reports what is running.
    Result<std::vector<model::WindowUsage>> answer(Session& session,
                                                   const model::Structure& structure,
                                                   const ports::UsageQuestion& asked,
                                                   LiveJobs* live);

    // End of the last hour that rollups answered for; nullopt: none did.
    std::optional<Instant> rolled_until() const { return rolled_.until; }

private:
    struct Question {
        Session& session;
        const model::Structure& structure;
        const ports::UsageQuestion& asked;
        LiveJobs* live;
    };
    // Of each daemon that was asked and answered.
    struct Running {
        std::optional<std::vector<LiveJob>> by_slurmctld;
        std::optional<std::vector<LiveJob>> by_slurmdbd;
    };

    Result<void> note_rollup(const Question& q);
    Result<Rolled> complete_rollup(const Question& q);
    Result<bool> read_next(const Question& q);
    Result<void> set_base(const Question& q, bool moved);
    Instant closed_until(Instant now);
    Result<void> read_jobs(const Question& q);
    Result<Running> read_running(const Question& q);
    Result<void> read_ended(const Question& q);
    void note_running(Running running, Instant now);
    Result<model::WindowUsage> window(const Question& q, Window window, ReadProgress& progress);
    Result<model::WindowUsage> past(const Question& q);
    Result<void> read_deleted(const Question& q, std::set<std::string> unknown);
    Result<void> add_jobs(const Question& q, Window range, JobSum& sum);
    Result<Suspensions> suspensions_of(const Question& q, Window range);
    CorrectionCache::Need need(const Question& q) const;
    Result<void> add_past(const Question& q, Window range, bool settled, JobSum& sum);
    Result<void> open_factors(const Question& q, Window range, JobSum& sum);
    Result<void> add_present(const Question& q, Window range, JobSum& sum);
    Result<void> add_corrections(const Question& q, const WindowSplit& parts, JobSum& sum);

    // The rollups that answer, up to rolled_.until. After a newer rollup its figures, up to
    // newest_.until, are read into next_, as many as a question has patience for; next_ replaces
    // rollups_ when all are there.
    std::optional<RollupCache> rollups_;
    Rolled rolled_;
    std::optional<RollupCache> next_;
    Rolled newest_;
    Rolled reported_;         // by slurmdbd, at the last question
    bool skipped_ = false;    // ... and it is known to leave out days
    DeletedAccounts deleted_; // "": slurmdbd has no row of it
    JobTracker tracker_;
    ClosedJobs closed_;
    CorrectionCache corrections_;
    Instant floor_{};               // rollups have what was before, or it is not asked for
    Instant base_{};                // tracker_ has the jobs that ended after it, closed_ the others
    std::optional<Instant> cursor_; // ... up to here; nullopt: nothing was read yet
    bool followed_ = false;         // slurmctld has shown its jobs at some time
    std::optional<Instant> doubtful_since_; // slurmdbd did not answer: records come late
    Instant trusted_again_{};
    // Ranges before floor_; only windows that begin inside an hour have them.
    std::map<std::pair<Instant, Instant>, std::vector<JobRecord>> old_ranges_;
};

} // namespace sluice::slurm
