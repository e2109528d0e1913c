// SPDX-License-Identifier: GPL-2.0-or-later
// The numbers of sbatch's options as slurmctld takes them together: nodes, tasks, CPUs and GPUs of
// a JobRequest. Each is the least that the job can mean. Pure, allocates nothing.
#pragma once

#include "common/admission/budget.hpp"

#include <cstdint>

namespace sluice::admission {

// 0: not given. No figure exceeds what 32 bits hold, but for `listed`.
struct JobSize {
    std::uint64_t nodes = 0;     // the least number of --nodes
    std::uint64_t max_nodes = 0; // the largest
    std::uint64_t listed = 0;    // hosts of --nodelist
    std::uint64_t ntasks = 0;
    std::uint64_t ntasks_per_node = 0;
    std::uint64_t ntasks_per_gpu = 0;
    std::uint64_t cpus = 0;          // of the whole job
    std::uint64_t cpus_per_node = 0; // --mincpus
    std::uint64_t cpus_per_task = 0;
    bool overcommit = false;
};

// Sets nodes, ntasks, cpus, gpus_for_ntasks and cpus_per_gpu of `job`.
void count(const JobSize& size, JobRequest& job) noexcept;

} // namespace sluice::admission
