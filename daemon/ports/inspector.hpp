// SPDX-License-Identifier: GPL-2.0-or-later
// Port: settings and clock of slurmctld, and the daemon's rights in slurmdbd. For `sluice doctor`
// only: no cycle needs it.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/model/policy.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
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

// A QOS, as far as it concerns Sluice.
struct QosSettings {
    std::string name;
    std::int64_t priority = 0;
    std::int64_t usage_factor = 1000; // thousandths
    bool limited = false;             // what runs, or for how long, is limited; or it is preempted
    bool refuses = false;             // no job may be submitted: GrpSubmitJobs=0 or its like
    bool holds = false;               // no job starts: GrpJobs=0 or its like
};

// After what time slurmdbd deletes records.
struct PurgeAfter {
    enum class Unit { hours, days, months };
    std::int64_t count = 0;
    Unit unit = Unit::months;
};

// What slurmctld or slurmdbd is set to and the policies do not go with.
struct SlurmFinding {
    bool fault = false; // else worth knowing
    std::string what;
    std::string remedy;
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
    std::uint32_t qos_weight = 0;       // PriorityWeightQOS
    std::vector<QosSettings> qos = {};  // empty: slurmdbd does not answer
    std::optional<PurgeAfter> purge_usage_after = {}; // nullopt: never, or slurmdbd does not answer
    std::vector<SlurmFinding> findings = {};
};

// Thread-safe. Blocks for as long as libslurm does. unavailable: slurmctld is away.
class Inspector {
public:
    Inspector() = default;
    Inspector(const Inspector&) = delete;
    Inspector& operator=(const Inspector&) = delete;
    virtual ~Inspector() = default;

    // `set`: what the findings are about.
    virtual Result<ControllerSettings> controller(const model::PolicySet& set) = 0;
};

} // namespace sluice::ports
