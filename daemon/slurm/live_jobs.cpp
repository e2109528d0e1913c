// SPDX-License-Identifier: GPL-2.0-or-later
// slurmctld's jobs as values; counts nothing.
#include "daemon/slurm/live_jobs.hpp"

#include "daemon/slurm/controller.hpp"
#include "daemon/slurm/list.hpp"
#include "daemon/slurm/release.hpp"
#include "daemon/slurm/tres_text.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

namespace sluice::slurm {
namespace {

bool has_begun(const slurm_job_info_t& row) {
    return (row.job_state & JOB_STATE_BASE) != JOB_PENDING && row.start_time > 0;
}

Result<LiveJob> translate(const slurm_job_info_t& row, const TresNames& names,
                          const std::unordered_map<std::uint32_t, const std::string*>& users) {
    const std::uint32_t state = row.job_state & JOB_STATE_BASE;
    LiveJob job;
    job.job_id = row.job_id;
    job.account = text_of(row.account);
    const auto user = users.find(row.assoc_id);
    job.user = user != users.end() ? *user->second : text_of(row.user_name);
    // A resized job has a record of its own for each size.
    job.begin = instant(std::max(row.start_time, row.resize_time));
    if (state != JOB_RUNNING && state != JOB_SUSPENDED)
        job.end = instant(row.end_time);
    job.booting = (row.job_state & JOB_POWER_UP_NODE) != 0;
    job.suspended = state == JOB_SUSPENDED;
    job.switched = instant(row.suspend_time);
    const std::string tres = text_of(row.tres_alloc_str);
    auto by_id = tres_by_id(tres, names);
    if (!by_id)
        return Error{Errc::malformed,
                     "slurmctld: TRES of job " + std::to_string(row.job_id) + ": " + tres};
    job.tres = std::move(*by_id);
    return job;
}

} // namespace

Result<std::vector<LiveJob>> LiveJobs::load(const model::Structure& structure) {
    auto scope = slurmctld_of(structure.cluster);
    if (!scope)
        return std::move(scope).error();
    job_info_msg_t* answer = nullptr;
    errno = 0;
    const int rc = slurm_load_jobs(updated_, &answer, SHOW_ALL | SHOW_LOCAL);
    const int number = errno;
    const std::unique_ptr<job_info_msg_t, Release> message{answer};
    if (rc != SLURM_SUCCESS && number == SLURM_NO_CHANGE_IN_DATA && updated_ != 0)
        return jobs_;
    updated_ = 0;
    if (rc != SLURM_SUCCESS || !message)
        return Error{Errc::unavailable,
                     std::string{"slurmctld: jobs: "} + slurm_strerror(number != 0 ? number : rc)};
    std::unordered_map<std::uint32_t, const std::string*> users;
    for (const model::Association& row : structure.associations)
        if (!row.user.empty())
            users.emplace(row.id, &row.user);
    const TresNames names{structure.tres};
    jobs_.clear();
    for (std::uint32_t i = 0; i < message->record_count; ++i) {
        if (!has_begun(message->job_array[i]))
            continue;
        auto job = translate(message->job_array[i], names, users);
        if (!job)
            return std::move(job).error();
        jobs_.push_back(std::move(*job));
    }
    updated_ = message->last_update;
    return jobs_;
}

} // namespace sluice::slurm
