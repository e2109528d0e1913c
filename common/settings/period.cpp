// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/settings/period.hpp"

#include "common/base/text.hpp"
#include "common/model/calendar.hpp"
#include "common/settings/times.hpp"

#include <array>

namespace sluice::settings {

using model::PeriodKind;

namespace {

// Waldur's integers beside our words.
constexpr std::array<Choice<PeriodKind>, 9> kPeriods{{
    {"week", PeriodKind::week},
    {"month", PeriodKind::month},
    {"quarter", PeriodKind::quarter},
    {"year", PeriodKind::year},
    {"total", PeriodKind::total},
    {"1", PeriodKind::total},
    {"2", PeriodKind::month},
    {"3", PeriodKind::quarter},
    {"4", PeriodKind::year},
}};

void read_anchor(const Node& node, model::PeriodRule& period, Errors& errors) {
    const auto date = node.is_scalar() ? parse_day(node.text()) : std::nullopt;
    if (!date) {
        errors.add(node.place(),
                   "anchor: expected a date (YYYY-MM-DD) that exists, found " + describe(node));
        return;
    }
    // A period that begins on the 31st would have no first day in a shorter month.
    if (period.months > 0 && date->day() > std::chrono::day{28})
        errors.add(node.place(), "anchor: day " + std::to_string(unsigned{date->day()}) +
                                     " is not in every month; give a day from 1 to 28");
    period.anchor = *date;
}

constexpr std::array<Choice<std::chrono::weekday>, 7> kWeekdays{{
    {"monday", std::chrono::Monday},
    {"tuesday", std::chrono::Tuesday},
    {"wednesday", std::chrono::Wednesday},
    {"thursday", std::chrono::Thursday},
    {"friday", std::chrono::Friday},
    {"saturday", std::chrono::Saturday},
    {"sunday", std::chrono::Sunday},
}};

// Labels are words of the command line, of addresses and of key=value texts.
void check_label(const Node& node, const model::PeriodRule& period, Errors& errors) {
    constexpr std::size_t kMost = 32;
    const std::string first = label(period, 0);
    const bool plain =
        first.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-_.") == std::string::npos;
    if (first.empty() || first.size() > kMost || !plain)
        errors.add(
            node.place(),
            "label: expected at most 32 letters, digits and -_. with {YYYY} {YY} {MM} {DD} of "
            "the first day, {YYYY+1} {YY+1} of the day after the last, {N} (number of the "
            "period), for example FY{YY+1}; found " +
                shown(node.text()));
    else if (const auto twice = repeated_label(period))
        errors.add(node.place(), "label: several periods would be " + *twice +
                                     "; add {MM}, {DD} or {N}, so that each has its own");
}

// `months`, `weeks` or `days`: exactly one of them.
// Number of them that are given.
int read_length(MapReader& map, const Node& node, model::PeriodRule& period) {
    std::int64_t months = 0;
    std::int64_t weeks = 0;
    std::int64_t days = 0;
    map.read("months", months, 1, 1200);
    map.read("weeks", weeks, 1, 5200);
    map.read("days", days, 1, 36500);
    const int given = map.has("months") + map.has("weeks") + map.has("days");
    if (node.is_map() && (given != 1 || !map.has("anchor")))
        map.errors().add(node.place(), "custom: a period needs anchor and one of months, weeks, "
                                       "days; for example {months: 12, anchor: 2026-10-01}");
    period.months = static_cast<int>(months);
    period.days = static_cast<int>(days > 0 ? days : 7 * weeks);
    return given;
}

void read_custom(const Node& node, model::PeriodRule& period, Errors& errors) {
    MapReader map(node, "custom", errors);
    period.kind = PeriodKind::custom;
    const int given = read_length(map, node, period);
    if (const Node* anchor = map.take("anchor"))
        read_anchor(*anchor, period, errors);
    if (const Node* label = map.take("label")) {
        period.label = as_text(*label, "label", errors).value_or("");
        if (given == 1 && period.anchor.ok() && !period.label.empty())
            check_label(*label, period, errors);
    }
    map.finish();
}

void read_value(const Node& node, model::PeriodRule& period, Errors& errors) {
    if (node.is_map()) {
        MapReader map(node, "period", errors);
        if (const Node* custom = map.take("custom"))
            read_custom(*custom, period, errors);
        else if (!map.has("custom"))
            errors.add(node.place(), "period: expected custom in this map; for example "
                                     "{custom: {months: 12, anchor: 2026-10-01}}");
        map.finish();
        return;
    }
    if (node.is_scalar()) {
        for (const auto& choice : kPeriods) {
            if (node.text() == choice.word) {
                period = {};
                period.kind = choice.value;
                return;
            }
        }
    }
    const std::string known = "; known: week, month, quarter, year, total, custom: {months, "
                              "weeks or days, anchor, label}, "
                              "or Waldur's 1 (total), 2 (month), 3 (quarter), 4 (year)";
    if (node.is_scalar())
        errors.add(node.place(), "period: unknown value " + shown(node.text()) + known);
    else
        errors.add(node.place(), "period: expected a word, found " + describe(node) + known);
}

} // namespace

void read_period(MapReader& map, model::PeriodRule& period) {
    Errors& errors = map.errors();
    if (const Node* node = map.take("period"))
        read_value(*node, period, errors);
    if (!map.has("week_begins"))
        return;
    map.choose("week_begins", period.week_begins, kWeekdays);
    if (period.kind != PeriodKind::week)
        errors.add(map.key_place("week_begins"),
                   "week_begins: only a policy with period: week has weeks");
}

} // namespace sluice::settings
