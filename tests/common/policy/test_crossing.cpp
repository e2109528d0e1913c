// SPDX-License-Identifier: GPL-2.0-or-later
// When the next threshold is reached, from the growth between two decisions.
#include "common/policy/evaluate/crossing.hpp"

#include "common/base/decimal.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace std::chrono_literals;
using policy::next_crossing;

namespace {

constexpr std::int64_t kThen = 1'770'000'000;

model::AccountDecision account(const char* name, Wide used, Wide effective) {
    model::AccountDecision out;
    out.account = name;
    out.period.label = "2026-Q1";
    out.deciding = "node_hours";
    out.metric_used = used;
    out.metric_effective = effective;
    for (const int percent : {80, 100, 120}) {
        model::Threshold threshold;
        threshold.percent = Decimal::whole(percent);
        const auto hundredfold = multiply(used, 100);
        threshold.reached = !hundredfold || *hundredfold >= effective * percent;
        out.thresholds.push_back(threshold);
    }
    return out;
}

model::Decision decision(std::int64_t at, std::vector<model::AccountDecision> accounts) {
    model::Decision out;
    out.now = instant(at);
    out.cluster = "lab";
    out.accounts = std::move(accounts);
    return out;
}

// Seconds from the second decision, 60 s after the first, within an hour; -1: none.
std::int64_t wait(const model::AccountDecision& before, const model::AccountDecision& now) {
    const auto found = next_crossing(decision(kThen - 60, {before}), decision(kThen, {now}), 1h);
    return found ? epoch(*found) - kThen : -1;
}

} // namespace

CASE(the_next_threshold_is_where_the_line_through_two_cycles_meets_it) {
    // 2 nodes: 120 node-seconds a minute
    CHECK_EQ(wait(account("a", 600, 1000), account("a", 720, 1000)), 40);  // 800
    CHECK_EQ(wait(account("a", 800, 1000), account("a", 920, 1000)), 40);  // 1000
    CHECK_EQ(wait(account("a", 990, 1000), account("a", 1110, 1000)), 45); // 1200
}

CASE(a_part_of_a_second_counts_as_one_so_that_the_cycle_sees_it_reached) {
    // 7 a minute: one more is used after 8.57 s
    CHECK_EQ(wait(account("a", 792, 1000), account("a", 799, 1000)), 9);
    // 80 % of 1001 is 800.8: 801 has to be used
    CHECK_EQ(wait(account("a", 740, 1001), account("a", 800, 1001)), 1);
}

CASE(nothing_is_foreseen_of_an_account_that_stands_still_or_is_over_everything) {
    CHECK_EQ(wait(account("a", 700, 1000), account("a", 700, 1000)), -1);
    CHECK_EQ(wait(account("a", 700, 1000), account("a", 690, 1000)), -1);
    CHECK_EQ(wait(account("a", 1200, 1000), account("a", 1300, 1000)), -1);
    CHECK_EQ(wait(account("a", 0, 0), account("a", 10, 0)), -1);
}

CASE(nothing_is_foreseen_over_a_change_of_the_grant_the_period_or_what_is_compared) {
    const auto before = account("a", 600, 1000);
    auto now = account("a", 720, 1100);
    CHECK_EQ(wait(before, now), -1);
    now = account("a", 720, 1000);
    CHECK_EQ(wait(before, now), 40);
    now.period.label = "2026-Q2";
    CHECK_EQ(wait(before, now), -1);
    now = account("a", 720, 1000);
    now.deciding = "gpu_hours";
    CHECK_EQ(wait(before, now), -1);
    now = account("a", 720, 1000);
    now.error = "no usage";
    CHECK_EQ(wait(before, now), -1);
}

CASE(of_many_accounts_the_soonest_counts_and_only_within_the_time_asked_for) {
    const auto before = decision(
        kThen - 60, {account("a", 100, 1000), account("c", 600, 1000), account("d", 700, 1000)});
    const auto now = decision(kThen, {account("a", 160, 1000), account("b", 799, 1000),
                                      account("c", 720, 1000), account("d", 760, 1000)});
    CHECK(next_crossing(before, now, 60s) == instant(kThen + 40));
    CHECK(next_crossing(before, now, 40s) == instant(kThen + 40));
    CHECK(!next_crossing(before, now, 39s));
    CHECK(!next_crossing(now, before, 60s)); // backwards
    auto other = before;
    other.cluster = "elsewhere";
    CHECK(!next_crossing(other, now, 60s));
}

CASE(figures_that_do_not_fit_foresee_nothing) {
    const Wide huge = Wide{1} << 126;
    CHECK_EQ(wait(account("a", huge / 2, 1), account("a", huge / 2 + 1, 1)), -1);
    auto before = account("a", 0, 1);
    auto now = account("a", 1, 1);
    before.metric_effective = now.metric_effective = huge;
    CHECK_EQ(wait(before, now), -1);
}
