// SPDX-License-Identifier: GPL-2.0-or-later
// Job descriptions as clients of Slurm send them.
#include "plugin/job_request.hpp"

#include "common/admission/job_lists.hpp"
#include "tests/support/case.hpp"

#include <string>

using namespace sluice;
using namespace sluice::admission;
using namespace sluice::plugin;

namespace {

// As slurm_init_job_desc_msg() leaves it, with what sbatch always sets.
job_desc_msg_t fresh() {
    job_desc_msg_t desc{};
    desc.cpus_per_task = NO_VAL16;
    desc.max_cpus = NO_VAL;
    desc.min_cpus = 1;
    desc.min_nodes = NO_VAL;
    desc.ntasks_per_node = NO_VAL16;
    desc.num_tasks = NO_VAL;
    desc.overcommit = NO_VAL8;
    desc.pn_min_cpus = NO_VAL16;
    desc.pn_min_memory = NO_VAL64;
    desc.shared = NO_VAL16;
    desc.time_limit = NO_VAL;
    desc.time_min = NO_VAL;
    return desc;
}

JobRequest job_request(const job_desc_msg_t& desc) {
    return plugin::job_request(desc, text_of(desc, 0));
}

} // namespace

CASE(a_bare_job_is_one_cpu_on_one_node) {
    const JobRequest job = job_request(fresh());
    CHECK_EQ(job.array_tasks, 1U);
    CHECK_EQ(job.nodes, 1U);
    CHECK_EQ(job.cpus, 1U);
    CHECK_EQ(job.ntasks, 1U);
    CHECK(!job.minutes && !job.unlimited && !job.whole_nodes);
    CHECK(job.memory_kind == JobRequest::Memory::unknown);
}

CASE(values_that_are_not_set_do_not_count) {
    auto desc = fresh();
    desc.min_cpus = NO_VAL;
    desc.min_nodes = INFINITE;
    desc.num_tasks = INFINITE;
    desc.cpus_per_task = INFINITE16;
    const JobRequest job = job_request(desc);
    CHECK_EQ(job.nodes, 1U);
    CHECK_EQ(job.cpus, 1U);
}

CASE(processes_times_their_cpus_are_the_least) {
    auto desc = fresh();
    desc.num_tasks = 8;
    desc.cpus_per_task = 4;
    CHECK_EQ(job_request(desc).cpus, 32U);
    desc.ntasks_per_node = 2;
    CHECK_EQ(job_request(desc).nodes, 4U);
    desc.overcommit = 1;
    CHECK_EQ(job_request(desc).cpus, 1U);
    CHECK_EQ(job_request(desc).nodes, 1U);
}

CASE(processes_per_gpu_are_gpus) {
    auto desc = fresh();
    desc.ntasks_per_tres = NO_VAL16;
    desc.num_tasks = 8;
    CHECK_EQ(job_request(desc).gpus_for_ntasks, 0U);
    CHECK_EQ(job_request(desc).cpus_per_gpu, 0U);
    desc.ntasks_per_tres = 3;
    CHECK_EQ(job_request(desc).gpus_for_ntasks, 2U); // as slurmctld divides
    desc.cpus_per_task = 4;
    CHECK_EQ(job_request(desc).cpus_per_gpu, 12U);
    desc.num_tasks = NO_VAL; // one GPU for each of a fixed number of nodes
    desc.max_nodes = NO_VAL;
    CHECK_EQ(job_request(desc).gpus_for_ntasks, 0U);
    desc.min_nodes = desc.max_nodes = 5;
    CHECK_EQ(job_request(desc).gpus_for_ntasks, 5U);
    desc.max_nodes = 6;
    CHECK_EQ(job_request(desc).gpus_for_ntasks, 0U);
}

CASE(processes_per_node_are_a_maximum_beside_a_number) {
    auto desc = fresh();
    desc.min_nodes = 2;
    desc.ntasks_per_node = 4;
    CHECK_EQ(job_request(desc).ntasks, 8U);
    desc.num_tasks = 3;
    CHECK_EQ(job_request(desc).ntasks, 3U);
    CHECK_EQ(job_request(desc).nodes, 2U);
}

CASE(the_shorter_of_two_times_counts) {
    auto desc = fresh();
    desc.time_limit = 100;
    CHECK_EQ(*job_request(desc).minutes, 100U);
    desc.time_min = 30;
    CHECK_EQ(*job_request(desc).minutes, 30U);
    desc.time_limit = INFINITE;
    CHECK(job_request(desc).unlimited);
}

