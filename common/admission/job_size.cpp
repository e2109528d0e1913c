// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/admission/job_size.hpp"

#include "common/admission/job_lists.hpp"

#include <algorithm>

namespace sluice::admission {
namespace {

// slurmctld raises the node count to the nodes that are named (_job_create() in job_mgr.c); those
// of an updated job are taken together, too.
void count_nodes(const JobSize& size, JobRequest& job) noexcept {
    job.nodes = std::max({std::uint64_t{1}, size.nodes, size.listed});
    job.ntasks = std::max<std::uint64_t>(1, size.ntasks);
    if (size.overcommit)
        return;
    // More tasks than fit need more nodes.
    if (size.ntasks > 0 && size.ntasks_per_node > 0)
        job.nodes =
            std::max(job.nodes, (size.ntasks + size.ntasks_per_node - 1) / size.ntasks_per_node);
    if (size.ntasks == 0)
        job.ntasks = std::max<std::uint64_t>(1, product(job.nodes, size.ntasks_per_node));
}

// slurmctld takes 0 as 1.
std::uint64_t cpus_per_task(const JobSize& size) noexcept {
    return std::max<std::uint64_t>(1, size.cpus_per_task);
}

void count_cpus(const JobSize& size, JobRequest& job) noexcept {
    job.cpus =
        std::max({std::uint64_t{1}, size.cpus, product(job.nodes, size.cpus_per_node), job.nodes});
    if (!size.overcommit)
        job.cpus = std::max(job.cpus, product(job.ntasks, cpus_per_task(size)));
}

// gres_job_state_validate() of src/interfaces/gres.c (22.05: src/common/gres.c) derives GPUs of any
// type from the tasks, or the tasks from the GPUs that are asked for.
void count_gpus(const JobSize& size, JobRequest& job) noexcept {
    if (size.ntasks_per_gpu == 0)
        return;
    if (size.ntasks > 0)
        job.gpus_for_ntasks = size.ntasks / size.ntasks_per_gpu;
    else if (size.nodes == size.max_nodes)
        job.gpus_for_ntasks = size.nodes;
    if (!size.overcommit)
        job.cpus_per_gpu = product(size.ntasks_per_gpu, cpus_per_task(size));
}

} // namespace

void count(const JobSize& size, JobRequest& job) noexcept {
    count_nodes(size, job);
    count_cpus(size, job);
    count_gpus(size, job);
}

} // namespace sluice::admission
