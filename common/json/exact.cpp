// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/json/exact.hpp"

#include "common/base/text.hpp"

#include <cmath>
#include <cstdio>
#include <string>

namespace sluice::json {

// Fifteen digits are what a binary number gives back as they were written.
std::optional<Decimal> decimal_of(View value) {
    if (value.is_string())
        return Decimal::parse(trim(value.text()));
    if (value.is_integer())
        return Decimal::parse(std::to_string(value.integer()));
    if (!value.is_number() || !std::isfinite(value.number()))
        return std::nullopt;
    char text[400];
    std::snprintf(text, sizeof text, "%.15g", value.number());
    if (auto exact = Decimal::parse(text))
        return exact;
    std::snprintf(text, sizeof text, "%.9f", value.number());
    return Decimal::parse(text);
}

} // namespace sluice::json
