// SPDX-License-Identifier: GPL-2.0-or-later
// What is remembered of one cluster's usage between two questions about it.
// Hours that are rolled up but not read yet are counted by their jobs, as they were before.
#pragma once

#include "daemon/ports/accounting.hpp"
#include "daemon/slurm/closed_jobs.hpp"
#include "daemon/slurm/job_tracker.hpp"
#include "daemon/slurm/live_jobs.hpp"
#include "daemon/slurm/rollup_state.hpp"
#include "daemon/slurm/rollup_usage.hpp"
#include "daemon/slurm/window_split.hpp"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::slurm {

class ClusterUsage {
public:
    explicit ClusterUsage(ports::ClosedUsage* store) : closed_(store) {}

    using Answer = std::vector<model::WindowUsage>;

    // `has_live`: slurmctld of this cluster can be asked; else slurmdbd tells what is running.
    Result<Answer> answer(Session& session, const model::Structure& structure,
                          const ports::UsageQuestion& asked, bool has_live);

private:
    // Who was asked and answered.
    struct Running {
        std::optional<std::vector<LiveJob>> by_slurmctld;
        std::optional<std::vector<LiveJob>> by_slurmdbd;
    };

    Result<void> note_rollup(Session& session, const model::Structure& structure,
                             const ports::UsageQuestion& asked);
    Result<Rolled> believable_rollup(Session& session, const std::string& cluster,
                                     const ports::UsageQuestion& asked);
    Result<bool> prepare(Session& session, const model::Structure& structure,
                         const ports::UsageQuestion& asked);
    void adopt();
    Result<void> set_base(Session& session, const std::string& cluster,
                          const ports::UsageQuestion& asked, bool moved);
    Instant closed_until(Instant now);
    Result<void> read_jobs(Session& session, const model::Structure& structure, Instant now,
                           bool has_live);
    Result<Running> read_running(Session& session, const model::Structure& structure, Instant now,
                                 bool has_live);
    Result<void> read_ended(Session& session, const std::string& cluster, Instant now);
    void note_running(Running running, Instant now);
    Result<model::WindowUsage> window(Session& session, const model::Structure& structure,
                                      const ports::UsageQuestion& asked, Window window);
    Result<void> add_jobs(Session& session, const std::string& cluster, Window range, Instant now,
                          JobSum& sum);

    // What answers, up to rolled_.until. After a rollup the figures up to newest_.until are read
    // beside it, as many as a question has patience for; it is exchanged when they are all there.
    std::optional<SettledCache> settled_;
    Rolled rolled_;
    std::optional<SettledCache> coming_;
    Rolled newest_;
    Rolled told_;          // by slurmdbd, at the last question
    bool skipped_ = false; // ... and it is known to leave out days
    LiveJobs live_;
    JobTracker book_;
    ClosedJobs closed_;
    Instant floor_{};                       // rollups, or nobody, answers for what was before it
    Instant base_{};                        // what ended after it is in the book, else in closed_
    std::optional<Instant> cursor_;         // ... up to here; nullopt: nothing was read yet
    bool followed_ = false;                 // slurmctld has shown its jobs at some time
    std::optional<Instant> doubtful_since_; // slurmdbd did not answer: records come late
    Instant trusted_again_{};
    // Ranges before `floor_`, which only windows that begin inside an hour have.
    std::map<std::pair<Instant, Instant>, std::vector<JobRecord>> old_ranges_;
};

} // namespace sluice::slurm
