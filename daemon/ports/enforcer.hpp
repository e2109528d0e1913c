// SPDX-License-Identifier: GPL-2.0-or-later
// Port: changes in Slurm. One adapter: the slurmdb API. Never runs a program.
#pragma once

#include "common/base/result.hpp"
#include "common/model/command.hpp"
#include "common/model/facts.hpp"

#include <optional>
#include <span>
#include <vector>

namespace sluice::ports {

// Index-aligned with the commands handed over: nullopt is success.
using Outcomes = std::vector<std::optional<Error>>;

// Same thread rule as Accounting (they may share one connection).
class Enforcer {
public:
    Enforcer() = default;
    Enforcer(const Enforcer&) = delete;
    Enforcer& operator=(const Enforcer&) = delete;
    virtual ~Enforcer() = default;

    // Where commands go, as the journal and Waldur call it.
    virtual const char* mode() const { return "production"; }
    // Checks what slurmdbd does not (QOS and TRES exist, DefaultQOS in the list), changes, commits.
    // A command that fails does not stop the others. `structure` is the one that the commands were
    // planned from; `commit_group` (at least 1): how many changes share one commit at most.
    virtual Outcomes apply(const model::Structure& structure,
                           std::span<const model::Command> commands, std::size_t commit_group) = 0;
    // Which of `commands`, all done by apply(), slurmctld shows to be in force: only then do they
    // affect jobs. Index-aligned. `structure` may be older than the commands. unavailable:
    // slurmctld is away.
    virtual Result<std::vector<bool>> confirm(const model::Structure& structure,
                                              std::span<const model::Command> commands) = 0;
    // Whether reset_usage commands can be done at all. No RPC; the answer never changes.
    virtual bool resets_usage() const { return true; }
};

} // namespace sluice::ports
