// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/jobs.hpp"

#include "daemon/slurm/controller.hpp"
#include "daemon/slurm/list.hpp"
#include "daemon/slurm/release.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <pwd.h>
#include <unordered_map>

namespace sluice::slurm {
namespace {

using model::Command;
using model::CommandType;
using model::Job;
using model::JobState;

class Names {
public:
    const std::string& of(uid_t uid) {
        auto [found, is_new] = known_.try_emplace(uid);
        if (is_new) {
            char space[4096];
            passwd entry{};
            passwd* user = nullptr;
            const bool known =
                getpwuid_r(uid, &entry, space, sizeof space, &user) == 0 && user != nullptr;
            found->second = known ? user->pw_name : std::to_string(uid);
        }
        return found->second;
    }

private:
    std::unordered_map<uid_t, std::string> known_;
};

std::string name_of(const slurm_job_info_t& job) {
    if (job.array_job_id == 0)
        return std::to_string(job.job_id);
    const std::string array = std::to_string(job.array_job_id);
    if (job.array_task_str != nullptr)
        return array + "_[" + job.array_task_str + "]";
    return job.array_task_id == NO_VAL ? array : array + "_" + std::to_string(job.array_task_id);
}

// nullopt: it has ended, or is about to.
std::optional<JobState> state_of(const slurm_job_info_t& job) {
    if ((job.job_state & JOB_COMPLETING) != 0)
        return std::nullopt;
    switch (job.job_state & JOB_STATE_BASE) {
    case JOB_PENDING:
        return JobState::pending;
    case JOB_RUNNING:
    case JOB_SUSPENDED:
        return JobState::running;
    default:
        return std::nullopt;
    }
}

Result<void> outcome(const Command& command, int rc, int number) {
    if (rc == SLURM_SUCCESS || number == ESLURM_ALREADY_DONE || number == ESLURM_INVALID_JOB_ID ||
        number == ESLURM_JOB_NOT_PENDING)
        return {};
    const bool away = number == 0 || number == SLURM_COMMUNICATIONS_CONNECTION_ERROR ||
                      number == ECONNREFUSED || number == ETIMEDOUT;
    return Error{away ? Errc::unavailable : Errc::refused,
                 "slurmctld: job " + command.job + ": " + slurm_strerror(number)};
}

// 0 holds, INFINITE lets slurmctld work the priority out again.
int set_priority(const Command& command, std::uint32_t priority) {
    job_desc_msg_t change{};
    slurm_init_job_desc_msg(&change);
    set_job_id(change, command.job_id);
    change.priority = priority;
    return slurm_update_job(&change);
}

int requeue(Command command) {
    job_array_resp_msg_t* answer = nullptr;
    const int rc = slurm_requeue2(command.job.data(), 0, &answer);
    slurm_free_job_array_resp(answer);
    return rc;
}

} // namespace

Result<std::vector<Job>> live_jobs(const std::string& cluster) {
    auto scope = slurmctld_of(cluster);
    if (!scope)
        return std::move(scope).error();
    // The list of an array's tasks would be cut short: it is needed whole.
    ::setenv("SLURM_BITSTR_LEN", "0", 1);
    job_info_msg_t* answer = nullptr;
    errno = 0;
    const int rc = slurm_load_jobs(0, &answer, SHOW_ALL);
    const int number = errno;
    const std::unique_ptr<job_info_msg_t, Release> all{answer};
    if (rc != SLURM_SUCCESS || !all)
        return Error{Errc::unavailable, std::string{"slurmctld: jobs: "} + slurm_strerror(number)};
    std::vector<Job> jobs;
    Names names;
    for (std::uint32_t i = 0; i < all->record_count; ++i) {
        const slurm_job_info_t& row = all->job_array[i];
        const auto state = state_of(row);
        if (!state)
            continue;
        Job& job = jobs.emplace_back();
        job.id = row.job_id;
        job.array_id = row.array_job_id;
        job.name = name_of(row);
        job.account = text_of(row.account);
        job.user = names.of(row.user_id);
        job.state = *state;
        job.held = row.priority == 0;
    }
    return jobs;
}

Result<void> change_job(const std::string& cluster, const Command& command) {
    const auto scope = slurmctld_of(cluster);
    if (!scope)
        return scope.error();
    errno = 0;
    int rc = SLURM_ERROR;
    switch (command.type) {
    case CommandType::hold_job:
        rc = set_priority(command, 0);
        break;
    case CommandType::release_job:
        rc = set_priority(command, INFINITE);
        break;
    case CommandType::cancel_job:
        rc = slurm_kill_job2(command.job.c_str(), SIGKILL, 0, nullptr);
        break;
    default:
        rc = requeue(command);
    }
    return outcome(command, rc, rc > 0 ? rc : errno);
}

} // namespace sluice::slurm
