// SPDX-License-Identifier: GPL-2.0-or-later
// Reads and evaluates the POSIX TZ rule. Pure.
#include "common/base/zone_rule.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::zone_rule {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::int64_t kDay = 86400;

class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}
    bool done() const { return text_.empty(); }
    char next() const { return text_.empty() ? '\0' : text_.front(); }
    bool take(char c) {
        if (next() != c)
            return false;
        text_.remove_prefix(1);
        return true;
    }
    // At least three letters, or <...> with digits and signs too.
    bool name() {
        if (take('<')) {
            const auto end = text_.find('>');
            if (end == std::string_view::npos || end < 3)
                return false;
            text_.remove_prefix(end + 1);
            return true;
        }
        std::size_t length = 0;
        while (length < text_.size() && is_letter(text_[length]))
            ++length;
        text_.remove_prefix(length);
        return length >= 3;
    }
    std::optional<int> number(int low, int high) {
        int value = 0;
        std::size_t length = 0;
        for (; length < text_.size() && length < 4 && text_[length] >= '0' && text_[length] <= '9';
             ++length)
            value = value * 10 + (text_[length] - '0');
        text_.remove_prefix(length);
        if (length == 0 || value < low || value > high)
            return std::nullopt;
        return value;
    }
    // [+-]hh[:mm[:ss]]
    std::optional<std::int64_t> time(int max_hours) {
        const bool negative = take('-');
        if (!negative)
            take('+');
        const auto hours = number(0, max_hours);
        if (!hours)
            return std::nullopt;
        std::int64_t total = std::int64_t{*hours} * 3600;
        for (const std::int64_t unit : {60, 1}) {
            if (!take(':'))
                break;
            const auto part = number(0, 59);
            if (!part)
                return std::nullopt;
            total += *part * unit;
        }
        return negative ? -total : total;
    }

private:
    static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
    std::string_view text_;
};

std::optional<When> day_of(Scanner& in) {
    When when;
    std::optional<int> value;
    if (in.take('M')) {
        const auto month = in.number(1, 12);
        const auto week = month && in.take('.') ? in.number(1, 5) : std::nullopt;
        const auto weekday = week && in.take('.') ? in.number(0, 6) : std::nullopt;
        if (!weekday)
            return std::nullopt;
        when.month = *month;
        when.week = *week;
        when.weekday = *weekday;
        return when;
    }
    when.kind = in.take('J') ? DayKind::julian : DayKind::zero_based;
    value = when.kind == DayKind::julian ? in.number(1, 365) : in.number(0, 365);
    if (!value)
        return std::nullopt;
    when.day = *value;
    return when;
}

std::optional<When> when_of(Scanner& in) {
    auto when = day_of(in);
    if (when && in.take('/')) {
        const auto second = in.time(167);
        if (!second)
            return std::nullopt;
        when->second = *second;
    }
    return when;
}

// Seconds since the epoch at local midnight of that day, as if local time were UTC.
std::int64_t midnight(const When& when, std::chrono::year year) {
    using namespace std::chrono;
    const sys_days january{year / January / 1};
    days day{};
    if (when.kind == DayKind::zero_based) {
        day = days{january.time_since_epoch()} + days{when.day};
    } else if (when.kind == DayKind::julian) {
        const bool after_february = year.is_leap() && when.day >= 60;
        day = days{january.time_since_epoch()} + days{when.day - 1 + (after_february ? 1 : 0)};
    } else {
        const year_month month = year / std::chrono::month{static_cast<unsigned>(when.month)};
        const weekday wanted{static_cast<unsigned>(when.weekday)};
        if (when.week == 5)
            day = sys_days{month / wanted[last]}.time_since_epoch();
        else
            day = sys_days{month / wanted[static_cast<unsigned>(when.week)]}.time_since_epoch();
    }
    return std::int64_t{day.count()} * kDay;
}

std::chrono::year year_of(std::int64_t at) {
    // chrono's years end at 32767: farther out the calendar is of no use to anybody.
    constexpr std::int64_t kFar = 900'000'000'000;
    const std::int64_t bounded = std::clamp(at, -kFar, kFar);
    const sys_days day{
        std::chrono::floor<days>(std::chrono::sys_seconds{std::chrono::seconds{bounded}})};
    return std::chrono::year_month_day{day}.year();
}

} // namespace

std::optional<Rule> parse(std::string_view text) {
    Scanner in(text);
    Rule rule;
    if (!in.name())
        return std::nullopt;
    const auto west = in.time(24);
    if (!west)
        return std::nullopt;
    rule.standard = -*west; // POSIX counts hours behind UTC
    if (in.done())
        return rule;
    rule.has_dst = true;
    rule.dst = rule.standard + 3600;
    if (!in.name())
        return std::nullopt;
    if (in.next() != ',') {
        const auto dst_west = in.time(24);
        if (!dst_west)
            return std::nullopt;
        rule.dst = -*dst_west;
    }
    const auto start = in.take(',') ? when_of(in) : std::nullopt;
    const auto end = start && in.take(',') ? when_of(in) : std::nullopt;
    if (!end || !in.done())
        return std::nullopt;
    rule.start = *start;
    rule.end = *end;
    return rule;
}

std::vector<std::pair<std::int64_t, std::int64_t>> changes(const Rule& rule, std::int64_t from,
                                                           std::int64_t to) {
    std::vector<std::pair<std::int64_t, std::int64_t>> all;
    if (!rule.has_dst)
        return all;
    // A rule's hours reach a week beyond its year.
    for (auto year = year_of(from) - std::chrono::years{1};
         year <= year_of(to) + std::chrono::years{1}; ++year) {
        all.emplace_back(midnight(rule.start, year) + rule.start.second - rule.standard, rule.dst);
        all.emplace_back(midnight(rule.end, year) + rule.end.second - rule.dst, rule.standard);
    }
    // Stable: where DST ends and begins at one instant (permanent DST), the later year's start
    // wins.
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::erase_if(all, [&](const auto& c) { return c.first < from || c.first > to; });
    return all;
}

std::int64_t offset(const Rule& rule, std::int64_t at) {
    if (!rule.has_dst)
        return rule.standard;
    constexpr std::int64_t kTwoYears = 2 * 366 * kDay;
    const auto found = changes(rule, at - kTwoYears, at);
    return found.empty() ? rule.standard : found.back().second;
}

} // namespace sluice::zone_rule
