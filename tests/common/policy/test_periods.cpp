// SPDX-License-Identifier: GPL-2.0-or-later
// Periods: labels, boundaries, and that they cover time without hole or overlap in every zone.
#include "common/policy/periods.hpp"

#include "common/model/calendar.hpp"

#include "tests/support/case.hpp"

#include <random>

using namespace sluice;
using namespace sluice::policy;
using namespace std::chrono;
using model::PeriodKind;
using model::PeriodRule;

namespace {

Zone zone(const char* name) {
    auto loaded = Zone::load(name);
    if (!loaded)
        test::fail(loaded.error().context);
    return *loaded;
}

Instant at(const Zone& z, int y, unsigned m, unsigned d, int hour = 0) {
    return z.instant(local_seconds{local_days{year{y} / month{m} / day{d}}} + hours{hour});
}

PeriodRule rule(PeriodKind kind) {
    return {kind, 0, {}};
}

const char* const kZones[] = {
    "UTC",          "Europe/Tallinn",   "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
    "Pacific/Apia", "America/Sao_Paulo"};

const PeriodRule kRules[] = {rule(PeriodKind::month),
                             rule(PeriodKind::quarter),
                             rule(PeriodKind::year),
                             rule(PeriodKind::week),
                             {PeriodKind::week, 0, {}, 0, Saturday},
                             {PeriodKind::custom, 0, year{2024} / 2 / 29, 10},
                             {PeriodKind::custom, 12, year{2024} / 10 / 1},
                             {PeriodKind::custom, 1, year{2024} / 1 / 31},
                             {PeriodKind::custom, 7, year{2000} / 2 / 29}};

} // namespace

CASE(labels_are_waldurs) {
    const Zone utc;
    CHECK_EQ(period_at(rule(PeriodKind::month), utc, at(utc, 2026, 3, 31)).label, "2026-03");
    CHECK_EQ(period_at(rule(PeriodKind::quarter), utc, at(utc, 2026, 3, 31)).label, "2026-Q1");
    CHECK_EQ(period_at(rule(PeriodKind::quarter), utc, at(utc, 2026, 4, 1)).label, "2026-Q2");
    CHECK_EQ(period_at(rule(PeriodKind::year), utc, at(utc, 2026, 12, 31, 23)).label, "2026");
    CHECK_EQ(period_at(rule(PeriodKind::total), utc, at(utc, 2026, 3, 31)).label, "total");
    const PeriodRule fiscal{PeriodKind::custom, 12, year{2024} / 10 / 1};
    CHECK_EQ(period_at(fiscal, utc, at(utc, 2026, 9, 30)).label, "2025-10-01");
    CHECK_EQ(period_at(fiscal, utc, at(utc, 2020, 1, 1)).label, "2019-10-01");
}

CASE(a_week_has_its_iso_number_or_its_first_day) {
    const Zone utc;
    const auto label = [&](weekday begins, int y, unsigned m, unsigned d) {
        return period_at({PeriodKind::week, 0, {}, 0, begins}, utc, at(utc, y, m, d, 23)).label;
    };
    CHECK_EQ(label(Monday, 2026, 12, 3), "2026-W49");
    CHECK_EQ(label(Monday, 2027, 1, 3), "2026-W53"); // a Sunday: its Thursday is in 2026
    CHECK_EQ(label(Monday, 2027, 1, 4), "2027-W01");
    CHECK_EQ(label(Monday, 2024, 12, 30), "2025-W01");
    CHECK_EQ(label(Monday, 1969, 12, 31), "1970-W01");
    CHECK_EQ(label(Sunday, 2027, 1, 2), "2026-12-27");
    CHECK_EQ(label(Sunday, 2027, 1, 3), "2027-01-03");
}

CASE(a_custom_period_is_labelled_by_its_first_day_its_end_or_its_number) {
    const Zone utc;
    const auto label = [&](const char* format, int months, int days, Instant when) {
        return period_at({PeriodKind::custom, months, year{2026} / 10 / 1, days, Monday, format},
                         utc, when)
            .label;
    };
    CHECK_EQ(label("FY{YY+1}", 12, 0, at(utc, 2027, 9, 30)), "FY27");
    CHECK_EQ(label("FY{YYYY+1}", 12, 0, at(utc, 2027, 10, 1)), "FY2028");
    CHECK_EQ(label("{YYYY}.{MM}-{DD}", 0, 14, at(utc, 2026, 10, 16)), "2026.10-15");
    CHECK_EQ(label("cycle-{N}", 0, 14, at(utc, 2026, 10, 1)), "cycle-1");
    CHECK_EQ(label("cycle-{N}", 0, 14, at(utc, 2026, 9, 30)), "cycle-0");
    CHECK_EQ(label("{YY", 12, 0, at(utc, 2026, 10, 1)), "{YY");
}

CASE(labels_that_two_periods_share_are_found) {
    const auto shared = [](const char* format, int months, int days) {
        return model::repeated_label(
            {PeriodKind::custom, months, year{2026} / 10 / 1, days, Monday, format});
    };
    CHECK(!shared("FY{YY+1}", 12, 0));
    CHECK_EQ(shared("FY{YY}", 6, 0).value_or(""), "FY27"); // from April and from October
    CHECK_EQ(shared("{YYYY}-{MM}", 0, 14).value_or(""), "2026-10");
    CHECK_EQ(shared("{MM}{DD}", 12, 0).value_or(""), "1001");
    CHECK(!shared("{N}", 0, 1));
    CHECK(!shared("", 0, 1));
}

