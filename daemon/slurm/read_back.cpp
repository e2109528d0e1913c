// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/read_back.hpp"

#include "daemon/slurm/accounting.hpp"
#include "daemon/slurm/grouping.hpp"

#include <set>
#include <utility>

namespace sluice::slurm {
namespace {

using model::Association;
using model::Command;

constexpr std::size_t kAtOnce = 500;

// By slurmdbd; the others are slurmctld's own matter.
bool is_kept(const Command& command) {
    return command.type != model::CommandType::reset_usage && !is_for_job(command.type);
}

std::optional<Error> compare(const AccountTree& tree, const Command& command) {
    const Association* row = command.user.empty()
                                 ? tree.account(command.account)
                                 : tree.user(command.account, command.user, command.partition);
    if (row == nullptr)
        return Error{Errc::not_found, "association of account " + command.account + " is gone"};
    if (const auto differs = difference(*row, command))
        return Error{Errc::conflict, "slurmdbd did not keep the change of account " +
                                         command.account + ": " + *differs};
    return std::nullopt;
}

} // namespace

void read_back(Session& session, const model::Structure& structure,
               std::span<const Command> commands, ports::Outcomes& outcomes) {
    std::set<std::string> accounts;
    for (std::size_t i = 0; i < commands.size(); ++i)
        if (!outcomes[i] && is_kept(commands[i]))
            accounts.insert(commands[i].account);
    while (!accounts.empty()) {
        std::vector<std::string> some;
        while (!accounts.empty() && some.size() < kAtOnce)
            some.push_back(std::move(accounts.extract(accounts.begin()).value()));
        const auto rows = associations(session, structure, some);
        model::Structure now;
        if (rows)
            now.associations = *rows;
        const AccountTree tree{now};
        const std::set<std::string> these{some.begin(), some.end()};
        for (std::size_t i = 0; i < commands.size(); ++i) {
            const Command& command = commands[i];
            if (outcomes[i] || !is_kept(command) || !these.contains(command.account))
                continue;
            outcomes[i] = rows ? compare(tree, command)
                               : std::optional<Error>{Error{rows.error()}.in("not read back")};
        }
    }
}

} // namespace sluice::slurm
