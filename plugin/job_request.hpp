// SPDX-License-Identifier: GPL-2.0-or-later
// What the plugin reads of Slurm's job description: strings of a length that slurmctld accepts, and
// bounded figures. Knows Slurm; decides nothing; allocates nothing.
#pragma once

#include "common/admission/budget.hpp"
#include "plugin/admission.hpp"
#include "plugin/slurm_compat.hpp"

namespace sluice::plugin {

// The plugin runs before slurmctld bounds the strings of a client: _test_job_desc_fields() in
// src/slurmctld/job_mgr.c comes after job_submit and after job_modify, and refuses these lengths in
// every release from 22.05 to 26.05.
inline constexpr std::size_t kMaxText = 1024; // account, partition, QOS, reservation, TRES lists
inline constexpr std::size_t kMaxArrayText = 4096;
// slurmctld does not bound this one. A longer list counts as all nodes that there can be.
inline constexpr std::size_t kMaxNodeText = 65'536;

struct JobText {
    Request request; // its account, partition, QOS and reservation; the rest as in the description
    // Job array and TRES lists.
    std::string_view array;
    std::string_view tres_per_job;
    std::string_view tres_per_node;
    std::string_view tres_per_socket;
    std::string_view tres_per_task;
    std::string_view cpus_per_tres;
    std::string_view mem_per_tres;
    std::string_view nodes; // --nodelist
    bool too_many_nodes = false;
    // A string is longer than slurmctld accepts and not read: slurmctld will refuse the job.
    bool oversized = false;
    // That string is the account: the account of the job is not known.
    bool oversized_account = false;
};

// Reads no byte after those lengths. `submitter`: who sent the description.
JobText text_of(const job_desc_msg_t& desc, std::uint32_t submitter) noexcept;

// The job as submitted: slurmctld sets defaults only later. Each figure is the least that the job
// can mean, at most kMaxFigure; NO_VAL and INFINITE count as not given. `text` is that of `desc`.
admission::JobRequest job_request(const job_desc_msg_t& desc, const JobText& text) noexcept;

} // namespace sluice::plugin
