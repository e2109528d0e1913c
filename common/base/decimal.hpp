// SPDX-License-Identifier: GPL-2.0-or-later
// An exact decimal with at most nine digits after the point, for weights, factors, ratios and
// granted hours. Never a binary floating point: 0.1 is 0.1.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

class Decimal {
public:
    static constexpr std::int64_t kScale = 1'000'000'000;

    constexpr Decimal() = default;
    static constexpr Decimal raw(std::int64_t scaled) { return Decimal{scaled}; }
    // REQUIRES: |whole| <= 9'223'372'036
    static constexpr Decimal whole(std::int64_t whole) { return Decimal{whole * kScale}; }
    // "12", "-0.5", "1.25e3". nullopt: not a decimal number, more than nine digits after the point,
    // or out of range.
    static std::optional<Decimal> parse(std::string_view text);

    // The value times kScale.
    constexpr std::int64_t scaled() const { return scaled_; }
    constexpr bool is_negative() const { return scaled_ < 0; }
    constexpr bool is_zero() const { return scaled_ == 0; }
    // Shortest exact text: "0.2", "6000", "-1.5".
    std::string text() const;

    friend constexpr auto operator<=>(const Decimal&, const Decimal&) = default;

private:
    explicit constexpr Decimal(std::int64_t scaled) : scaled_(scaled) {}
    std::int64_t scaled_ = 0;
};

} // namespace sluice