CASE(the_period_before_january_is_december) {
    const Zone utc;
    const auto before = [&](PeriodKind kind) {
        const auto r = rule(kind);
        return previous(r, utc, period_at(r, utc, at(utc, 2026, 1, 15)))->label;
    };
    CHECK_EQ(before(PeriodKind::month), "2025-12");
    CHECK_EQ(before(PeriodKind::quarter), "2025-Q4");
    CHECK_EQ(before(PeriodKind::year), "2025");
    const auto total = rule(PeriodKind::total);
    CHECK(!previous(total, utc, period_at(total, utc, at(utc, 2026, 1, 1))));
    CHECK(!period_at(total, utc, at(utc, 2026, 1, 1)).end);
}

CASE(a_boundary_instant_belongs_to_the_new_period) {
    const Zone tallinn = zone("Europe/Tallinn");
    const Instant boundary = at(tallinn, 2026, 4, 1);
    CHECK_EQ(period_at(rule(PeriodKind::quarter), tallinn, boundary).label, "2026-Q2");
    CHECK_EQ(period_at(rule(PeriodKind::quarter), tallinn, boundary - seconds{1}).label, "2026-Q1");
    CHECK_EQ(epoch(boundary), 1774990800); // 2026-03-31T21:00:00Z
}

CASE(a_month_with_a_dst_change_is_an_hour_shorter_or_longer) {
    const Zone york = zone("America/New_York");
    const auto length = [&](unsigned m) {
        const auto p = period_at(rule(PeriodKind::month), york, at(york, 2026, m, 15));
        return (*p.end - p.begin).count();
    };
    CHECK_EQ(length(3), 31 * 86400 - 3600);
    CHECK_EQ(length(11), 30 * 86400 + 3600);
    CHECK_EQ(length(2), 28 * 86400);
}

CASE(an_anchor_on_the_31st_uses_the_last_day_of_short_months) {
    const Zone utc;
    const PeriodRule monthly{PeriodKind::custom, 1, year{2024} / 1 / 31};
    CHECK_EQ(period_at(monthly, utc, at(utc, 2026, 2, 28)).label, "2026-02-28");
    CHECK_EQ(period_at(monthly, utc, at(utc, 2026, 3, 30)).label, "2026-02-28");
    CHECK_EQ(period_at(monthly, utc, at(utc, 2028, 3, 1)).label, "2028-02-29");
}

CASE(periods_follow_each_other_without_hole_or_overlap) {
    std::mt19937_64 random(3);
    std::uniform_int_distribution<std::int64_t> any(0, 4'102'444'800);
    for (const char* name : kZones) {
        const Zone z = zone(name);
        for (const auto& r : kRules)
            for (int i = 0; i < 300; ++i) {
                const Instant t = instant(any(random));
                const auto p = period_at(r, z, t);
                CHECK(p.begin <= t && t < *p.end);
                CHECK(period_at(r, z, p.begin) == p);
                CHECK(period_at(r, z, *p.end - seconds{1}) == p);
                const auto next = period_at(r, z, *p.end);
                CHECK_EQ(epoch(next.begin), epoch(*p.end));
                CHECK(*previous(r, z, next) == p);
            }
    }
}

CASE(absurd_rules_and_instants_do_not_crash) {
    const Zone utc;
    for (const std::int64_t t : {INT64_MIN, INT64_MAX, std::int64_t{0}}) {
        for (const int months : {-5, 0, 1'000'000})
            CHECK(!period_at({PeriodKind::custom, months, {}}, utc, instant(t)).label.empty());
        CHECK(!period_at(rule(PeriodKind::month), utc, instant(t)).label.empty());
    }
}

CASE(windows_are_the_current_and_the_previous_periods) {
    const Zone utc;
    model::PolicySet set;
    set.policies.resize(3);
    set.policies[0].period = rule(PeriodKind::month);
    set.policies[1].period = rule(PeriodKind::month);
    set.policies[2].period = rule(PeriodKind::total);
    const Instant now = at(utc, 2026, 3, 10);
    const auto all = windows(policy::rules_of(set), utc, now);
    CHECK_EQ(all.size(), 3U);
    CHECK(all[0] == (Window{instant(0), now}));
    CHECK(all[1] == (Window{at(utc, 2026, 2, 1), at(utc, 2026, 3, 1)}));
    CHECK(all[2] == (Window{at(utc, 2026, 3, 1), now}));
    CHECK_EQ(windows(policy::rules_of(set), utc, at(utc, 2026, 3, 1)).size(),
             2U); // nothing has been used yet
}

CASE(the_next_event_is_a_boundary_or_the_end_of_an_override) {
    const Zone utc;
    model::PolicySet set;
    model::History history;
    const Instant now = at(utc, 2026, 3, 10);
    CHECK(!next_event(set, utc, now, history));
    set.policies.resize(1);
    set.policies[0].period = rule(PeriodKind::month);
    CHECK_EQ(epoch(*next_event(set, utc, now, history)), epoch(at(utc, 2026, 4, 1)));
    history.overrides.resize(1);
    history.overrides[0].from = now - hours{1};
    history.overrides[0].until = now + hours{5};
    CHECK_EQ(epoch(*next_event(set, utc, now, history)), epoch(now + hours{5}));
    CHECK_EQ(epoch(*next_event(set, utc, now + hours{5}, history)), epoch(at(utc, 2026, 4, 1)));
}
