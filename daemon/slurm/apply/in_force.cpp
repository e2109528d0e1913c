// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/apply/in_force.hpp"

#include "common/base/text.hpp"
#include "common/model/history.hpp"
#include "daemon/slurm/apply/grouping.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice::slurm {
namespace {

using model::Association;
using model::Command;
using model::CommandType;
using model::LimitType;

std::string key_of(const Association& row) {
    return model::association_key(row.account, row.user, row.partition);
}

std::string key_of(const Command& command) {
    return model::association_key(command.account, command.user, command.partition);
}

void carry_out(const Command& command, Association& row) {
    if (command.type == CommandType::qos) {
        row.qos = command.qos;
        row.default_qos = command.default_qos;
    } else if (command.type == CommandType::limits) {
        for (const auto& [tres, value] : command.limits)
            if (value)
                row.limits(command.limit_type)[tres] = *value;
            else
                row.limits(command.limit_type).erase(tres);
    } else if (command.type == CommandType::submit_limit) {
        const auto value = command.limits.begin()->second;
        row.submit_jobs = value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
    }
}

model::Structure after(const model::Structure& structure, std::span<const Command> commands) {
    std::unordered_map<std::string, std::vector<const Command*>> by_row;
    for (const Command& command : commands)
        by_row[key_of(command)].push_back(&command);
    model::Structure now;
    now.associations = structure.associations;
    for (Association& row : now.associations)
        if (const auto found = by_row.find(key_of(row)); found != by_row.end())
            for (const Command* command : found->second)
                carry_out(*command, row);
    return now;
}

class Comparison {
public:
    Comparison(const model::Structure& now, const std::vector<Association>& live) : tree_(now) {
        for (const Association& row : live)
            live_.emplace(key_of(row), &row);
    }

    bool shown(const Command& command) const {
        if (is_for_job(command.type) || command.type == CommandType::reset_usage)
            return true;
        const auto found = live_.find(key_of(command));
        const Association* own = row_of(tree_, command);
        if (found == live_.end() || own == nullptr)
            return false;
        switch (command.type) {
        case CommandType::qos:
            return same_qos(*own, *found->second) && (!own->user.empty() || users_follow(*own));
        case CommandType::limits:
            return same_limits(command, *own, *found->second);
        case CommandType::submit_limit: // not handed down the tree
            return found->second->submit_jobs == own->submit_jobs;
        case CommandType::fairshare:
            return found->second->shares == command.shares;
        default:
            break;
        }
        return true;
    }

private:
    bool same_qos(const Association& own, const Association& live) const {
        const std::string standard = model::default_qos_in_force(tree_, own);
        return sorted(model::qos_in_force(tree_, own)) == sorted(live.qos) &&
               standard == live.default_qos;
    }

    bool users_follow(const Association& account) const {
        const model::AccountNode& node = tree_[tree_.find(account.account)];
        return std::all_of(node.users.begin(), node.users.end(),
                           [&](const Association* user) { return follows(*user); }) &&
               std::all_of(node.children.begin(), node.children.end(), [&](std::size_t child) {
                   const Association* below = tree_[child].row;
                   return below == nullptr || !below->qos.empty() || users_follow(*below);
               });
    }

    bool follows(const Association& user) const {
        const auto live = live_.find(key_of(user));
        return !user.qos.empty() || live == live_.end() || same_qos(user, *live->second);
    }

    // MaxTRESMins are handed down the tree, the limits of groups are not.
    bool same_limits(const Command& command, const Association& own,
                     const Association& live) const {
        const model::TresLimits& present = live.limits(command.limit_type);
        for (const auto& [tres, value] : command.limits) {
            std::optional<std::int64_t> wanted = value;
            if (!wanted && command.limit_type == LimitType::max_tres_mins)
                wanted = inherited(own, tres);
            const auto found = present.find(tres);
            if (wanted ? found == present.end() || found->second != *wanted
                       : found != present.end())
                return false;
        }
        return true;
    }

    std::optional<std::int64_t> inherited(const Association& row, const std::string& tres) const {
        for (const Association* above : tree_.upward(row.user.empty() ? row.parent : row.account))
            if (const auto found = above->max_tres_mins.find(tres);
                found != above->max_tres_mins.end())
                return found->second;
        return std::nullopt;
    }

    model::AccountTree tree_;
    std::unordered_map<std::string, const Association*> live_;
};

} // namespace

std::vector<bool> in_force(const model::Structure& structure, std::span<const Command> commands,
                           const std::vector<Association>& live) {
    const model::Structure now = after(structure, commands);
    const Comparison comparison(now, live);
    std::vector<bool> shown;
    for (const Command& command : commands)
        shown.push_back(comparison.shown(command));
    return shown;
}

} // namespace sluice::slurm
