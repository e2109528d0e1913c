// SPDX-License-Identifier: GPL-2.0-or-later
// The clocks of slurmctld and slurmdbd. slurmctld answers with its time; slurmdbd has no call for
// that, but a transaction that it recorded later than it is here shows that this host is behind.
#pragma once

#include "daemon/ports/time_sources.hpp"
#include "daemon/slurm/accounting.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::slurm {

// Session and accounting must outlive it.
class SlurmTimeSources final : public ports::TimeSources {
public:
    SlurmTimeSources(Session& session, SlurmAccounting& accounting)
        : session_(session), accounting_(accounting) {}
    std::vector<model::ClockReading> compare(const std::string& cluster) override;

private:
    model::ClockReading controller(const std::string& cluster);
    model::ClockReading database();

    Session& session_;
    SlurmAccounting& accounting_; // knows which slurmctld is away
};

// How far this host's clock is ahead of slurmctld's, in seconds; nullopt: slurmctld does not
// answer. REQUIRES: a ControllerScope of this thread.
std::optional<std::int64_t> ahead_of_slurmctld();

} // namespace sluice::slurm
