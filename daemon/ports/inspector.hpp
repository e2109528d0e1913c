// SPDX-License-Identifier: GPL-2.0-or-later
// Port: what slurmctld is set to, and what its clock says. For `sluice doctor` only: no turn needs
// it.
#pragma once

#include "common/base/instant.hpp"
#include "common/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::ports {

struct ControllerSettings {
    std::string version;              // "24.11.5"
    std::vector<std::string> enforce; // of AccountingStorageEnforce: "limits", "qos", ...
    std::vector<std::string> job_submit_plugins;
    std::int64_t decay_half_life_s = 0; // 0: usage does not decay
    std::string usage_reset;            // PriorityUsageResetPeriod: "none", "monthly", ...
    std::int64_t clock_ahead_s = 0;     // of ours; negative: behind
};

// Thread-safe. Blocks for as long as libslurm does. unavailable: slurmctld is away.
class Inspector {
public:
    Inspector() = default;
    Inspector(const Inspector&) = delete;
    Inspector& operator=(const Inspector&) = delete;
    virtual ~Inspector() = default;

    virtual Result<ControllerSettings> controller() = 0;
};

} // namespace sluice::ports
