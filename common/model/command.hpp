// SPDX-License-Identifier: GPL-2.0-or-later
// One change in Slurm, as planned: what the enforcer does, what the journal records, what a dry run
// shows.
#pragma once

#include "common/model/policy.hpp"

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
    reset_usage,
    hold_job,
    release_job,
    cancel_job,
    requeue_job,
};

constexpr bool is_for_job(CommandType type) {
    return type == CommandType::hold_job || type == CommandType::release_job ||
           type == CommandType::cancel_job || type == CommandType::requeue_job;
}

constexpr std::string_view name(CommandType type) {
    switch (type) {
    case CommandType::fairshare:
        return "fairshare";
    case CommandType::limits:
        return "limits";
    case CommandType::qos:
        return "qos";
    case CommandType::hold_job:
        return "hold_job";
    case CommandType::release_job:
        return "release_job";
    case CommandType::cancel_job:
        return "cancel_job";
    case CommandType::requeue_job:
        return "requeue_job";
    case CommandType::reset_usage:
        break;
    }
    return "reset_usage";
}

struct Command {
    CommandType type = CommandType::qos;
    std::string account;
    std::string user;      // "": the account's own association
    std::string partition; // of that user's association; "" for none
    // qos: own list to set; empty list clears it (inherit again)
    std::vector<std::string> qos;
    std::string default_qos; // "" clears
    // limits: TRES name -> value (minutes; a count for grp_tres); nullopt clears the limit
    LimitType limit_type = LimitType::grp_tres_mins;
    std::map<std::string, std::optional<std::int64_t>> limits;
    std::uint32_t shares = 0; // fairshare
    std::string job;          // jobs: as people write it; `user` is its owner
    std::uint32_t job_id = 0; // jobs; not kept in the journal
    std::string reason;       // "grace limit reached", "restored", "drift" ...
    std::string description;  // one human sentence
    std::string sacctmgr;     // the equivalent line, for people to read and paste; never run

    friend bool operator==(const Command&, const Command&) = default;
};

} // namespace sluice::model
