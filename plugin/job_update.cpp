// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/job_update.hpp"

#include "common/admission/job_lists.hpp"
#include "common/base/text.hpp"
#include "plugin/job_request.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace sluice::plugin {
namespace {

// slurm_init_job_desc_msg() marks what is not set: null, or NO_VAL of the type.
bool is_set(const char* value) noexcept {
    return value != nullptr;
}
bool is_set(std::uint8_t value) noexcept {
    return value != NO_VAL8;
}
bool is_set(std::uint16_t value) noexcept {
    return value != NO_VAL16;
}
bool is_set(std::uint32_t value) noexcept {
    return value != NO_VAL;
}
bool is_set(std::uint64_t value) noexcept {
    return value != NO_VAL64;
}

template <class... Fields>
bool any_set(const job_desc_msg_t& change, Fields... fields) noexcept {
    return (is_set(change.*fields) || ...);
}
template <class... Fields>
void overlay(job_desc_msg_t& job, const job_desc_msg_t& change, Fields... fields) noexcept {
    ((is_set(change.*fields) ? void(job.*fields = change.*fields) : void()), ...);
}

// Calls `use` with the fields that a JobRequest is made of.
template <class Use>
auto with_size_fields(Use&& use) noexcept {
    using D = job_desc_msg_t;
    return use(&D::partition, &D::qos, &D::req_nodes, &D::time_limit, &D::time_min, &D::min_nodes,
               &D::max_nodes, &D::min_cpus, &D::num_tasks, &D::pn_min_cpus, &D::pn_min_memory,
               &D::cpus_per_task, &D::ntasks_per_node, &D::ntasks_per_tres, &D::overcommit,
               &D::shared, &D::tres_per_job, &D::tres_per_node, &D::tres_per_socket,
               &D::tres_per_task, &D::cpus_per_tres, &D::mem_per_tres);
}

// slurmctld adds the count to the environment of each task, in place of the first entry of that
// name: another one is the user's, and can only raise the figure.
std::uint64_t submitted_tasks(const job_desc_msg_t& job) noexcept {
    constexpr std::string_view kName = "SLURM_ARRAY_TASK_COUNT=";
    std::uint64_t most = 1;
    for (std::uint32_t i = 0; job.environment != nullptr && i < job.env_size; ++i) {
        const char* entry = job.environment[i];
        if (entry == nullptr || std::strncmp(entry, kName.data(), kName.size()) != 0)
            continue;
        const char* value = entry + kName.size();
        const auto count =
            whole_number<std::uint32_t>(std::string_view(value, ::strnlen(value, 11)));
        most = std::max<std::uint64_t>(most, count.value_or(1));
    }
    return most;
}

// "123_4" and "123_[4-9]" name tasks, "123" names all.
std::uint64_t concerned_tasks(const job_desc_msg_t& change, const job_desc_msg_t& job) noexcept {
    const std::uint64_t all = submitted_tasks(job);
    if (all == 1 || change.job_id_str == nullptr)
        return all;
    const std::string_view ids(change.job_id_str, ::strnlen(change.job_id_str, kMaxArrayText));
    const std::size_t at = ids.find('_');
    if (ids.size() == kMaxArrayText || at == std::string_view::npos || at != ids.rfind('_'))
        return all;
    return std::min(all, admission::array_tasks(ids.substr(at + 1)));
}

} // namespace

bool sets_size(const job_desc_msg_t& change) noexcept {
    return with_size_fields([&](auto... fields) { return any_set(change, fields...); });
}

bool sets_exemption(const job_desc_msg_t& change) noexcept {
    using D = job_desc_msg_t;
    return any_set(change, &D::partition, &D::qos, &D::reservation);
}

bool releases(const job_desc_msg_t& change) noexcept {
    return is_set(change.priority) && change.priority != 0;
}

bool may_operate(std::uint32_t uid) noexcept {
    return uid == 0 || (&validate_operator != nullptr && validate_operator(uid));
}

JobUpdate::JobUpdate(const job_desc_msg_t& change, void* record) noexcept {
    if (record == nullptr || &copy_job_record_to_job_desc == nullptr ||
        &slurm_free_job_desc_msg == nullptr)
        return;
    before_ = copy_job_record_to_job_desc(record);
    if (before_ == nullptr)
        return;
    after_ = *before_;
    using D = job_desc_msg_t;
    overlay(after_, change, &D::account, &D::reservation);
    with_size_fields([&](auto... fields) { overlay(after_, change, fields...); });
    array_tasks_ = concerned_tasks(change, *before_);
}

JobUpdate::~JobUpdate() {
    if (before_ == nullptr)
        return;
    // All strings of the environment are in one block, which slurm_free_job_desc_msg() does not
    // expect: _prepare_submit_siblings() in src/slurmctld/fed_mgr.c frees it in this way, too.
    if (before_->environment != nullptr) {
        slurm_xfree(reinterpret_cast<void**>(&before_->environment[0]));
        slurm_xfree(reinterpret_cast<void**>(&before_->environment));
        before_->env_size = 0;
    }
    slurm_free_job_desc_msg(before_);
}

} // namespace sluice::plugin
