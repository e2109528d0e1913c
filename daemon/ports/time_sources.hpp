// SPDX-License-Identifier: GPL-2.0-or-later
// Port: the clocks of slurmctld and slurmdbd. One adapter: libslurm.
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

    // This host's clock against each source. A source that does not answer, or has no record to
    // compare with, has no figure.
    virtual std::vector<model::ClockReading> compare(const std::string& cluster) = 0;
};

} // namespace sluice::ports
