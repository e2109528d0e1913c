// SPDX-License-Identifier: GPL-2.0-or-later
// slurmctld's settings and clock, by two calls that open a connection of their own each, and our
// rights in slurmdbd, by a session of its own: the one adapter that may be used beside the cycle's
// thread.
#pragma once

#include "daemon/ports/inspector.hpp"

#include <string>
#include <utility>

namespace sluice::slurm {

class SlurmInspector final : public ports::Inspector {
public:
    // "": the local cluster.
    explicit SlurmInspector(std::string cluster = {}) : cluster_(std::move(cluster)) {}
    Result<ports::ControllerSettings> controller() override;

private:
    Result<ports::ControllerSettings> settings() const;

    std::string cluster_;
};

} // namespace sluice::slurm
