// SPDX-License-Identifier: GPL-2.0-or-later
// Setting slurmctld's own counters to zero; slurmdbd's figures of usage stay.
#pragma once

#include "daemon/slurm/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::slurm {

// Whether this libslurm can. It is how sacctmgr sets RawUsage=0, exported from 22.05 to 26.05, but
// in no installed header: configure looked for it, and it is looked for again in the library that
// this process has.
bool can_reset_usage();

// As sacctmgr does for RawUsage=0: not by slurmdbd, but by an accounting update sent to slurmctld.
// The usage of users below and the sums above follow. internal: this libslurm cannot.
Result<void> reset_usage(Session& session, const std::string& cluster,
                         const std::vector<std::uint32_t>& associations);

} // namespace sluice::slurm
