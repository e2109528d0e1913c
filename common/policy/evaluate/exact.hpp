// SPDX-License-Identifier: GPL-2.0-or-later
// Exact fractions for the core: comparisons that cannot overflow, conversions that are nullopt when
// the result does not fit.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/decimal.hpp"
#include "common/model/tres.hpp"

#include <compare>
#include <optional>

namespace sluice::policy {

// a/b against c/d by Euclid's algorithm, without a product. REQUIRES: a, c >= 0; b, d > 0
inline std::strong_ordering compare_fractions(Wide a, Wide b, Wide c, Wide d) {
    bool turned = false;
    while (true) {
        const Wide left = a / b;
        const Wide right = c / d;
        if (left != right)
            return (left < right) != turned ? std::strong_ordering::less
                                            : std::strong_ordering::greater;
        a %= b;
        c %= d;
        if (a == 0 && c == 0)
            return std::strong_ordering::equal;
        if (a == 0 || c == 0)
            return (a == 0) != turned ? std::strong_ordering::less : std::strong_ordering::greater;
        // a/b < c/d exactly when d/c < b/a
        const Wide old_a = a, old_c = c;
        a = b;
        c = d;
        b = old_a;
        d = old_c;
        turned = !turned;
    }
}

inline Wide greatest_divisor(Wide a, Wide b) {
    while (b != 0) {
        const Wide rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

// ceil(numerator / denominator). REQUIRES: numerator >= 0, denominator > 0; their sum fits
inline Wide rounded_up(Wide numerator, Wide denominator) {
    return (numerator + (denominator - 1)) / denominator;
}

// round_half_up(value * numerator / denominator). REQUIRES: denominator > 0
inline std::optional<Amount> scaled_amount(Wide value, Wide numerator, Wide denominator) {
    const Wide common = greatest_divisor(numerator < 0 ? -numerator : numerator, denominator);
    if (common > 1) {
        numerator /= common;
        denominator /= common;
    }
    const auto product = multiply(value, numerator);
    return product ? narrow(divide_half_up(*product, denominator)) : std::nullopt;
}

// Units of a component (hours by default) in TRES-seconds; unit_factor is in TRES-minutes.
inline std::optional<Amount> to_amount(Decimal units, const model::Component& component) {
    constexpr Wide kSquare = Wide{Decimal::kScale} * Decimal::kScale;
    return scaled_amount(units.scaled(), Wide{component.unit_factor.scaled()} * 60, kSquare);
}

// `percent` % of an amount.
inline std::optional<Amount> percent_of(Amount amount, Decimal percent) {
    return scaled_amount(amount, percent.scaled(), Wide{100} * Decimal::kScale);
}

} // namespace sluice::policy
