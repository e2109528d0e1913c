// SPDX-License-Identifier: GPL-2.0-or-later
// One change in Slurm, as planned: the enforcer carries it out, the journal records it, a dry run
// shows it.
#pragma once

#include "common/model/tres.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

enum class CommandType {
    fairshare,
    limits,
    qos,
    submit_limit,
    reset_usage,
    hold_job,
    release_job,
    cancel_job,
    requeue_job,
    set_job_qos,
};

// In the order of CommandType.
inline constexpr std::string_view kCommandNames[] = {
    "fairshare", "limits",      "qos",        "submit_limit", "reset_usage",
    "hold_job",  "release_job", "cancel_job", "requeue_job",  "set_job_qos"};

constexpr std::string_view name(CommandType type) {
    return kCommandNames[static_cast<std::size_t>(type)];
}

constexpr bool is_for_job(CommandType type) {
    return type >= CommandType::hold_job;
}

struct Command {
    CommandType type = CommandType::qos;
    std::string account;
    std::string user;      // "": the account's own association
    std::string partition; // of that user's association; "" for none
    // qos: own list to set; empty list clears it (inherit again). set_job_qos: the one QOS
    std::vector<std::string> qos;
    std::string default_qos; // "" clears
    // limits: TRES name -> value (minutes; a count for grp_tres); nullopt clears the limit.
    // submit_limit: "GrpSubmitJobs" -> value
    LimitType limit_type = LimitType::grp_tres_mins;
    std::map<std::string, std::optional<std::int64_t>> limits;
    std::uint32_t shares = 0; // fairshare
    std::string job;          // jobs: as Slurm prints it ("7_[4-9]"); `user` is its owner
    std::uint32_t job_id = 0; // jobs; not kept in the journal
    std::string reason;       // "grace limit reached", "restored", "drift" ...
    std::string description;  // one sentence for people
    std::string sacctmgr;     // the equivalent line, for people to read and paste; never run

    friend bool operator==(const Command&, const Command&) = default;
};

} // namespace sluice::model
