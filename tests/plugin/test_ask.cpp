// SPDX-License-Identifier: GPL-2.0-or-later
// Job descriptions as clients of Slurm send them.
#include "plugin/ask.hpp"

#include "tests/support/case.hpp"

using namespace sluice;
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

} // namespace

CASE(a_bare_job_is_one_cpu_on_one_node) {
    const Ask ask = ask_of(fresh());
    CHECK_EQ(ask.tasks, 1U);
    CHECK_EQ(ask.nodes, 1U);
    CHECK_EQ(ask.cpus, 1U);
    CHECK_EQ(ask.processes, 1U);
    CHECK(!ask.minutes && !ask.unlimited && !ask.whole_nodes);
    CHECK(ask.memory_kind == Ask::Memory::unknown);
}

CASE(values_that_are_not_set_do_not_count) {
    auto desc = fresh();
    desc.min_cpus = NO_VAL;
    desc.min_nodes = INFINITE;
    desc.num_tasks = INFINITE;
    desc.cpus_per_task = INFINITE16;
    const Ask ask = ask_of(desc);
    CHECK_EQ(ask.nodes, 1U);
    CHECK_EQ(ask.cpus, 1U);
}

CASE(processes_times_their_cpus_are_the_least) {
    auto desc = fresh();
    desc.num_tasks = 8;
    desc.cpus_per_task = 4;
    CHECK_EQ(ask_of(desc).cpus, 32U);
    desc.ntasks_per_node = 2;
    CHECK_EQ(ask_of(desc).nodes, 4U);
    desc.overcommit = 1;
    CHECK_EQ(ask_of(desc).cpus, 1U);
    CHECK_EQ(ask_of(desc).nodes, 1U);
}

CASE(processes_per_node_are_a_maximum_beside_a_number) {
    auto desc = fresh();
    desc.min_nodes = 2;
    desc.ntasks_per_node = 4;
    CHECK_EQ(ask_of(desc).processes, 8U);
    desc.num_tasks = 3;
    CHECK_EQ(ask_of(desc).processes, 3U);
    CHECK_EQ(ask_of(desc).nodes, 2U);
}

CASE(the_shorter_of_two_times_counts) {
    auto desc = fresh();
    desc.time_limit = 100;
    CHECK_EQ(*ask_of(desc).minutes, 100U);
    desc.time_min = 30;
    CHECK_EQ(*ask_of(desc).minutes, 30U);
    desc.time_limit = INFINITE;
    CHECK(ask_of(desc).unlimited);
}

CASE(memory_has_three_meanings) {
    auto desc = fresh();
    desc.pn_min_memory = 500;
    CHECK(ask_of(desc).memory_kind == Ask::Memory::per_node);
    desc.pn_min_memory = 500 | MEM_PER_CPU;
    CHECK(ask_of(desc).memory_kind == Ask::Memory::per_cpu);
    CHECK_EQ(ask_of(desc).memory, 500U);
    desc.pn_min_memory = 0;
    CHECK(ask_of(desc).memory_kind == Ask::Memory::whole_nodes);
}

CASE(exclusive_means_whole_nodes) {
    auto desc = fresh();
    desc.shared = JOB_SHARED_NONE;
    CHECK(ask_of(desc).whole_nodes);
    desc.shared = JOB_SHARED_USER;
    CHECK(!ask_of(desc).whole_nodes);
}
