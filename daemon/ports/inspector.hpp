// SPDX-License-Identifier: GPL-2.0-or-later
// Port: what slurmctld is set to, what its clock says, and what slurmdbd lets us do. For `sluice
// doctor` only: no cycle needs it.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::ports {

// Changes need "operator" or "administrator".
struct Rights {
    std::string user;        // who we run as
    std::string admin_level; // "none"; "unknown": slurmdbd has no such user; "": it did not answer
};

struct ControllerSettings {
    std::string version;   // "24.11.5"
    std::string built_for; // the release of our libslurm: "22.05.8"
    Rights rights;
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
