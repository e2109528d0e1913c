// SPDX-License-Identifier: GPL-2.0-or-later
// Figures, percentages and instants as people read them. Rounded for the eye only: nothing is
// decided from these texts.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/tres.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::format {

// "1231", "2.31": units of the component, at most two places, half up; four places below one unit.
std::string units_text(Amount amount, const model::Component& component);
// "102.6": one place, half up; "-" without a value.
std::string percent_text(std::optional<std::int64_t> hundredths);
// "102.6 %"; "-" without a value.
std::string share_text(std::optional<std::int64_t> hundredths);
// "2026-11-01" when that is a local midnight, else with the time of day.
std::string moment_text(const Zone& zone, Instant at);

} // namespace sluice::format
