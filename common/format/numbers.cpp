// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/numbers.hpp"

#include "common/base/text.hpp"

namespace sluice::format {
namespace {

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
    const Wide size = Wide{amount < 0 ? -amount : amount} * Decimal::kScale;
    const bool small = size < factor * 60;
    const Wide one = small ? 10'000 : 100;
    const auto scaled = narrow(Wide{amount} * one * Decimal::kScale / (factor * 60));
    return scaled ? without_zeros(fixed_point(*scaled, small ? 4 : 2)) : std::to_string(amount);
}

std::string percent_text(std::optional<std::int64_t> hundredths) {
    return hundredths ? fixed_point(*hundredths, 2) : "-";
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
