// SPDX-License-Identifier: GPL-2.0-or-later
// What slurmdbd does not check is checked here, and commands with the same target become one call.
// Pure.
#pragma once

#include "common/base/result.hpp"
#include "common/model/command.hpp"
#include "common/model/facts.hpp"
#include "common/model/qos_list.hpp"
#include "daemon/slurm/rpc/tres_text.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::slurm {

// slurmdbd stores unknown QOS, ids in place of names and unknown TRES without an error. nullopt:
// may be sent. An error ends with the remedy.
std::optional<Error> check(const model::Command& command, const model::Structure& structure,
                           const model::AccountTree& tree);

// The row that a command is for; nullptr: no such association.
const model::Association* row_of(const model::AccountTree& tree, const model::Command& command);
// nullptr: no such QOS.
const model::Qos* find_qos(const model::Structure& structure, const std::string& name);
// Commands that one call can do: same type and values; account rows of any account, or rows of
// users of one account and partition. Members are indexes, in order.
struct Group {
    std::vector<std::size_t> members;
};

// Groups the commands whose outcome is still open (`failures[i]` empty), in order of their first
// member; none has more than `most` members, and none has members on both sides of a command for a
// job: the plan's order counts there.
std::vector<Group> group(std::span<const model::Command> commands,
                         std::span<const std::optional<Error>> failures, std::size_t most);
// Groups that share one commit, `most` changes at most. A change of QOS has its own commit, because
// slurmdbd does not keep the order of changes within one.
std::vector<std::vector<Group>> batches(std::vector<Group> groups,
                                        std::span<const model::Command> commands, std::size_t most);

// How the row differs from what the command wants; nullopt: not at all.
std::optional<std::string> difference(const model::Association& row, const model::Command& command);

// QOS names as slurmdbd wants them: ids as text, "+" and "-" kept. REQUIRES: check() passed
std::vector<std::string> qos_ids(const std::vector<std::string>& names,
                                 const model::Structure& structure);

} // namespace sluice::slurm
