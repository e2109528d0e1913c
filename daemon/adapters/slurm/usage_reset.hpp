// SPDX-License-Identifier: GPL-2.0-or-later
// Setting slurmctld's own counters to zero; slurmdbd's figures of usage stay.
#pragma once

#include "daemon/adapters/slurm/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::slurm {

// As sacctmgr does for RawUsage=0: not by slurmdbd, but by an accounting update sent to slurmctld.
// The usage of users below and the sums above follow. internal: this libslurm cannot.
Result<void> reset_usage(Session& session, const std::string& cluster,
                         const std::vector<std::uint32_t>& associations);

} // namespace sluice::slurm
