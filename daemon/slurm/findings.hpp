// SPDX-License-Identifier: GPL-2.0-or-later
// What Slurm is set to, compared with what the policies rely on. Pure; for `sluice doctor`.
#pragma once

#include "common/model/policy.hpp"
#include "daemon/ports/inspector.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace sluice::slurm {

// "12 months*" as slurmdbd reports it ('*': with archive). nullopt: never.
std::optional<ports::PurgeAfter> purge_after(std::string_view text);

// Of all policies, observed ones included: these have notes where enforced ones have faults.
std::vector<ports::SlurmFinding> findings(const model::PolicySet& set,
                                          const ports::ControllerSettings& slurm);

} // namespace sluice::slurm
