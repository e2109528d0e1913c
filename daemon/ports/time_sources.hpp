// SPDX-License-Identifier: GPL-2.0-or-later
// Port: what time it is elsewhere. One adapter: slurmctld and slurmdbd through libslurm.
#pragma once

#include "common/model/clock.hpp"

#include <string>
#include <vector>

namespace sluice::ports {

// Same thread rule as Accounting (they may share one connection). Blocks for as long as libslurm
// does.
class TimeSources {
public:
    TimeSources() = default;
    TimeSources(const TimeSources&) = delete;
    TimeSources& operator=(const TimeSources&) = delete;
    virtual ~TimeSources() = default;

    // This host's clock against each source; one that does not answer, or has nothing to tell the
    // time by, has no figure.
    virtual std::vector<model::ClockReading> compare(const std::string& cluster) = 0;
};

} // namespace sluice::ports
