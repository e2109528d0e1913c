// SPDX-License-Identifier: GPL-2.0-or-later
// What slurmctld is set to, what slurmdbd lets the daemon do, and the clocks of both.
#pragma once

#include "daemon/ports/inspector.hpp"
#include "daemon/ports/time_sources.hpp"
#include "daemon/slurm/accounting.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sluice::slurm {

// Opens a connection of its own for each call: the one adapter that other threads than the cycle's
// may use.
class SlurmInspector final : public ports::Inspector {
public:
    // "": the local cluster.
    explicit SlurmInspector(std::string cluster = {}) : cluster_(std::move(cluster)) {}
    Result<ports::ControllerSettings> controller(const model::PolicySet& set) override;

private:
    std::string cluster_;
};

// slurmctld answers with its time. slurmdbd has no call for that, but a transaction that it
// recorded later than this host's time shows that this host is behind. Session and accounting must
// outlive it.
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

} // namespace sluice::slurm
