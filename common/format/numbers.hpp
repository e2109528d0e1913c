// SPDX-License-Identifier: GPL-2.0-or-later
// Figures, percentages and instants as people read them. Digits that have no place are cut off, so
// that no figure reads as a threshold that it is below. Nothing is decided from these texts.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/tres.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::format {

// "1231", "2.31": units of the component, at most two places; four places below one unit.
std::string units_text(Amount amount, const model::Component& component);
// "102.58"; "-" without a value.
std::string percent_text(std::optional<std::int64_t> hundredths);
// "102.58 %"; "-" without a value.
std::string share_text(std::optional<std::int64_t> hundredths);
// "2026-11-01" when that is a midnight of the zone, else "2026-11-01T12:00:00+02:00".
std::string moment_text(const Zone& zone, Instant at);

} // namespace sluice::format
