// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/job_request.hpp"

#include "common/admission/job_lists.hpp"
#include "common/admission/job_size.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::plugin {

using admission::JobRequest;
using admission::kMaxFigure;

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

admission::JobSize size_of(const job_desc_msg_t& desc, const JobText& text) noexcept {
    admission::JobSize size;
    size.nodes = set_or(desc.min_nodes, 0);
    size.max_nodes = set_or(desc.max_nodes, 0);
    size.listed = text.too_many_nodes ? kMaxFigure : admission::hosts(text.nodes);
    size.ntasks = set_or(desc.num_tasks, 0);
    size.ntasks_per_node = set_or(desc.ntasks_per_node, 0);
    size.ntasks_per_gpu = set_or(desc.ntasks_per_tres, 0);
    size.cpus = set_or(desc.min_cpus, 0);
    size.cpus_per_node = set_or(desc.pn_min_cpus, 0);
    size.cpus_per_task = set_or(desc.cpus_per_task, 0);
    size.overcommit = desc.overcommit != 0 && desc.overcommit != NO_VAL8;
    return size;
}

void count_memory(const job_desc_msg_t& desc, JobRequest& job) noexcept {
    const std::uint64_t memory = desc.pn_min_memory;
    if (memory == NO_VAL64 || memory == INFINITE64)
        return;
    if (memory == 0) // --mem=0: all that the nodes have
        job.memory_kind = JobRequest::Memory::whole_nodes;
    else if ((memory & MEM_PER_CPU) != 0)
        job.memory_kind = JobRequest::Memory::per_cpu;
    else
        job.memory_kind = JobRequest::Memory::per_node;
    job.memory = figure(memory & ~MEM_PER_CPU);
}

// A job that may be shortened to --time-min can run with that.
void read_time(const job_desc_msg_t& desc, JobRequest& job) noexcept {
    if (desc.time_limit == NO_VAL)
        return;
    if (desc.time_limit == INFINITE || desc.time_limit == 0) {
        job.unlimited = true;
        return;
    }
    job.minutes = desc.time_limit;
    if (desc.time_min != 0 && desc.time_min != NO_VAL && desc.time_min != INFINITE)
        job.minutes = std::min(*job.minutes, desc.time_min);
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
    text.tres_per_task = read(desc.tres_per_task);
    text.cpus_per_tres = read(desc.cpus_per_tres);
    text.mem_per_tres = read(desc.mem_per_tres);
    text.nodes = bounded(desc.req_nodes, kMaxNodeText, text.too_many_nodes);
    return text;
}

JobRequest job_request(const job_desc_msg_t& desc, const JobText& text) noexcept {
    JobRequest job;
    job.array_tasks = admission::array_tasks(text.array);
    job.partition = text.request.partition;
    job.qos = text.request.qos;
    job.user = text.request.user;
    job.whole_nodes = desc.shared == JOB_SHARED_NONE;
    job.tres_per_job = text.tres_per_job;
    job.tres_per_node = text.tres_per_node;
    job.tres_per_socket = text.tres_per_socket;
    job.tres_per_task = text.tres_per_task;
    job.cpus_per_tres = text.cpus_per_tres;
    job.mem_per_tres = text.mem_per_tres;
    read_time(desc, job);
    admission::count(size_of(desc, text), job);
    count_memory(desc, job);
    return job;
}

} // namespace sluice::plugin
