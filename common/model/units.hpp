// SPDX-License-Identifier: GPL-2.0-or-later
// TRES-seconds in the unit that the site grants (hours, unless unit_factor says otherwise), for
// people and programs to read. Nothing is decided from it.
#pragma once

#include "common/base/amount.hpp"
#include "common/model/tres.hpp"

#include <cstdint>
#include <optional>

namespace sluice::model {

inline constexpr int kUnitPlaces = 6;

// Millionths of the component's unit, halves away from zero. nullopt: does not fit.
// unit_factor is in TRES-minutes, hence the 60.
inline std::optional<std::int64_t> unit_millionths(Amount amount, const Component& component) {
    if (component.unit_factor.scaled() <= 0)
        return std::nullopt;
    const Wide numerator = Wide{amount} * Decimal::kScale * 1'000'000;
    return narrow(divide_half_up(numerator, Wide{component.unit_factor.scaled()} * 60));
}

} // namespace sluice::model
