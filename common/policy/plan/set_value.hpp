// SPDX-License-Identifier: GPL-2.0-or-later
// How a value that Sluice sets in Slurm is followed from cycle to cycle. `now`: what Slurm has;
// nullopt: no limit.
#pragma once

#include "common/model/history.hpp"

#include <cstdint>
#include <optional>

namespace sluice::policy {

// What the cycle before asked for may be there by now.
inline void note_arrival(model::SetValue& value, std::optional<std::int64_t> now) {
    if (value.asked && value.asked == now)
        value.in_force = value.asked;
    value.asked.reset();
}

// Slurm still has Sluice's value. Another one was set by a person, and a restore leaves it.
inline bool is_ours(const model::SetValue& value, std::optional<std::int64_t> now) {
    return value.in_force && value.in_force == now;
}

// Slurm had Sluice's value and has another one now.
inline bool is_drifted(const model::SetValue& value, std::optional<std::int64_t> now) {
    return value.in_force && value.in_force != now;
}

} // namespace sluice::policy
