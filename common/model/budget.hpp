// SPDX-License-Identifier: GPL-2.0-or-later
// What the plugin needs to check a job against the remaining allocation. Values only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

// Whether a submission tells how much of a TRES its job will have. Slurm prices `billing` when the
// job starts, and the plugin reads neither licenses nor burst buffers.
inline bool is_known_before(std::string_view tres) {
    return tres != "billing" && !tres.starts_with("license/") && !tres.starts_with("bb/");
}

// What happens to a job that asks for more than what remains.
enum class BudgetCheck { off, warn, refuse };

// Points of a measure per TRES-second.
struct MeasureTerm {
    std::string tres;
    std::int64_t weight = 1; // > 0

    friend bool operator==(const MeasureTerm&, const MeasureTerm&) = default;
};

// How a budget counts: one component, or the weighted sum of several. TRES-seconds times weights
// are points; `per_unit` of them are one unit for people.
struct Measure {
    std::string name; // of the component, or "billing"
    std::int64_t per_unit = 1;
    std::vector<MeasureTerm> terms;

    friend bool operator==(const Measure&, const Measure&) = default;
};

struct Budget {
    std::uint32_t measure = 0; // index in the snapshot's measures
    std::int64_t left = 0;     // points to the grace limit, >= 0

    friend bool operator==(const Budget&, const Budget&) = default;
};

// The same by value, as the journal keeps it.
struct KeptBudget {
    Measure measure;
    std::int64_t left = 0;

    friend bool operator==(const KeptBudget&, const KeptBudget&) = default;
};

// What an account was last checked against, for the time in which it cannot be evaluated.
struct KeptBudgets {
    BudgetCheck check = BudgetCheck::off;
    bool waits = false;           // as SnapshotAccount::waits
    std::vector<KeptBudget> list; // each `left` is at most a hundredth above the exact figure

    friend bool operator==(const KeptBudgets&, const KeptBudgets&) = default;
};

// A QOS whose jobs are charged more or less than they use.
struct QosFactor {
    std::string qos;
    std::int64_t millionths = 1'000'000; // its UsageFactor, >= 0

    friend bool operator==(const QosFactor&, const QosFactor&) = default;
};

// UsageFactor of the QOS that jobs of an association get which name none (assoc_mgr.c,
// assoc_mgr_get_default_qos_info). The most exact entry counts.
struct DefaultFactor {
    static constexpr std::uint32_t kAnyUser = UINT32_MAX;

    std::string account;
    std::uint32_t uid = kAnyUser;
    std::string partition = {}; // "": any
    std::int64_t millionths = 1'000'000;

    friend bool operator==(const DefaultFactor&, const DefaultFactor&) = default;
};

// What slurmctld knows of a partition and a submission leaves out.
struct Partition {
    std::string name;
    bool is_default = false;
    bool whole_nodes = false;                       // a job gets whole nodes in any case
    std::optional<std::uint32_t> minutes;           // limit of a job without --time; nullopt: none
    std::map<std::string, std::int64_t> least_node; // TRES name -> what every node has at least
    std::optional<std::uint32_t> longest = {};      // MaxTime; nullopt: none. For quotes, not sent

    friend bool operator==(const Partition&, const Partition&) = default;
};

} // namespace sluice::model
