// SPDX-License-Identifier: GPL-2.0-or-later
// `period`: a word, Waldur's number, or a custom length.
#include "common/settings/local_time.hpp"
#include "common/settings/policy_set.hpp"

#include <array>

namespace sluice::settings {
namespace {

using model::PeriodKind;

// Waldur's integers beside our words.
constexpr std::array<Choice<PeriodKind>, 8> kPeriods{{
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
    if (date->day() > std::chrono::day{28})
        errors.add(node.place(), "anchor: day " + std::to_string(unsigned{date->day()}) +
                                     " is not in every month; give a day from 1 to 28");
    period.anchor = *date;
}

void read_custom(const Node& node, model::PeriodRule& period, Errors& errors) {
    MapReader map(node, "custom", errors);
    std::int64_t months = 0;
    map.read("months", months, 1, 1200);
    const Node* anchor = map.take("anchor");
    if (anchor != nullptr)
        read_anchor(*anchor, period, errors);
    if (node.is_map() && (!map.has("months") || !map.has("anchor")))
        errors.add(node.place(), "custom: a period needs months and anchor, for example "
                                 "{months: 12, anchor: 2026-10-01}");
    map.finish();
    period.kind = PeriodKind::custom;
    period.months = static_cast<int>(months);
}

} // namespace

void read_period(const Node& node, model::PeriodRule& period, Errors& errors) {
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
    const std::string known = "; known: month, quarter, year, total, custom: {months, anchor}, "
                              "or Waldur's 1 (total), 2 (month), 3 (quarter), 4 (year)";
    if (node.is_scalar())
        errors.add(node.place(), "period: unknown value " + shown(node.text()) + known);
    else
        errors.add(node.place(), "period: expected a word, found " + describe(node) + known);
}

} // namespace sluice::settings
