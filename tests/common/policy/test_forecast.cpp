// SPDX-License-Identifier: GPL-2.0-or-later
// Dates at which thresholds are expected, from the pattern of the last weeks.
#include "common/policy/evaluate/forecast.hpp"

#include "tests/common/policy/world.hpp"

#include <algorithm>
#include <memory>
#include <random>

using namespace sluice;
using namespace sluice::test;
using policy::WeeklyPattern;

namespace {

constexpr std::int64_t kWeek = 168; // hours
constexpr std::int64_t kYear = 52 * kWeek;

// Newest week first; each week spends all on the day `weekday`, counted from the series' end.
WeeklyPattern::Sums weeks(std::initializer_list<Wide> sums, std::size_t weekday = 0) {
    WeeklyPattern::Sums out;
    std::copy(sums.begin(), sums.end(), out.weeks.begin());
    for (const Wide sum : sums)
        out.weekdays[weekday] += sum;
    return out;
}

// The same amount on each day.
WeeklyPattern::Sums even(std::initializer_list<Wide> sums) {
    WeeklyPattern::Sums out = weeks(sums);
    const Wide all = out.weekdays[0];
    out.weekdays.fill(all / 7);
    return out;
}

// Hours up to `horizon`.
WeeklyPattern::Hours hours_until(const WeeklyPattern& pattern, Wide need, std::int64_t elapsed = 0,
                                 std::int64_t horizon = kYear) {
    WeeklyPattern::Hours out{horizon + 1, horizon + 1, horizon + 1};
    pattern.until(need, elapsed, out);
    return out;
}

std::string until(const WeeklyPattern::Sums& sums, Wide need, std::int64_t horizon = kYear,
                  std::int64_t elapsed = 0) {
    const auto pattern = WeeklyPattern::of(sums);
    if (!pattern)
        return "none";
    const auto hours = hours_until(*pattern, need, elapsed, horizon);
    const auto one = [&](std::int64_t number) {
        return number <= horizon ? std::to_string(number) : std::string("-");
    };
    return one(hours.early) + " " + one(hours.expected) + " " + one(hours.late);
}

// `hours` of node on each of the last 56 days before `until`.
void spend_daily(World& world, const std::string& account, Instant until, Amount hours) {
    auto weekly = std::make_shared<model::WeeklyUsages>();
    auto& usage = (*weekly)[account];
    usage.until = until;
    auto& sums = usage.tres["node"];
    sums.weeks.fill(7 * hours * 3600);
    sums.weekdays.fill(8 * hours * 3600);
    world.facts.weekly = std::move(weekly);
}

} // namespace

CASE(weeks_that_are_equal_give_one_date) {
    CHECK_EQ(until(even({70, 70, 70, 70}), 70), "168 168 168");
    CHECK_EQ(until(even({70, 70, 70, 70}), 5), "12 12 12");
    CHECK_EQ(until(even({70, 70, 70, 70}), 700), "1680 1680 1680");
}

CASE(the_example_of_the_manual) {
    // docs/policy.md, section 10
    CHECK_EQ(until(even({70, 140, 70, 140}), 315), "325 504 869");
}

CASE(a_week_is_used_on_the_days_on_which_it_was_used) {
    CHECK_EQ(until(weeks({70, 70, 70}, 2), 35), "60 60 60");     // noon of the third day
    CHECK_EQ(until(weeks({70, 70, 70}, 2), 105), "228 228 228"); // and of that a week later
    // 60 h of the first week are over
    CHECK_EQ(until(weeks({70, 70, 70}, 2), 35, kYear, 60), "12 12 12");
}

CASE(weeks_that_differ_give_an_interval_that_grows_with_their_spread) {
    const auto calm = WeeklyPattern::of(even({63, 77, 63, 77}));
    const auto wild = WeeklyPattern::of(even({7, 133, 7, 133}));
    const auto a = hours_until(*calm, 280), b = hours_until(*wild, 280);
    CHECK_EQ(a.expected, b.expected);
    CHECK(b.early < a.early && a.early < a.expected);
    CHECK(a.expected < a.late && a.late < b.late);
}

CASE(fewer_than_two_weeks_since_the_first_use_give_no_pattern) {
    CHECK_EQ(until(weeks({}), 10), "none");
    CHECK_EQ(until(weeks({70}), 10), "none");
    // empty weeks before the first use do not count, those afterwards do
    CHECK_EQ(until(even({70, 70, 0, 0, 0}), 70), "168 168 168");
    CHECK(until(even({70, 0, 70}), 70) != "168 168 168");
}

