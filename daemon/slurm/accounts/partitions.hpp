// SPDX-License-Identifier: GPL-2.0-or-later
// Partitions as slurmctld knows them, for jobs that name no time limit or take whole nodes.
#pragma once

#include "common/base/result.hpp"
#include "common/model/facts.hpp"

#include <string>
#include <vector>

namespace sluice::slurm {

// By name. Two RPCs to slurmctld. unavailable: slurmctld is away.
Result<std::vector<model::Partition>> read_partitions(const std::string& cluster);

} // namespace sluice::slurm
