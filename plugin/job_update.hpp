// SPDX-License-Identifier: GPL-2.0-or-later
// What a job becomes by an update: the job as slurmctld has it, with what the update sets. Knows
// Slurm; decides nothing.
#pragma once

#include "plugin/slurm_compat.hpp"

#include <cstdint>

namespace sluice::plugin {

// The update sets the time limit, the size or the partition: what a budget depends on.
bool sets_size(const job_desc_msg_t& change) noexcept;
// The update sets what sluice.conf can exempt, apart from the account.
bool sets_exemption(const job_desc_msg_t& change) noexcept;
// The update gives the job a priority: `scontrol release` does.
bool releases(const job_desc_msg_t& change) noexcept;
// Root, SlurmUser and operators; where slurmctld cannot be asked, root alone.
bool may_operate(std::uint32_t uid) noexcept;

// A copy of the job record by slurmctld's own function, which exists for federations: it reads the
// job's environment and maps its script, as the start of the job does.
class JobUpdate {
public:
    // `record`: the job record that slurmctld passes to job_modify(); it holds the lock of jobs,
    // and has seen that the job is not finished. Null: the job is not known.
    JobUpdate(const job_desc_msg_t& change, void* record) noexcept;
    JobUpdate(const JobUpdate&) = delete;
    JobUpdate& operator=(const JobUpdate&) = delete;
    ~JobUpdate();

    bool known() const noexcept { return before_ != nullptr; }
    // These REQUIRE known(). They share their strings.
    const job_desc_msg_t& before() const noexcept { return *before_; }
    const job_desc_msg_t& after() const noexcept { return after_; }
    // How many tasks of a job array the update can concern, at least 1: those that it names, else
    // all that were submitted.
    std::uint64_t array_tasks() const noexcept { return array_tasks_; }

private:
    job_desc_msg_t* before_ = nullptr; // slurmctld's memory
    job_desc_msg_t after_{};
    std::uint64_t array_tasks_ = 1;
};

} // namespace sluice::plugin
