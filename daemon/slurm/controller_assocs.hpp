// SPDX-License-Identifier: GPL-2.0-or-later
// Associations as slurmctld has them in memory: one RPC to slurmctld, none to slurmdbd.
#pragma once

#include "common/base/result.hpp"
#include "common/model/facts.hpp"

#include <string>
#include <vector>

namespace sluice::slurm {

// Those of `accounts` (empty: all of the cluster), QOS lists and limits with what is inherited, as
// far as slurmctld works it in. Names come from `names`. unavailable: slurmctld is away.
Result<std::vector<model::Association>> live_associations(const model::Structure& names,
                                                          const std::vector<std::string>& accounts);

} // namespace sluice::slurm
