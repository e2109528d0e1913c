// SPDX-License-Identifier: GPL-2.0-or-later
// Checking and grouping commands; must not know libslurm.
#include "daemon/slurm/apply/grouping.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <map>

namespace sluice::slurm {
namespace {

using model::Association;
using model::Command;
using model::CommandType;

std::string bare(const std::string& qos) {
    return model::is_delta(qos) ? qos.substr(1) : qos;
}

Error no_qos(const std::string& name) {
    return Error{Errc::not_found,
                 "QOS " + name + " does not exist; create it with: sacctmgr add qos " + name};
}

std::optional<Error> check_qos(const Command& command, const model::Structure& structure,
                               const model::AccountTree& tree, Association row) {
    for (const std::string& qos : command.qos)
        if (find_qos(structure, bare(qos)) == nullptr)
            return no_qos(bare(qos));
    if (command.default_qos.empty())
        return std::nullopt;
    if (find_qos(structure, command.default_qos) == nullptr)
        return no_qos(command.default_qos);
    row.qos = command.qos;
    const std::vector<std::string> list = model::qos_in_force(tree, row);
    if (std::find(list.begin(), list.end(), command.default_qos) == list.end())
        return Error{Errc::refused, "DefaultQOS " + command.default_qos + " of account " +
                                        command.account + " is not in its QOS list (" +
                                        join(list, ",") + ")"};
    return std::nullopt;
}

std::optional<Error> check_limits(const Command& command, const model::Structure& structure) {
    if (command.limits.empty())
        return Error{Errc::malformed, "no limit to set for account " + command.account};
    const TresNames names{structure.tres};
    for (const auto& [tres, value] : command.limits) {
        if (!names.id(tres))
            return Error{Errc::not_found, "TRES " + tres + " does not exist in cluster " +
                                              structure.cluster +
                                              "; see AccountingStorageTRES in slurm.conf"};
        if (value && *value < 0)
            return Error{Errc::malformed,
                         "limit of " + tres + " for account " + command.account + " is negative"};
    }
    return std::nullopt;
}

std::optional<std::int64_t> submit_jobs(const Association& row) {
    return row.submit_jobs ? std::optional<std::int64_t>(*row.submit_jobs) : std::nullopt;
}

std::string value_key(const Command& command) {
    std::string key = std::string{name(command.type)} + '\n';
    switch (command.type) {
    case CommandType::qos: {
        std::vector<std::string> sorted = command.qos;
        std::sort(sorted.begin(), sorted.end());
        return key + join(sorted, ",") + '\n' + command.default_qos;
    }
    case CommandType::limits:
        key += std::to_string(static_cast<int>(command.limit_type));
        for (const auto& [tres, value] : command.limits)
            key += '\n' + tres + '=' + std::to_string(value.value_or(-1));
        return key;
    case CommandType::submit_limit:
        return key + std::to_string(command.limits.begin()->second.value_or(-1));
    case CommandType::fairshare:
        return key + std::to_string(command.shares);
    case CommandType::reset_usage:
        break;
    default:
        return key + command.job;
    }
    return key;
}

std::string target_key(const Command& command) {
    return command.user.empty() ? "" : command.account + '\n' + command.partition + "\nuser";
}

} // namespace

const Association* row_of(const model::AccountTree& tree, const Command& command) {
    return command.user.empty() ? tree.account(command.account)
                                : tree.user(command.account, command.user, command.partition);
}

const model::Qos* find_qos(const model::Structure& structure, const std::string& name) {
    for (const model::Qos& qos : structure.qos)
        if (qos.name == name)
            return &qos;
    return nullptr;
}

std::optional<Error> check(const Command& command, const model::Structure& structure,
                           const model::AccountTree& tree) {
    if (is_for_job(command.type))
        return std::nullopt;
    if (tree.account(command.account) == nullptr)
        return Error{Errc::not_found, "account " + command.account + " does not exist in cluster " +
                                          structure.cluster +
                                          "; create it with: sacctmgr add account " +
                                          command.account + " cluster=" + structure.cluster};
    const Association* row = row_of(tree, command);
    if (row == nullptr)
        return Error{Errc::not_found, "user " + command.user + " has no association with account " +
                                          command.account + " in cluster " + structure.cluster};
    switch (command.type) {
    case CommandType::qos:
        return check_qos(command, structure, tree, *row);
    case CommandType::limits:
        return check_limits(command, structure);
    case CommandType::fairshare:
        if (command.shares == 0)
            return Error{Errc::malformed, "fairshare of account " + command.account + " is 0"};
        break;
    default:
        break;
    }
    return std::nullopt;
}

std::vector<Group> group(std::span<const Command> commands,
                         std::span<const std::optional<Error>> failures, std::size_t most) {
    std::vector<Group> groups;
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        if (is_for_job(commands[i].type))
            places.clear();
        if (failures[i])
            continue;
        const auto [place, is_new] = places.try_emplace(
            value_key(commands[i]) + '\n' + target_key(commands[i]), groups.size());
        if (!is_new && groups[place->second].members.size() >= most)
            place->second = groups.size();
        if (place->second == groups.size())
            groups.emplace_back();
        groups[place->second].members.push_back(i);
    }
    return groups;
}

std::vector<std::vector<Group>> batches(std::vector<Group> groups,
                                        std::span<const Command> commands, std::size_t most) {
    std::vector<std::vector<Group>> all;
    std::size_t open = most; // members of the last batch; `most`: it takes no more
    for (Group& one : groups) {
        const CommandType type = commands[one.members.front()].type;
        const bool shares = type == CommandType::limits || type == CommandType::fairshare ||
                            type == CommandType::submit_limit;
        if (!shares || open + one.members.size() > most) {
            all.emplace_back();
            open = 0;
        }
        open = shares ? open + one.members.size() : most;
        all.back().push_back(std::move(one));
    }
    return all;
}

std::optional<std::string> difference(const Association& row, const Command& command) {
    switch (command.type) {
    case CommandType::qos:
        if (sorted(row.qos) != sorted(command.qos))
            return "QOS is " + join(row.qos, ",");
        if (row.default_qos != command.default_qos)
            return "DefaultQOS is " + row.default_qos;
        break;
    case CommandType::limits: {
        const auto& now = row.limits(command.limit_type);
        for (const auto& [tres, value] : command.limits) {
            const auto found = now.find(tres);
            const bool same =
                value ? found != now.end() && found->second == *value : found == now.end();
            if (!same)
                return tres + " is " +
                       (found == now.end() ? "not limited" : std::to_string(found->second));
        }
        break;
    }
    case CommandType::submit_limit:
        if (submit_jobs(row) != command.limits.begin()->second)
            return "GrpSubmitJobs is " +
                   (row.submit_jobs ? std::to_string(*row.submit_jobs) : "not limited");
        break;
    case CommandType::fairshare:
        if (row.shares != command.shares)
            return "shares are " + std::to_string(row.shares);
        break;
    default:
        break;
    }
    return std::nullopt;
}

std::vector<std::string> qos_ids(const std::vector<std::string>& names,
                                 const model::Structure& structure) {
    std::vector<std::string> ids;
    for (const std::string& text : names)
        if (const model::Qos* qos = find_qos(structure, bare(text)); qos != nullptr)
            ids.push_back((model::is_delta(text) ? text.substr(0, 1) : "") +
                          std::to_string(qos->id));
    return ids;
}

} // namespace sluice::slurm
