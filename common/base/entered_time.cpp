// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/entered_time.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {
namespace {

using std::chrono::seconds;
using std::chrono::year_month_day;

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
std::optional<seconds> distance(std::string_view given) {
    std::string text;
    for (const char c : given)
        if (c != ' ')
            text += c;
    if (text.empty())
        return seconds{0};
    const bool back = text.front() == '-';
    if (!back && text.front() != '+')
        return std::nullopt;
    std::int64_t count = 0;
    const char* const last = text.data() + text.size();
    const auto [end, fault] = std::from_chars(text.data() + 1, last, count);
    if (fault != std::errc{} || count < 0 || count > kMax)
        return std::nullopt;
    const auto each = unit({end, static_cast<std::size_t>(last - end)});
    if (!each || count * *each > kMax)
        return std::nullopt;
    return seconds{back ? -count * *each : count * *each};
}

// "z", "+02:00", "-0330" at the end of a stamp; takes it off.
std::optional<seconds> take_offset(std::string_view& text) {
    if (text.ends_with('z')) {
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

// Reads a text from its begin; what was read is gone from `rest`.
struct Cursor {
    std::string_view rest;

    bool word(std::string_view expected) {
        if (!rest.starts_with(expected))
            return false;
        rest.remove_prefix(expected.size());
        return true;
    }
    bool one_of(std::string_view characters) {
        if (rest.empty() || characters.find(rest.front()) == std::string_view::npos)
            return false;
        rest.remove_prefix(1);
        return true;
    }
    std::size_t digits() const {
        const auto end = rest.find_first_not_of("0123456789");
        return end == std::string_view::npos ? rest.size() : end;
    }
    // A number of `shortest` to `longest` digits, of the first `longest` at most.
    std::optional<int> number(std::size_t shortest, std::size_t longest) {
        const std::size_t length = std::min(digits(), longest);
        if (length < shortest)
            return std::nullopt;
        int out = 0;
        for (const char c : rest.substr(0, length))
            out = out * 10 + (c - '0');
        rest.remove_prefix(length);
        return out;
    }
};

struct Date {
    int year = 0; // 0: not named
    int month = 0;
    int day = 0;
};

// "2026-12-01"
std::optional<Date> iso_date(Cursor& at) {
    const auto year = at.number(4, 4);
    if (!year || !at.word("-"))
        return std::nullopt;
    const auto month = at.number(1, 2);
    if (!month || !at.word("-"))
        return std::nullopt;
    const auto day = at.number(1, 2);
    return day ? std::optional(Date{*year, *month, *day}) : std::nullopt;
}

// "1201", "120126", "12/01", "12/1/26", "12.01.2026"
std::optional<Date> american_date(Cursor& at) {
    const std::size_t together = at.digits();
    if (together > 2) {
        if (together != 4 && together != 6)
            return std::nullopt;
        const int month = *at.number(2, 2);
        const int day = *at.number(2, 2);
        return Date{together == 6 ? 2000 + *at.number(2, 2) : 0, month, day};
    }
    const auto month = at.number(1, 2);
    if (!month || !at.one_of("/."))
        return std::nullopt;
    const auto day = at.number(1, 2);
    if (!day)
        return std::nullopt;
    if (!at.one_of("/."))
        return Date{0, *month, *day};
    const std::size_t length = at.digits();
    const auto year = at.number(2, 4);
    if (!year || (length != 2 && length != 4))
        return std::nullopt;
    return Date{length == 2 ? 2000 + *year : *year, *month, *day};
}

// "9:05", "12:00:30", "3:15pm"
std::optional<seconds> clock_time(Cursor& at) {
    const auto hour = at.number(1, 2);
    if (!hour || !at.word(":"))
        return std::nullopt;
    const auto minute = at.number(2, 2);
    const auto second = at.word(":") ? at.number(2, 2) : std::optional(0);
    if (!minute || !second || *hour > 23 || *minute > 59 || *second > 59)
        return std::nullopt;
    int shown = *hour;
    Cursor half = at;
    while (half.word(" ")) {
    }
    const bool pm = half.word("pm");
    if (pm || half.word("am")) {
        if (shown > 12)
            return std::nullopt;
        shown = shown % 12 + (pm ? 12 : 0);
        at = half;
    }
    return seconds{shown * 3600 + *minute * 60 + *second};
}

std::optional<seconds> named_time(Cursor& at) {
    struct Named {
        std::string_view name;
        int hour;
    };
    constexpr Named kNamed[] = {{"midnight", 0}, {"noon", 12}, {"fika", 15}, {"teatime", 16}};
    for (const auto& each : kNamed)
        if (at.word(each.name))
            return seconds{each.hour * 3600};
    return std::nullopt;
}

year_month_day days_after(year_month_day day, int days) {
    return year_month_day{std::chrono::local_days{day} + std::chrono::days{days}};
}

struct Moment {
    std::optional<Date> date;
    std::optional<seconds> time;
};

Date of(year_month_day day) {
    return {int{day.year()}, static_cast<int>(unsigned{day.month()}),
            static_cast<int>(unsigned{day.day()})};
}

std::optional<Date> any_date(Cursor& at, year_month_day today) {
    if (at.word("today"))
        return of(today);
    if (at.word("tomorrow"))
        return of(days_after(today, 1));
    const bool iso = at.digits() == 4 && at.rest.substr(4).starts_with('-') &&
                     at.rest.find('-', 5) != std::string_view::npos;
    Cursor tried = at;
    if (iso)
        if (const auto date = iso_date(tried)) {
            at = tried;
            return date;
        }
    return american_date(at);
}

// Date and time in either order, each at most once, at least one of them.
std::optional<Moment> moment_of(std::string_view text, year_month_day today) {
    Moment out;
    Cursor at{text};
    for (bool first = true; !at.rest.empty(); first = false) {
        if (!first) {
            if (!at.one_of(" -t"))
                return std::nullopt;
            while (at.word(" ")) {
            }
        }
        const std::size_t digits = at.digits();
        const bool clock = digits > 0 && at.rest.substr(digits).starts_with(':');
        const auto time = clock ? clock_time(at) : named_time(at);
        const auto date = time || clock ? std::nullopt : any_date(at, today);
        if ((!time && !date) || (time && out.time) || (date && out.date))
            return std::nullopt;
        out.time = time ? time : out.time;
        out.date = date ? date : out.date;
    }
    return out.date || out.time ? std::optional(out) : std::nullopt;
}

std::optional<year_month_day> day_of(const Date& date, int year) {
    const year_month_day day{std::chrono::year{year},
                             std::chrono::month{static_cast<unsigned>(date.month)},
                             std::chrono::day{static_cast<unsigned>(date.day)}};
    return year >= 1970 && year < 3000 && day.ok() ? std::optional(day) : std::nullopt;
}

Instant instant_of(year_month_day day, std::optional<seconds> time, const Zone& zone) {
    return time && time->count() != 0 ? zone.instant(std::chrono::local_days{day} + *time)
                                      : zone.start_of_day(day);
}

std::optional<Instant> resolved(const Moment& moment, const Zone& zone, Instant now,
                                Entered entered) {
    const auto today = zone.local(now).date();
    if (!moment.date) {
        const Instant at = instant_of(today, moment.time, zone);
        return entered == Entered::coming && at <= now
                   ? instant_of(days_after(today, 1), moment.time, zone)
                   : at;
    }
    const int named = moment.date->year;
    const int year = named != 0 ? named : int{today.year()};
    auto day = day_of(*moment.date, year);
    if (day && named == 0) {
        const Instant at = instant_of(*day, moment.time, zone);
        if (entered == Entered::coming && at <= now)
            day = day_of(*moment.date, year + 1);
        else if (entered == Entered::past && at > now)
            day = day_of(*moment.date, year - 1);
    }
    return day ? std::optional(instant_of(*day, moment.time, zone)) : std::nullopt;
}

std::optional<Instant> read(std::string_view text, const Zone& zone, Instant now, Entered entered) {
    if (text.starts_with("now")) {
        const auto away = distance(text.substr(3));
        return away ? std::optional(now + *away) : std::nullopt;
    }
    if (text.starts_with("uts")) {
        const auto epoch = whole_number<std::int64_t>(text.substr(3));
        return epoch && *epoch >= 1'000'000 && *epoch < kMax * 10 ? std::optional(instant(*epoch))
                                                                  : std::nullopt;
    }
    const auto offset = take_offset(text);
    const Zone utc;
    const auto moment = moment_of(text, zone.local(now).date());
    if (!moment || (offset && !moment->date))
        return std::nullopt;
    const auto at = resolved(*moment, offset ? utc : zone, now, entered);
    return at && offset ? std::optional(*at - *offset) : at;
}

} // namespace

Result<Instant> parse_instant(const std::string& text, const Zone& zone, Instant now,
                              Entered entered) {
    if (text.size() <= 64)
        if (const auto at = read(lower(text), zone, now, entered))
            return *at;
    return Error{Errc::malformed,
                 "'" + text +
                     "' is not a time; write 2026-12-01, 12/01/26, 2026-12-01T12:00, "
                     "2026-12-01T12:00:00Z, tomorrow, noon or now+3days"};
}

} // namespace sluice
