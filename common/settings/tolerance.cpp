// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/tolerance.hpp"

#include "common/settings/times.hpp"

#include <chrono>
#include <string>

namespace sluice::settings {

using model::Action;

namespace {

constexpr std::chrono::seconds kLongestDwell = std::chrono::days{366};
constexpr std::int64_t kMostGraceDays = 3650;

} // namespace

void read_tolerance(MapReader& map, model::Policy& policy) {
    read_duration(map, "min_dwell", policy.min_dwell, std::chrono::seconds{0}, kLongestDwell);
    std::int64_t days = 0;
    map.read("grace_days", days, std::int64_t{0}, kMostGraceDays);
    policy.grace_days = static_cast<int>(days);
}

void check_tolerance(MapReader& map, const model::Policy& policy) {
    const auto refuse = [&](std::string_view key, const std::string& why) {
        map.errors().add(map.key_place(key), std::string(key) + why);
    };
    const bool progressive = policy.strategy == model::QosStrategy::progressive;
    const bool pauses = policy.has(Action::request_slurm_resource_pausing);
    if (policy.min_dwell.count() > 0 && !progressive && !pauses &&
        !policy.has(Action::request_slurm_resource_downscaling))
        refuse("min_dwell", " has no effect: no action sets a standing; list pause or downscale in "
                            "actions, or leave min_dwell out");
    if (policy.grace_days == 0)
        return;
    if (progressive)
        refuse("grace_days", " belongs to qos_strategy: threshold; leave it out, or the steps");
    else if (!pauses)
        refuse("grace_days",
               " has no effect without pausing; list pause in actions, or leave grace_days out");
    else if (policy.grace_ratio.is_zero())
        refuse("grace_days",
               " has no effect: without grace_ratio accounts are paused at 100 %; give "
               "a grace_ratio, or leave grace_days out");
}

} // namespace sluice::settings
