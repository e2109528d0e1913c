// SPDX-License-Identifier: GPL-2.0-or-later
// Whole TRES-seconds and the exact integer arithmetic on them. Nothing here wraps: what does not
// fit is nullopt.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice {

// TRES-seconds: one CPU (GPU, node, MB of memory ...) for one second. Slurm itself counts in these.
using Amount = std::int64_t;

__extension__ using Wide = __int128;

inline std::optional<Amount> narrow(Wide value) {
    if (value > INT64_MAX || value < INT64_MIN)
        return std::nullopt;
    return static_cast<Amount>(value);
}

inline std::optional<Wide> multiply(Wide a, Wide b) {
    Wide product = 0;
    if (__builtin_mul_overflow(a, b, &product))
        return std::nullopt;
    return product;
}

inline std::optional<Wide> add(Wide a, Wide b) {
    Wide sum = 0;
    if (__builtin_add_overflow(a, b, &sum))
        return std::nullopt;
    return sum;
}

// Nearest integer to numerator / denominator, halves away from zero. REQUIRES: denominator > 0
inline Wide divide_half_up(Wide numerator, Wide denominator) {
    const Wide quotient = numerator / denominator;
    const Wide rest = numerator % denominator;
    const Wide magnitude = rest < 0 ? -rest : rest;
    if (magnitude >= denominator - magnitude)
        return numerator < 0 ? quotient - 1 : quotient + 1;
    return quotient;
}

} // namespace sluice
