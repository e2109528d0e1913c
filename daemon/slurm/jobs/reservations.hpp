// SPDX-License-Identifier: GPL-2.0-or-later
// Reservations in slurmdbd as values, with the times at which their nodes were down.
#pragma once

#include "daemon/slurm/rpc/connection.hpp"
#include "daemon/slurm/usage/corrections.hpp"

#include <string>
#include <vector>

namespace sluice::slurm {

// Those that have a part in the window. Two calls, or one without reservations.
Result<std::vector<Reservation>> reservations_in(Session& session, const std::string& cluster,
                                                 Window window);

} // namespace sluice::slurm
