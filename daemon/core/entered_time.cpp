// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/entered_time.hpp"

#include "common/settings/times.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::core {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kMax = 366LL * 86400 * 100; // no instant is further away

std::optional<std::int64_t> unit(std::string_view word) {
    struct Unit {
        std::string_view name;
        std::int64_t seconds;
    };
    constexpr Unit kUnits[] = {
        {"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 604800}};
    if (word.empty())
        return 1;
    for (const auto& each : kUnits)
        if (word == each.name || (word.size() == 1 && word.front() == each.name.front()) ||
            (word.size() == each.name.size() + 1 && word.back() == 's' &&
             word.starts_with(each.name)))
            return each.seconds;
    return std::nullopt;
}

// What stands behind "now".
std::optional<seconds> distance(std::string_view text) {
    if (text.empty())
        return seconds{0};
    const bool back = text.front() == '-';
    if (!back && text.front() != '+')
        return std::nullopt;
    text.remove_prefix(1);
    std::int64_t count = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (fault != std::errc{} || count < 0 || count > kMax)
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto each = unit(text);
    if (!each || count * *each > kMax)
        return std::nullopt;
    return seconds{back ? -count * *each : count * *each};
}

// "Z", "+02:00", "-0330" at the end of a stamp; takes it off.
std::optional<seconds> take_offset(std::string_view& text) {
    if (text.ends_with('Z')) {
        text.remove_suffix(1);
        return seconds{0};
    }
    const auto sign = text.find_last_of("+-");
    if (sign == std::string_view::npos || sign < 16)
        return std::nullopt;
    std::string digits;
    for (const char c : text.substr(sign + 1))
        if (c != ':')
            digits += c;
    int value = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (fault != std::errc{} || end != digits.data() + digits.size() || digits.size() != 4 ||
        value / 100 > 14 || value % 100 > 59)
        return std::nullopt;
    const seconds offset{value / 100 * 3600 + value % 100 * 60};
    const bool west = text[sign] == '-';
    text = text.substr(0, sign);
    return west ? -offset : offset;
}

// "12/05/26", "12/05/2026", "12/05": as Slurm reads dates. Without a year: of `today`.
std::optional<std::chrono::year_month_day> american_day(std::string_view text,
                                                        std::chrono::year_month_day today) {
    int part[3] = {0, 0, static_cast<int>(today.year())};
    int count = 0;
    while (count < 3) {
        const auto [end, fault] =
            std::from_chars(text.data(), text.data() + text.size(), part[count]);
        const auto length = static_cast<std::size_t>(end - text.data());
        if (fault != std::errc{} || length == 0 || part[count] < 0 || (count < 2 && length > 2))
            return std::nullopt;
        if (count == 2 && length == 2)
            part[count] += 2000;
        text.remove_prefix(length);
        ++count;
        if (text.empty())
            break;
        if (text.front() != '/')
            return std::nullopt;
        text.remove_prefix(1);
    }
    const std::chrono::year_month_day day{std::chrono::year{part[2]},
                                          std::chrono::month{static_cast<unsigned>(part[0])},
                                          std::chrono::day{static_cast<unsigned>(part[1])}};
    const bool sane = part[2] >= 1970 && part[2] < 3000;
    return text.empty() && count >= 2 && sane && day.ok() ? std::optional(day) : std::nullopt;
}

// Days as people and Slurm name them; each begins at its midnight.
std::optional<std::chrono::year_month_day> named_day(std::string_view text, const Zone& zone,
                                                     Instant now) {
    const auto today = zone.local(now).date();
    if (text == "today")
        return today;
    if (text == "tomorrow")
        return std::chrono::year_month_day{std::chrono::local_days{today} + std::chrono::days{1}};
    return american_day(text, today);
}

} // namespace

Result<Instant> parse_instant(const std::string& text, const Zone& zone, Instant now) {
    std::string_view rest = text;
    if (rest.starts_with("now")) {
        if (const auto away = distance(rest.substr(3)))
            return now + *away;
    } else if (const auto day = named_day(rest, zone, now)) {
        return zone.start_of_day(*day);
    } else {
        const auto offset = take_offset(rest);
        if (const auto local = settings::parse_local(rest))
            return offset ? Instant{local->time_since_epoch()} - *offset : zone.instant(*local);
    }
    return Error{Errc::malformed,
                 "'" + text +
                     "' is not a time; write 2026-12-01, 12/01/26, 2026-12-01T12:00, "
                     "2026-12-01T12:00:00Z, tomorrow or now+3days"};
}

} // namespace sluice::core
