// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/numbers.hpp"

namespace sluice::format {
namespace {

// `scaled` in units of 10^-places.
std::string fixed(std::int64_t scaled, std::size_t places) {
    std::string text = std::to_string(scaled);
    const std::size_t sign = scaled < 0 ? 1 : 0;
    if (text.size() <= sign + places)
        text.insert(sign, sign + places + 1 - text.size(), '0');
    return text.insert(text.size() - places, 1, '.');
}

std::string without_zeros(std::string text) {
    while (text.back() == '0')
        text.pop_back();
    if (text.back() == '.')
        text.pop_back();
    return text;
}

} // namespace

std::string units_text(Amount amount, const model::Component& component) {
    const Wide factor = component.unit_factor.scaled();
    if (factor <= 0)
        return std::to_string(amount);
    // Below one unit, two places would show small figures as 0.
    const bool small = Wide{amount} * Decimal::kScale < factor * 60;
    const Wide one = small ? 10'000 : 100;
    const auto scaled = narrow(divide_half_up(Wide{amount} * one * Decimal::kScale, factor * 60));
    return scaled ? without_zeros(fixed(*scaled, small ? 4 : 2)) : std::to_string(amount);
}

std::string percent_text(std::optional<std::int64_t> hundredths) {
    if (!hundredths)
        return "-";
    return fixed(static_cast<std::int64_t>(divide_half_up(*hundredths, 10)), 1);
}

std::string share_text(std::optional<std::int64_t> hundredths) {
    return hundredths ? percent_text(hundredths) + " %" : "-";
}

std::string moment_text(const Zone& zone, Instant at) {
    const Local local = zone.local(at);
    const auto date = local.date();
    return zone.start_of_day(date) == at ? date_text(date) : local_text(zone, at);
}

} // namespace sluice::format
