// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/model/calendar.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace sluice::model {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month;
using std::chrono::year_month_day;
using std::chrono::year_month_day_last;

namespace {

// 0: the length is in months.
int length_in_days(const PeriodRule& rule) {
    if (rule.kind == PeriodKind::week)
        return 7;
    const bool in_days = rule.kind == PeriodKind::custom && rule.months < 1;
    return in_days ? std::clamp(rule.days, 1, 36500) : 0;
}

int length_in_months(const PeriodRule& rule) {
    switch (rule.kind) {
    case PeriodKind::week:
        break;
    case PeriodKind::month:
        return 1;
    case PeriodKind::quarter:
        return 3;
    case PeriodKind::year:
        return 12;
    case PeriodKind::custom:
        return std::clamp(rule.months, 1, 1200);
    case PeriodKind::total:
        break;
    }
    return 0;
}

year_month_day anchor(const PeriodRule& rule) {
    const year_month_day fallback{year{1970}, month{1}, day{1}};
    if (rule.kind == PeriodKind::week && rule.week_begins.ok())
        return sys_days{fallback} + (rule.week_begins - std::chrono::Thursday);
    if (rule.kind != PeriodKind::custom || !rule.anchor.ok())
        return fallback;
    const auto y = static_cast<int>(rule.anchor.year());
    return y < 1 || y > 9998 ? fallback : rule.anchor;
}

int months_between(year_month_day from, year_month_day to) {
    return static_cast<int>(
        (year_month{to.year(), to.month()} - year_month{from.year(), from.month()}).count());
}

int floor_divide(int a, int b) {
    return a / b - (a % b != 0 && a < 0 ? 1 : 0);
}

// ISO 8601: a week belongs to the year of its Thursday.
std::string week_label(year_month_day first) {
    const year_month_day thursday = sys_days{first} + days{3};
    const auto new_year = sys_days{year_month_day{thursday.year(), month{1}, day{1}}};
    const int week = static_cast<int>((sys_days{thursday} - new_year).count()) / 7 + 1;
    return date_text(thursday).substr(0, 4) + (week < 10 ? "-W0" : "-W") + std::to_string(week);
}

// {YYYY} and so on, see PeriodRule::label.
std::string filled(std::string_view format, year_month_day first, year_month_day after,
                   int number) {
    const std::string from = date_text(first);
    const std::string next = date_text(after);
    const std::pair<std::string_view, std::string> kFields[] = {
        {"{YYYY}", from.substr(0, 4)},   {"{YY}", from.substr(2, 2)},
        {"{MM}", from.substr(5, 2)},     {"{DD}", from.substr(8, 2)},
        {"{YYYY+1}", next.substr(0, 4)}, {"{YY+1}", next.substr(2, 2)},
        {"{N}", std::to_string(number)}};
    std::string out;
    while (!format.empty()) {
        const auto* field =
            std::find_if(std::begin(kFields), std::end(kFields),
                         [&](const auto& one) { return format.starts_with(one.first); });
        const bool found = field != std::end(kFields);
        out += found ? std::string_view(field->second) : format.substr(0, 1);
        format.remove_prefix(found ? field->first.size() : 1);
    }
    return out;
}

} // namespace

year_month_day first_day(const PeriodRule& rule, int n) {
    const year_month_day start = anchor(rule);
    if (const int length = length_in_days(rule); length > 0)
        return sys_days{start} + days{n * length};
    const year_month at =
        year_month{start.year(), start.month()} + months{n * length_in_months(rule)};
    const day last = year_month_day_last{at.year(), std::chrono::month_day_last{at.month()}}.day();
    return {at.year(), at.month(), std::min(start.day(), last)};
}

int number_near(const PeriodRule& rule, year_month_day date) {
    const int length = length_in_days(rule);
    if (length == 0)
        return floor_divide(months_between(anchor(rule), date), length_in_months(rule));
    return floor_divide(static_cast<int>((sys_days{date} - sys_days{anchor(rule)}).count()),
                        length);
}

std::string label(const PeriodRule& rule, int n) {
    const auto first = first_day(rule, n);
    const std::string date = date_text(first);
    switch (rule.kind) {
    case PeriodKind::week:
        return rule.week_begins == std::chrono::Monday ? week_label(first) : date;
    case PeriodKind::month:
        return date.substr(0, 7);
    case PeriodKind::quarter:
        return date.substr(0, 4) + "-Q" +
               std::to_string((static_cast<unsigned>(first.month()) - 1) / 3 + 1);
    case PeriodKind::year:
        return date.substr(0, 4);
    case PeriodKind::custom:
        return rule.label.empty() ? date : filled(rule.label, first, first_day(rule, n + 1), n + 1);
    case PeriodKind::total:
        break;
    }
    return date;
}

std::optional<std::string> repeated_label(const PeriodRule& rule) {
    constexpr int kPeriods = 400;
    constexpr int kYears = 90; // {YY} repeats after 100
    std::set<std::string> seen;
    const auto last = first_day(rule, 0).year() + std::chrono::years{kYears};
    for (int n = 0; n < kPeriods && first_day(rule, n).year() < last; ++n)
        if (auto text = label(rule, n); !seen.insert(text).second)
            return text;
    return std::nullopt;
}

} // namespace sluice::model
