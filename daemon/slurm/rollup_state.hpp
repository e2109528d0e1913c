// SPDX-License-Identifier: GPL-2.0-or-later
// How far slurmdbd has rolled up, and whether a rollup has changed what was read before.
#pragma once

#include "common/base/clock.hpp"
#include "daemon/slurm/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::slurm {

struct Rolled {
    std::optional<Instant> until; // end of the newest hour with a row; nullopt: no row
    // Of what the whole cluster used, by hour or day and TRES. A rollup that changes any account's
    // figures changes the cluster's (late records make slurmdbd roll up hours again).
    std::uint64_t fingerprint = 0;

    friend bool operator==(const Rolled&, const Rolled&) = default;
};

// The cluster's own usage rows: a few for each hour or day, so a cheap question.
Result<Rolled> cluster_rows(Session& session, const std::string& cluster, Window window);

// `earliest`: nothing before it is of interest.
Result<Rolled> rolled_up_to(Session& session, const std::string& cluster, Instant earliest,
                            Instant now);

} // namespace sluice::slurm