CASE(memory_has_three_meanings) {
    auto desc = fresh();
    desc.pn_min_memory = 500;
    CHECK(job_request(desc).memory_kind == JobRequest::Memory::per_node);
    desc.pn_min_memory = 500 | MEM_PER_CPU;
    CHECK(job_request(desc).memory_kind == JobRequest::Memory::per_cpu);
    CHECK_EQ(job_request(desc).memory, 500U);
    desc.pn_min_memory = 0;
    CHECK(job_request(desc).memory_kind == JobRequest::Memory::whole_nodes);
}

CASE(exclusive_means_whole_nodes) {
    auto desc = fresh();
    desc.shared = JOB_SHARED_NONE;
    CHECK(job_request(desc).whole_nodes);
    desc.shared = JOB_SHARED_USER;
    CHECK(!job_request(desc).whole_nodes);
}

CASE(strings_longer_than_slurm_accepts_are_not_read) {
    char* job_desc_msg_t::*const texts[] = {
        &job_desc_msg_t::account,       &job_desc_msg_t::partition,
        &job_desc_msg_t::qos,           &job_desc_msg_t::reservation,
        &job_desc_msg_t::tres_per_job,  &job_desc_msg_t::tres_per_node,
        &job_desc_msg_t::tres_per_task, &job_desc_msg_t::tres_per_socket,
        &job_desc_msg_t::cpus_per_tres, &job_desc_msg_t::mem_per_tres,
        &job_desc_msg_t::array_inx};
    for (const auto text : texts) {
        const bool array = text == &job_desc_msg_t::array_inx;
        std::string longest(array ? kMaxArrayText : kMaxText, '1');
        auto desc = fresh();
        desc.*text = longest.data();
        CHECK(!text_of(desc, 0).oversized);
        longest += '1';
        desc.*text = longest.data();
        const JobText read = text_of(desc, 0);
        CHECK(read.oversized);
        CHECK_EQ(read.oversized_account, text == &job_desc_msg_t::account);
        for (const auto view :
             {read.request.account, read.request.partition, read.request.qos,
              read.request.reservation, read.tres_per_job, read.tres_per_node, read.tres_per_task,
              read.tres_per_socket, read.cpus_per_tres, read.mem_per_tres, read.array})
            CHECK_EQ(view, "");
    }
}

CASE(bytes_behind_the_longest_string_are_not_read) {
    // Without an end: a sanitizer reports a read behind it.
    const std::vector<char> endless(kMaxText + 1, 'x');
    auto desc = fresh();
    desc.partition = const_cast<char*>(endless.data());
    CHECK(text_of(desc, 0).oversized);
}

CASE(figures_of_any_size_are_bounded) {
    for (const std::uint32_t large : {NO_VAL - 1, UINT32_MAX, 0U})
        for (const std::uint16_t small : {std::uint16_t{NO_VAL16 - 1}, std::uint16_t{UINT16_MAX}}) {
            auto desc = fresh();
            desc.num_tasks = large;
            desc.min_nodes = NO_VAL - 1;
            desc.min_cpus = large;
            desc.ntasks_per_node = small;
            desc.cpus_per_task = small;
            desc.pn_min_cpus = small;
            desc.pn_min_memory = NO_VAL64 - 1;
            desc.time_limit = large;
            std::string indices = "0-18446744073709551615";
            desc.array_inx = indices.data();
            const JobRequest job = job_request(desc);
            for (const auto figure :
                 {job.array_tasks, job.nodes, job.cpus, job.ntasks, job.memory}) {
                CHECK(figure >= 1);
                CHECK(figure <= kMaxFigure);
            }
        }
}

CASE(nodes_that_are_named_are_allocated) {
    auto desc = fresh();
    desc.min_nodes = 1;
    const auto nodes = [&](const std::string& list) {
        std::string text = list;
        desc.req_nodes = text.data();
        return job_request(desc).nodes;
    };
    CHECK_EQ(nodes(""), 1U);
    CHECK_EQ(nodes("n1"), 1U);
    CHECK_EQ(nodes("n1,n2 ,, n3"), 3U);
    CHECK_EQ(nodes("n[1-4,7],gpu1"), 6U);
    CHECK_EQ(nodes("rack[0-1]n[01-10]"), 20U);
    CHECK_EQ(nodes("n[9-3]"), 1U);
    CHECK_EQ(nodes("n[1-4"), 1U);
    CHECK_EQ(nodes("n[1-99999999999999999999]"), kMaxFigure);
    CHECK_EQ(nodes(std::string(kMaxNodeText, ',') + "n1"), kMaxFigure);
    CHECK_EQ(nodes(std::string(kMaxNodeText - 6, ',') + "n[1-4]"), 4U);
    desc.min_nodes = 8;
    CHECK_EQ(nodes("n[1-4]"), 8U);
    desc.min_nodes = 1;
    desc.ntasks_per_node = 2;
    std::string two = "n1,n2";
    desc.req_nodes = two.data();
    CHECK_EQ(job_request(desc).ntasks, 4U);
}
