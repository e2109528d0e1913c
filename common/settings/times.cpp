// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/times.hpp"

#include "common/base/decimal.hpp"
#include "common/base/text.hpp"

#include <array>
#include <cstdio>
#include <optional>

namespace sluice::settings {
namespace {

std::optional<std::int64_t> parse_seconds(const Node& node, std::int64_t longest) {
    if (!node.is_scalar() || node.text().empty())
        return std::nullopt;
    std::string text = node.text();
    std::int64_t unit = 1;
    if (text.back() == 's' || text.back() == 'm' || text.back() == 'h') {
        unit = text.back() == 's' ? 1 : text.back() == 'm' ? 60 : 3600;
        text.pop_back();
    } else if (node.quoted()) {
        return std::nullopt;
    }
    const auto value = Decimal::parse(trim(text));
    if (!value || value->scaled() % Decimal::kScale != 0)
        return std::nullopt;
    const std::int64_t whole = value->scaled() / Decimal::kScale;
    if (whole < 0 || whole > longest || whole * unit > longest)
        return std::nullopt;
    return whole * unit;
}

} // namespace

void read_duration(MapReader& map, std::string_view key, std::chrono::seconds& out,
                   std::chrono::seconds shortest, std::chrono::seconds longest) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    const auto seconds = parse_seconds(*node, longest.count());
    if (seconds && *seconds >= shortest.count())
        out = std::chrono::seconds{*seconds};
    else
        map.errors().add(node->place(), std::string(key) + ": expected seconds from " +
                                            std::to_string(shortest.count()) + " to " +
                                            std::to_string(longest.count()) +
                                            ", or 30s, 5m, 1h, found " + describe(*node));
}

namespace {

std::optional<int> digits(std::string_view text) {
    if (text.empty())
        return std::nullopt;
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

// "12:00" or "12:00:00"
std::optional<std::chrono::seconds> parse_clock(std::string_view text) {
    if ((text.size() != 5 && text.size() != 8) || text[2] != ':' ||
        (text.size() == 8 && text[5] != ':'))
        return std::nullopt;
    const auto hour = digits(text.substr(0, 2));
    const auto minute = digits(text.substr(3, 2));
    const auto second = text.size() == 8 ? digits(text.substr(6, 2)) : std::optional(0);
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59)
        return std::nullopt;
    return std::chrono::seconds{*hour * 3600 + *minute * 60 + *second};
}

} // namespace

std::optional<std::chrono::year_month_day> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-')
        return std::nullopt;
    const auto year = digits(text.substr(0, 4));
    const auto month = digits(text.substr(5, 2));
    const auto day = digits(text.substr(8, 2));
    if (!year || !month || !day || *year < 1970 || *year > 2999)
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    return date.ok() ? std::optional(date) : std::nullopt;
}

std::optional<std::chrono::local_seconds> parse_local(std::string_view text) {
    const auto day = parse_day(text.substr(0, 10));
    if (!day)
        return std::nullopt;
    const std::chrono::local_seconds midnight = std::chrono::local_days{*day};
    if (text.size() == 10)
        return midnight;
    const auto clock = parse_clock(text.substr(11));
    if (!clock || (text[10] != 'T' && text[10] != ' '))
        return std::nullopt;
    return midnight + *clock;
}

std::string local_text(std::chrono::local_seconds at) {
    const auto midnight = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day day{midnight};
    const auto seconds = (at - midnight).count();
    std::array<char, 64> text{};
    (void)std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", int{day.year()},
                        unsigned{day.month()}, unsigned{day.day()},
                        static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60),
                        static_cast<int>(seconds % 60));
    return text.data();
}

} // namespace sluice::settings
