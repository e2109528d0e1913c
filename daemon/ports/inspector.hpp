// SPDX-License-Identifier: GPL-2.0-or-later
// Port: settings and clock of slurmctld, and the daemon's rights in slurmdbd. For `sluice doctor`
// only: no cycle needs it.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ports {

// Of a user in slurmdbd. Changes need op or administrator.
enum class AdminLevel {
    no_answer, // of slurmdbd
    no_user,   // slurmdbd has no such user
    none,
    op,
    administrator,
};

constexpr std::string_view name(AdminLevel level) {
    constexpr std::string_view kNames[] = {"", "unknown", "none", "operator", "administrator"};
    return kNames[static_cast<std::size_t>(level)];
}

struct Rights {
    std::string user; // of the daemon's process
    AdminLevel admin_level = AdminLevel::no_answer;
};

struct ControllerSettings {
    std::string version;   // "24.11.5"
    std::string built_for; // the release of the libslurm headers: "22.05.8"
    Rights rights;
    std::vector<std::string> enforce; // of AccountingStorageEnforce: "limits", "qos", ...
    std::vector<std::string> job_submit_plugins;
    std::int64_t decay_half_life_s = 0; // 0: usage does not decay
    std::string usage_reset;            // PriorityUsageResetPeriod: "none", "monthly", ...
    std::int64_t clock_ahead_s = 0;     // slurmctld's, of this host's; negative: behind
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
