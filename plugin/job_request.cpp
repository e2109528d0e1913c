// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/job_request.hpp"

#include "plugin/job_lists.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::plugin {
namespace {

// INFINITE is the largest value of its type, NO_VAL the one before.
std::uint64_t set_or(std::uint32_t value, std::uint64_t otherwise) noexcept {
    return value == NO_VAL || value == INFINITE ? otherwise : value;
}
std::uint64_t set_or(std::uint16_t value, std::uint64_t otherwise) noexcept {
    return value == NO_VAL16 || value == INFINITE16 ? otherwise : value;
}

// "" when it is not set, or longer than `most`: then `oversized` is set.
std::string_view bounded(const char* text, std::size_t most, bool& oversized) noexcept {
    if (text == nullptr)
        return {};
    const std::size_t length = ::strnlen(text, most + 1);
    if (length <= most)
        return {text, length};
    oversized = true;
    return {};
}

std::uint64_t figure(std::uint64_t value) noexcept {
    return std::min(value, kMaxFigure);
}

void count_nodes(const job_desc_msg_t& desc, JobRequest& ask) noexcept {
    const std::uint64_t processes = set_or(desc.num_tasks, 0);
    const std::uint64_t per_node = set_or(desc.ntasks_per_node, 0);
    ask.nodes = std::max<std::uint64_t>(1, set_or(desc.min_nodes, 1));
    // More processes than fit need more nodes; with --overcommit nothing of this holds.
    if (desc.overcommit == 0 || desc.overcommit == NO_VAL8) {
        if (processes > 0 && per_node > 0)
            ask.nodes = std::max(ask.nodes, (processes + per_node - 1) / per_node);
        ask.processes =
            std::max<std::uint64_t>(1, processes > 0 ? processes : product(ask.nodes, per_node));
    } else {
        ask.processes = std::max<std::uint64_t>(1, processes);
    }
}

void count_cpus(const job_desc_msg_t& desc, JobRequest& ask) noexcept {
    const bool overcommit = desc.overcommit != 0 && desc.overcommit != NO_VAL8;
    ask.cpus = std::max({std::uint64_t{1}, set_or(desc.min_cpus, 1),
                         product(ask.nodes, set_or(desc.pn_min_cpus, 0)), ask.nodes});
    if (!overcommit)
        ask.cpus = std::max(ask.cpus, product(ask.processes, set_or(desc.cpus_per_task, 1)));
}

// gres_job_state_validate() of src/interfaces/gres.c (22.05: src/common/gres.c) derives GPUs of any
// type from the processes, or the processes from the GPUs that are asked for.
void count_gpus(const job_desc_msg_t& desc, JobRequest& ask) noexcept {
    const std::uint64_t per_gpu = set_or(desc.ntasks_per_tres, 0);
    if (per_gpu == 0)
        return;
    const std::uint64_t processes = set_or(desc.num_tasks, 0);
    const std::uint64_t nodes = set_or(desc.min_nodes, 0);
    if (processes > 0)
        ask.gpus_by_processes = processes / per_gpu;
    else if (nodes == set_or(desc.max_nodes, 0))
        ask.gpus_by_processes = nodes;
    if (desc.overcommit == 0 || desc.overcommit == NO_VAL8)
        ask.cpus_per_gpu = product(per_gpu, set_or(desc.cpus_per_task, 1));
}

void count_memory(const job_desc_msg_t& desc, JobRequest& ask) noexcept {
    const std::uint64_t memory = desc.pn_min_memory;
    if (memory == NO_VAL64 || memory == INFINITE64)
        return;
    if (memory == 0) // --mem=0: all that the nodes have
        ask.memory_kind = JobRequest::Memory::whole_nodes;
    else if ((memory & MEM_PER_CPU) != 0)
        ask.memory_kind = JobRequest::Memory::per_cpu;
    else
        ask.memory_kind = JobRequest::Memory::per_node;
    ask.memory = figure(memory & ~MEM_PER_CPU);
}

// A job that may be shortened to --time-min can run with that.
void read_time(const job_desc_msg_t& desc, JobRequest& ask) noexcept {
    if (desc.time_limit == NO_VAL)
        return;
    if (desc.time_limit == INFINITE || desc.time_limit == 0) {
        ask.unlimited = true;
        return;
    }
    ask.minutes = desc.time_limit;
    if (desc.time_min != 0 && desc.time_min != NO_VAL && desc.time_min != INFINITE)
        ask.minutes = std::min(*ask.minutes, desc.time_min);
}

} // namespace

JobText text_of(const job_desc_msg_t& desc, std::uint32_t submitter) noexcept {
    JobText text;
    const auto read = [&](const char* from) { return bounded(from, kMaxText, text.oversized); };
    text.request.user = desc.user_id;
    text.request.submitter = submitter;
    text.request.account = bounded(desc.account, kMaxText, text.oversized_account);
    text.oversized = text.oversized_account;
    text.request.partition = read(desc.partition);
    text.request.qos = read(desc.qos);
    text.request.reservation = read(desc.reservation);
    text.array = bounded(desc.array_inx, kMaxArrayText, text.oversized);
    text.tres_per_job = read(desc.tres_per_job);
    text.tres_per_node = read(desc.tres_per_node);
    text.tres_per_socket = read(desc.tres_per_socket);
    text.tres_per_process = read(desc.tres_per_task);
    text.cpus_per_tres = read(desc.cpus_per_tres);
    text.memory_per_tres = read(desc.mem_per_tres);
    return text;
}

JobRequest ask_of(const job_desc_msg_t& desc, const JobText& text) noexcept {
    JobRequest ask;
    ask.tasks = array_tasks(text.array);
    ask.partition = text.request.partition;
    ask.whole_nodes = desc.shared == JOB_SHARED_NONE;
    ask.tres_per_job = text.tres_per_job;
    ask.tres_per_node = text.tres_per_node;
    ask.tres_per_socket = text.tres_per_socket;
    ask.tres_per_process = text.tres_per_process;
    ask.cpus_per_tres = text.cpus_per_tres;
    ask.memory_per_tres = text.memory_per_tres;
    read_time(desc, ask);
    count_nodes(desc, ask);
    count_cpus(desc, ask);
    count_gpus(desc, ask);
    count_memory(desc, ask);
    return ask;
}

} // namespace sluice::plugin
