// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/jobs/controller_jobs.hpp"

#include "common/base/text.hpp"
#include "daemon/slurm/jobs/array_text.hpp"
#include "daemon/slurm/rpc/controller.hpp"
#include "daemon/slurm/rpc/libslurm.hpp"
#include "daemon/slurm/rpc/tres_text.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <span>
#include <unordered_map>
#include <utility>

namespace sluice::slurm {
namespace {

using model::Command;
using model::CommandType;
using model::Job;
using model::JobState;

class UserNames {
public:
    const std::string& of(uid_t uid) {
        auto [found, is_new] = known_.try_emplace(uid);
        if (is_new)
            found->second = user_name(uid).value_or(std::to_string(uid));
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

Result<void> job_outcome(const Command& command, int rc, int number) {
    if (rc == SLURM_SUCCESS || number == ESLURM_ALREADY_DONE || number == ESLURM_INVALID_JOB_ID ||
        number == ESLURM_JOB_NOT_PENDING)
        return {};
    const bool away = number == 0 || number == SLURM_COMMUNICATIONS_CONNECTION_ERROR ||
                      number == ECONNREFUSED || number == ETIMEDOUT;
    return Error{away ? Errc::unavailable : Errc::refused,
                 "slurmctld: job " + command.job + ": " + slurm_strerror(number)};
}

// 0 holds, INFINITE makes slurmctld compute the priority again.
int set_priority(const Command& command, std::uint32_t priority) {
    job_desc_msg_t change{};
    slurm_init_job_desc_msg(&change);
    set_job_id(change, command.job_id);
    change.priority = priority;
    return slurm_update_job(&change);
}

int set_qos(Command command) {
    job_desc_msg_t change{};
    slurm_init_job_desc_msg(&change);
    set_job_id(change, command.job_id);
    change.qos = command.qos.front().data();
    return slurm_update_job(&change);
}

int requeue(Command command) {
    job_array_resp_msg_t* answer = nullptr;
    const int rc = slurm_requeue2(command.job.data(), 0, &answer);
    slurm_free_job_array_resp(answer);
    return rc;
}

bool has_begun(const slurm_job_info_t& row) {
    return (row.job_state & JOB_STATE_BASE) != JOB_PENDING && row.start_time > 0;
}

// Names of a cluster by which the jobs of an answer are read.
struct JobNames {
    TresNames tres;
    std::unordered_map<std::uint32_t, const std::string*> users; // by association
    std::unordered_map<std::string, std::uint32_t> qos;
};

Result<LiveJob> live_job(const slurm_job_info_t& row, const JobNames& names) {
    const std::uint32_t state = row.job_state & JOB_STATE_BASE;
    LiveJob job;
    job.job_id = row.job_id;
    job.account = folded_name(row.account);
    const auto user = names.users.find(row.assoc_id);
    job.user = user != names.users.end() ? *user->second : text_of(row.user_name);
    // A resized job has a record of its own for each size.
    job.begin = instant(std::max(row.start_time, row.resize_time));
    if (state != JOB_RUNNING && state != JOB_SUSPENDED)
        job.end = instant(row.end_time);
    job.booting = (row.job_state & JOB_POWER_UP_NODE) != 0;
    job.suspended = state == JOB_SUSPENDED;
    job.switched = instant(row.suspend_time);
    if (const auto qos = names.qos.find(folded_name(row.qos)); qos != names.qos.end())
        job.qos = qos->second;
    const std::string tres = text_of(row.tres_alloc_str);
    auto by_id = tres_by_id(tres, names.tres);
    if (!by_id)
        return Error{Errc::malformed, "slurmctld: job " + std::to_string(row.job_id) +
                                          ": TRES cannot be read: " + tres};
    job.tres = std::move(*by_id);
    return job;
}

// What the job may use: of each array task that waits.
void add_request(const slurm_job_info_t& row, const TresNames& tres, Job& job) {
    job.tasks = task_count(text_of(row.array_task_str));
    if (const auto by_id = tres_by_id(text_of(row.tres_req_str), tres))
        job.tres = parse_tres(*by_id);
    if (row.time_limit != NO_VAL && row.time_limit != INFINITE)
        job.minutes = row.time_limit;
    if (row.time_limit == NO_VAL)
        if (const auto partitions = split(text_of(row.partition), ','); !partitions.empty())
            job.partition = partitions.front();
}

std::vector<Job> queue_of(std::span<const slurm_job_info_t> rows, const TresNames& tres) {
    std::vector<Job> jobs;
    UserNames names;
    for (const slurm_job_info_t& row : rows) {
        const auto state = state_of(row);
        if (!state)
            continue;
        Job& job = jobs.emplace_back();
        job.id = row.job_id;
        job.array_id = row.array_job_id;
        job.name = name_of(row);
        job.account = folded_name(row.account);
        job.user = names.of(row.user_id);
        job.state = *state;
        job.held = row.priority == 0;
        job.association = row.assoc_id;
        job.qos = folded_name(row.qos); // of a pending job from 25.11 on: as its user wrote it
        if (*state != JobState::pending)
            continue;
        job.reason = reason_text(row.state_reason);
        add_request(row, tres, job);
    }
    return jobs;
}

Result<std::vector<LiveJob>> begun_of(std::span<const slurm_job_info_t> rows,
                                      const model::Structure& structure) {
    JobNames names{TresNames{structure.tres}, {}, {}};
    for (const model::Association& row : structure.associations)
        if (!row.user.empty())
            names.users.emplace(row.id, &row.user);
    for (const model::Qos& qos : structure.qos)
        names.qos.emplace(qos.name, qos.id);
    std::vector<LiveJob> jobs;
    for (const slurm_job_info_t& row : rows) {
        if (!has_begun(row))
            continue;
        auto job = live_job(row, names);
        if (!job)
            return std::move(job).error();
        jobs.push_back(std::move(*job));
    }
    return jobs;
}

} // namespace

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
    case CommandType::set_job_qos:
        rc = set_qos(command);
        break;
    case CommandType::cancel_job:
        rc = slurm_kill_job2(command.job.c_str(), SIGKILL, 0, nullptr);
        break;
    default:
        rc = requeue(command);
    }
    return job_outcome(command, rc, rc > 0 ? rc : errno);
}

Result<std::vector<Job>> LiveJobs::queue(const model::Structure& structure) {
    if (Result<void> done = load(structure); !done)
        return std::move(done).error();
    is_new_ = true;
    return queue_;
}

Result<std::vector<LiveJob>> LiveJobs::begun(const model::Structure& structure) {
    if (!std::exchange(is_new_, false))
        if (Result<void> done = load(structure); !done)
            return std::move(done).error();
    return begun_;
}

Result<void> LiveJobs::load(const model::Structure& structure) {
    // Without a limit: the list of an array's tasks is needed whole.
    ::setenv("SLURM_BITSTR_LEN", "0", 1);
    is_new_ = false;
    bool unchanged = false;
    const auto answer =
        ask_slurmctld<job_info_msg_t>(structure.cluster, "slurmctld: jobs", [&](auto** message) {
            const int rc = slurm_load_jobs(updated_, message, SHOW_ALL | SHOW_LOCAL);
            unchanged = rc != SLURM_SUCCESS && errno == SLURM_NO_CHANGE_IN_DATA && updated_ != 0;
            return rc;
        });
    if (unchanged)
        return {};
    updated_ = 0;
    if (!answer)
        return answer.error();
    const std::span<const slurm_job_info_t> rows{(*answer)->job_array, (*answer)->record_count};
    queue_ = queue_of(rows, TresNames{structure.tres});
    begun_ = begun_of(rows, structure);
    if (begun_)
        updated_ = (*answer)->last_update;
    return {};
}

} // namespace sluice::slurm