CASE(what_is_beyond_the_horizon_has_no_date) {
    CHECK_EQ(until(even({70, 70, 70}), 70, 167), "- - -");
    CHECK_EQ(until(even({70, 70, 70}), 70, 168), "168 168 168");
    CHECK_EQ(until(even({70, 70, 70}), 70, 0), "- - -");
    CHECK_EQ(until(even({70, 140, 70, 140}), 315, 503), "325 - -");
    CHECK_EQ(until(even({70, 140, 70, 140}), 315, 504), "325 504 -");
}

CASE(amounts_of_any_size_fit) {
    const Wide huge = Wide{1} << 100;
    CHECK_EQ(until(even({7 * huge, 7 * huge, 7 * huge}), huge), "24 24 24");
    CHECK_EQ(until(even({7, 7, 7}), huge), "- - -");
    CHECK_EQ(until(even({7, 7, 7}), 1), "24 24 24");
}

// For random series: the three are in order, more takes longer, and a later start changes nothing
// of a series without days of the week.
CASE(percentiles_are_in_order_and_grow_with_what_is_needed) {
    std::mt19937_64 random(17);
    for (int round = 0; round < 2000; ++round) {
        WeeklyPattern::Sums sums;
        const std::size_t count = 2 + random() % 7;
        const std::uint64_t scale = std::uint64_t{1} << random() % 40;
        for (std::size_t week = 0; week < count; ++week)
            for (auto& day : sums.weekdays) {
                const Wide used = static_cast<Wide>(random() % 1000 * scale);
                day += used;
                sums.weeks[week] += used;
            }
        const auto pattern = WeeklyPattern::of(sums);
        CHECK(pattern.has_value());
        const Wide need = static_cast<Wide>(1 + random() % 30'000) * static_cast<Wide>(scale);
        const auto hours = hours_until(*pattern, need);
        const auto more = hours_until(*pattern, need * 2);
        CHECK(hours.early <= hours.expected && hours.expected <= hours.late);
        CHECK(hours.expected <= more.expected && hours.early <= more.early);
    }
}

CASE(a_threshold_is_expected_by_the_pattern_of_the_last_weeks) {
    World w;
    w.policy();
    w.account("physics");
    w.grant("physics", "1000");
    w.use(utc(2026, 1, 2), "physics", 400);
    spend_daily(w, "physics", utc(2026, 1, 11), 10);
    const auto& d = w.cycle(utc(2026, 1, 11));
    CHECK_EQ(epoch(*d.thresholds[0].forecast.date), epoch(utc(2026, 2, 20))); // 400 h at 10 a day
    CHECK_EQ(epoch(*d.thresholds[0].forecast.early), epoch(utc(2026, 2, 20)));
    CHECK_EQ(epoch(*d.thresholds[0].forecast.late), epoch(utc(2026, 2, 20)));
    CHECK(d.thresholds[2].forecast.empty()); // 800 h take until the end of the period
}

CASE(a_pattern_that_is_old_or_in_the_future_is_not_used) {
    for (const int day : {1, 30}) {
        World w;
        w.policy();
        w.account("physics");
        w.grant("physics", "1000");
        w.use(utc(2026, 1, 2), "physics", 400);
        spend_daily(w, "physics", utc(2026, 1, static_cast<unsigned>(day)), 10);
        const auto& d = w.cycle(utc(2026, 1, 21));
        CHECK(d.thresholds[0].forecast.date.has_value());
        CHECK(!d.thresholds[0].forecast.early.has_value());
    }
}

CASE(a_forecast_changes_no_decision) {
    const auto standing = [](bool known) {
        World w;
        w.policy();
        w.account("physics");
        w.grant("physics", "1000");
        w.use(utc(2026, 1, 2), "physics", 1100);
        if (known)
            spend_daily(w, "physics", utc(2026, 1, 11), 1000);
        const auto& d = w.cycle(utc(2026, 1, 11));
        return std::pair(std::string(model::standing_word(d)), d.memory == model::AccountMemory{});
    };
    CHECK(standing(false) == standing(true));
}

CASE(explain_names_the_day_and_the_interval) {
    World w;
    w.policy();
    w.account("physics");
    w.grant("physics", "1000");
    w.use(utc(2026, 1, 2), "physics", 400);
    spend_daily(w, "physics", utc(2026, 1, 11), 10);
    const auto& d = w.cycle(utc(2026, 1, 11));
    CHECK(!d.thresholds.empty());
    const auto lines = w.explain("physics");
    CHECK(std::any_of(lines.begin(), lines.end(), [](const auto& line) {
        return line == "Threshold notify at 80 %: not reached; expected on 2026-02-20, in four of "
                       "five cases between 2026-02-20 and 2026-02-20.";
    }));
}
