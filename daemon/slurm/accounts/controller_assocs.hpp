// SPDX-License-Identifier: GPL-2.0-or-later
// Associations, users and usage counters as slurmctld has them in memory: one RPC to slurmctld
// each, none to slurmdbd.
#pragma once

#include "daemon/ports/accounting.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::slurm {

// Those of `accounts` (empty: all of the cluster). QOS lists and limits include what is inherited,
// as far as slurmctld works that in. Names come from `names`. unavailable: slurmctld is away.
Result<std::vector<model::Association>> live_associations(const model::Structure& names,
                                                          const std::vector<std::string>& accounts);

struct ControllerUsage {
    ports::RawUsage raw;
    std::map<std::string, std::string> parents; // account -> parent
};
// unavailable: slurmctld is away.
Result<ControllerUsage> controller_usage(const std::string& cluster);

} // namespace sluice::slurm
