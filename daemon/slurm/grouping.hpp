// SPDX-License-Identifier: GPL-2.0-or-later
// What slurmdbd does not check is checked here, and commands with the same target become one call.
// Pure.
#pragma once

#include "common/base/result.hpp"
#include "common/model/command.hpp"
#include "common/model/facts.hpp"
#include "daemon/slurm/tree.hpp"
#include "daemon/slurm/tres_text.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::slurm {

// slurmdbd stores unknown QOS, ids in place of names and unknown TRES without a word. nullopt: may
// be sent. The text of an error ends with what a person can do.
std::optional<Error> check(const model::Command& command, const model::Structure& structure,
                           const AccountTree& tree);

// Commands that one call can do: same type and values; account rows of any account, or rows of
// users of one account and partition. Members are indexes, in order.
struct Group {
    std::vector<std::size_t> members;
};

// Groups the commands whose outcome is still open (`failures[i]` empty), in order of their first
// member; none has more than `most` members.
std::vector<Group> group(std::span<const model::Command> commands,
                         std::span<const std::optional<Error>> failures, std::size_t most);
// Groups that share one commit, `most` changes at most. A change of QOS has its own commit, because
// of the order in which slurmdbd hands on what is in one.
std::vector<std::vector<Group>> batches(std::vector<Group> groups,
                                        std::span<const model::Command> commands, std::size_t most);

// The row as the command wants it; nullopt: it is so. Otherwise what differs.
std::optional<std::string> difference(const model::Association& row, const model::Command& command);

// QOS names as slurmdbd wants them: ids as text, "+" and "-" kept. REQUIRES: check() passed
std::vector<std::string> qos_ids(const std::vector<std::string>& names,
                                 const model::Structure& structure);

} // namespace sluice::slurm
