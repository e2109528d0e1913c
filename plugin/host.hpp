// SPDX-License-Identifier: GPL-2.0-or-later
// Between Slurm's types and ours: reads job descriptions, asks admission and budget, returns
// Slurm's codes and messages. Knows Slurm; decides nothing.
#pragma once

#include "common/admission/budget.hpp"
#include "plugin/admission.hpp"
#include "plugin/job_request.hpp"
#include "plugin/job_update.hpp"
#include "plugin/receiver.hpp"
#include "plugin/slurm_compat.hpp"
#include "plugin/warned.hpp"

namespace sluice::plugin {

class Host {
public:
    // Never throws, never waits. Null: no memory; all jobs will be admitted.
    static Host* start() noexcept;
    // Stops the thread and frees. REQUIRES: no call of submit() or modify() is running.
    static void finish(Host* host) noexcept;

    // Thread-safe. `err_msg` may be null.
    int submit(const job_desc_msg_t& desc, std::uint32_t submitter, char** err_msg);
    // `record`: slurmctld's job record, or null.
    int modify(const job_desc_msg_t& change, void* record, std::uint32_t submitter, char** err_msg);
    void count_fault() noexcept { Counters::count(counters_.faults); }

private:
    Host();
    AdmissionResult decide(Request request, const Current& current, Moment moment) const;
    // The job asks for more than is left; nullopt: no, or not known.
    static std::optional<admission::Shortfall> too_large(const AdmissionResult& result,
                                                         const Current& current,
                                                         const job_desc_msg_t& desc,
                                                         const JobText& text) noexcept;
    // Why a job is refused: its account is paused, or `over`.
    static std::string refusal(const Current& current, const AdmissionResult& result,
                               const std::optional<admission::Shortfall>& over,
                               const Request& request, Instant now);
    // Why the update of a job is refused; "": it is not.
    std::string objection(const job_desc_msg_t& change, const JobUpdate& update,
                          std::uint32_t submitter, const Current& current);
    Moment moment() const noexcept;

    SnapshotCell cell_;
    Counters counters_;
    Warned warned_;
    Receiver receiver_;
};

} // namespace sluice::plugin
