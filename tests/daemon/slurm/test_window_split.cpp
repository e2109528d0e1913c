// SPDX-License-Identifier: GPL-2.0-or-later
// Which part of a window is settled: nothing lost, nothing twice, whole hours only.
#include "daemon/slurm/window_split.hpp"

#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Instant kDay = instant(1795392000); // 2026-11-23T00:00:00Z

Instant utc_day(Instant at) {
    return std::chrono::floor<std::chrono::days>(at);
}
Instant utc_month(Instant at) {
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(at)};
    return std::chrono::sys_days{day.year() / day.month() / 1};
}
const slurm::Calendar utc_midnight{utc_day, utc_month};

// Seconds of [begin, min(end, now)) are covered exactly once.
void check_whole(const slurm::Cut& parts, Instant begin, Instant end) {
    std::vector<Window> all = parts.settled;
    all.insert(all.end(), parts.records.begin(), parts.records.end());
    std::sort(all.begin(), all.end(),
              [](const Window& a, const Window& b) { return a.begin < b.begin; });
    Instant at = begin;
    for (const Window& part : all) {
        CHECK_EQ(epoch(part.begin), epoch(at));
        CHECK(part.end > part.begin);
        at = part.end;
    }
    CHECK_EQ(epoch(at), epoch(end));
}

CASE(without_a_rollup_job_records_answer_for_all) {
    const auto parts =
        slurm::cut({kDay, kDay + hours{72}}, kDay + hours{5}, std::nullopt, utc_midnight);
    CHECK(parts.settled.empty());
    CHECK_EQ(parts.records.size(), 1U);
    check_whole(parts, kDay, kDay + hours{5});
}

CASE(whole_days_are_asked_for_apart_from_hours) {
    const Instant begin = kDay - hours{50};
    const Instant now = kDay + hours{3} + minutes{20};
    const auto parts = slurm::cut({begin, kDay + hours{72}}, now, kDay + hours{3}, utc_midnight);
    CHECK_EQ(parts.settled.size(), 3U);
    CHECK_EQ(epoch(parts.settled[1].begin), epoch(kDay - hours{48}));
    CHECK_EQ(epoch(parts.settled[1].end), epoch(kDay));
    CHECK_EQ(parts.records.size(), 1U);
    CHECK_EQ(epoch(parts.records[0].begin), epoch(kDay + hours{3}));
    check_whole(parts, begin, now);
}

CASE(whole_months_are_asked_for_apart_from_days) {
    using namespace std::chrono;
    const Instant begin = sys_days{year{2025} / 12 / 15};
    const Instant now = kDay + hours{3} + minutes{20};
    const auto parts = slurm::cut({begin, now}, now, kDay + hours{3}, utc_midnight);
    CHECK_EQ(parts.settled.size(), 4U); // days of December, ten months, days of November, hours
    CHECK_EQ(epoch(parts.settled[1].begin), epoch(sys_days{year{2026} / 1 / 1}));
    CHECK_EQ(epoch(parts.settled[1].end), epoch(sys_days{year{2026} / 11 / 1}));
    check_whole(parts, begin, now);
}

CASE(a_window_that_is_over_ends_at_its_end) {
    const auto parts = slurm::cut({kDay - hours{48}, kDay - hours{24}}, kDay + hours{9},
                                  kDay + hours{9}, utc_midnight);
    CHECK(parts.records.empty());
    CHECK_EQ(parts.settled.size(), 1U);
    check_whole(parts, kDay - hours{48}, kDay - hours{24});
}

CASE(a_rollup_that_lags_leaves_more_to_the_records) {
    const auto parts =
        slurm::cut({kDay - hours{48}, kDay}, kDay + hours{9}, kDay - hours{5}, utc_midnight);
    check_whole(parts, kDay - hours{48}, kDay);
    CHECK_EQ(epoch(parts.records[0].begin), epoch(kDay - hours{5}));
}

CASE(a_rollup_older_than_the_window_settles_nothing) {
    const auto parts =
        slurm::cut({kDay, kDay + hours{9}}, kDay + hours{2}, kDay - hours{5}, utc_midnight);
    CHECK(parts.settled.empty());
    check_whole(parts, kDay, kDay + hours{2});
}

CASE(broken_hours_at_both_ends_are_records) {
    const Instant begin = kDay + minutes{30};
    const Instant end = kDay + hours{4} + minutes{1};
    const auto parts = slurm::cut({begin, end}, kDay + hours{9}, kDay + hours{8}, utc_midnight);
    CHECK_EQ(parts.records.size(), 2U);
    CHECK_EQ(parts.settled.size(), 1U);
    check_whole(parts, begin, end);
}

CASE(hours_of_a_half_hour_zone_are_kept) {
    const Instant rolled = kDay + hours{7} + minutes{30};
    const auto parts = slurm::cut({kDay, kDay + hours{48}}, kDay + hours{8}, rolled, utc_midnight);
    CHECK_EQ(epoch(parts.settled.front().begin), epoch(kDay + minutes{30}));
    CHECK_EQ(epoch(parts.settled.back().end), epoch(rolled));
    check_whole(parts, kDay, kDay + hours{8});
}

CASE(midnights_that_are_no_hours_of_slurmdbd_are_not_used) {
    const auto half_past = [](Instant at) {
        return utc_day(at - minutes{1110}) + minutes{1110}; // 18:30
    };
    const auto parts = slurm::cut({kDay - hours{72}, kDay + hours{9}}, kDay + hours{9},
                                  kDay + hours{9}, {half_past, utc_month});
    CHECK_EQ(parts.settled.size(), 1U);
    check_whole(parts, kDay - hours{72}, kDay + hours{9});
}

CASE(a_window_in_the_future_has_nothing) {
    const auto parts = slurm::cut({kDay, kDay + hours{1}}, kDay, kDay, utc_midnight);
    CHECK(parts.settled.empty());
    CHECK(parts.records.empty());
}

CASE(the_total_period_does_not_ask_from_zero) {
    const auto parts =
        slurm::cut({instant(0), kDay + hours{9999}}, kDay + seconds{1}, kDay, utc_midnight);
    CHECK(epoch(parts.settled.front().begin) > 0);
    check_whole(parts, instant(86400), kDay + seconds{1});
}

CASE(days_of_23_and_25_hours_are_whole_days) {
    // Days begin at 00:00, 23:00 (a 23-hour day), then 24:00 again.
    const auto odd_midnight = [](Instant at) {
        if (at < kDay)
            return utc_day(at);
        return at < kDay + hours{23} ? kDay : kDay + hours{23};
    };
    const auto parts = slurm::cut({kDay - hours{1}, kDay + hours{40}}, kDay + hours{30},
                                  kDay + hours{30}, {odd_midnight, utc_month});
    CHECK_EQ(parts.settled.size(), 3U);
    CHECK_EQ(epoch(parts.settled[1].end), epoch(kDay + hours{23}));
    check_whole(parts, kDay - hours{1}, kDay + hours{30});
}

} // namespace
