// SPDX-License-Identifier: GPL-2.0-or-later
// A job compared with what is left (docs/policy.md, `budget_check`). Each figure of a job is the
// least that it can take: what a submission does not give counts as nothing, so that no job is
// refused for a guess. Lists longer than what is read count as the most, not as nothing. The cost
// has a bound: each string is walked once (tests/fuzz/fuzz_job.cpp). Pure; allocates only for the
// text.
#pragma once

#include "common/admission/snapshot_view.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::admission {

// What a submission requests. Points into Slurm's job description. No figure exceeds kMaxFigure.
struct JobRequest {
    enum class Memory { unknown, per_node, per_cpu, whole_nodes };

    std::uint64_t array_tasks = 1;
    std::optional<std::uint32_t> minutes = {}; // nullopt: not given
    bool unlimited = false;                    // no time limit is requested
    std::string_view partition = {};           // may be a list; "": the default one
    std::string_view qos = {};                 // may be a list; "": that of the association
    std::uint32_t user = model::DefaultFactor::kAnyUser; // whose association it is
    bool whole_nodes = false;
    std::uint64_t nodes = 1;
    std::uint64_t cpus = 1;
    std::uint64_t ntasks = 1;
    // --ntasks-per-gpu: the GPUs where no list names any, and the CPUs of each GPU's tasks.
    std::uint64_t gpus_for_ntasks = 0;
    std::uint64_t cpus_per_gpu = 0;
    Memory memory_kind = Memory::unknown;
    std::uint64_t memory = 0; // MB
    // "gres:gpu:2", "gres/gpu:a100=2", several with commas or semicolons.
    std::string_view tres_per_job = {};
    std::string_view tres_per_node = {};
    std::string_view tres_per_socket = {};
    std::string_view tres_per_task = {};
    std::string_view cpus_per_tres = {};
    std::string_view mem_per_tres = {};
};

// What a job may use of one budget.
struct Cost {
    const model::SnapshotAccount* account =
        nullptr; // whose budget: the job's account or one above it
    const model::Measure* measure = nullptr;
    std::int64_t wants = 0; // points; what does not fit is INT64_MAX
    std::int64_t left = 0;
    bool unlimited = false; // the job has no time limit, or none that is known

    bool fits() const noexcept { return wants <= left; }
};

struct Shortfall : Cost {
    std::uint32_t fitting_minutes = 0; // the time limit with which it would fit; 0: none, not known

    bool refused() const noexcept { return account->check == model::BudgetCheck::refuse; }
};

// The job that an update changes, as it is. A budget in which it does not grow is no reason to
// refuse the update.
struct Present {
    const JobRequest* job = nullptr; // nullptr: a new job, or one of another account
    // Count only what is added: the job may run, and a part of it is used already. Users can
    // enlarge only jobs that wait.
    bool added_only = false;
};

// The first budget that refuses, else the first that warns, from `account` upwards.
// Thread-safe, allocates nothing.
std::optional<Shortfall> shortfall(const SnapshotView& view, const model::SnapshotAccount& account,
                                   const JobRequest& job, Present present = {}) noexcept;

// How long a job may run.
enum class TimeLimit {
    unknown, // of a partition that the snapshot lacks
    none,
    given,
};

// What a job may use of all budgets that it counts in, also of those that are not checked.
struct JobCosts {
    TimeLimit limit = TimeLimit::unknown;
    std::uint32_t minutes = 0; // given: by the job or by its partition
    std::vector<Cost> rows;    // from `account` upwards
    // The longest time limit with which the job fits everywhere, and that a partition of the job
    // allows, in minutes; nullopt: any.
    std::optional<std::uint32_t> longest = {};
};

// REQUIRES: `view` outlives the result
JobCosts costs(const SnapshotView& view, const model::SnapshotAccount& account,
               const JobRequest& job);
// Of a job that no budget_check stops, the first row that keeps it waiting: limits in Slurm hold
// it. With the text of budget_text().
std::optional<Shortfall> waiting(const JobCosts& costs) noexcept;

// As sbatch reads it: "26-16:00", "1:30:00".
std::string time_limit_text(std::uint32_t minutes);
// What the job may use and what is left; under 500 bytes.
std::string budget_text(const Shortfall& what);
// "\n[sluice: over-budget account=physics component=node_hours time-limit=1560]", for programs: its
// form never changes. `time-limit` is in minutes; without it where none fits.
std::string budget_code(const Shortfall& what);

} // namespace sluice::admission
