// SPDX-License-Identifier: GPL-2.0-or-later
// A notice when an account spends much faster than in the weeks before.
#include "tests/common/policy/world.hpp"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>

using namespace sluice;
using namespace sluice::test;

namespace {

// 1000 node hours of physics, 100 used.
struct Spending : World {
    explicit Spending(const char* factor = "5", const char* least = "10") {
        policy().notify_rate = model::NotifyRate{dec(factor), dec(least)};
        account("physics");
        grant("physics", "1000");
        use(utc(2026, 1, 2), "physics", 100);
    }
    // Hours of node in each of the four weeks before the last, and in the day that ends at `until`.
    void spent(Amount week, Amount day, Instant until) {
        auto weekly = std::make_shared<model::WeeklyUsages>();
        auto& usage = (*weekly)["physics"];
        usage.until = until;
        auto& sums = usage.tres["node"];
        sums.weeks = {1'000'000, week * 3600, week * 3600, week * 3600, week * 3600};
        sums.last_day = day * 3600;
        facts.weekly = std::move(weekly);
    }
    bool notices(Instant now) {
        const auto& taken = run(now).actions_taken;
        return std::find(taken.begin(), taken.end(), "rate") != taken.end();
    }
};

} // namespace

CASE(a_day_of_five_mean_days_and_a_tenth_of_the_allocation_is_a_jump) {
    struct Row {
        Amount week, day;
        bool jump;
    };
    // 140 hours a week are 20 a day.
    for (const Row& row : std::initializer_list<Row>{{140, 100, true},
                                                     {140, 99, false},  // below a tenth
                                                     {141, 100, false}, // below five mean days
                                                     {140, 1500, true},
                                                     {0, 100, true}, // nothing before
                                                     {0, 99, false},
                                                     {0, 0, false}}) {
        Spending w;
        w.spent(row.week, row.day, utc(2026, 1, 11));
        CHECK_EQ(w.notices(utc(2026, 1, 11, 3)), row.jump);
    }
}

CASE(a_jump_has_its_figures) {
    Spending w;
    w.spent(70, 241, utc(2026, 1, 11));
    const auto& d = w.cycle(utc(2026, 1, 11, 3));
    CHECK(d.jump.has_value());
    CHECK_EQ(d.jump->component, "node_hours");
    CHECK_EQ(d.jump->percent, 2410);
    CHECK_EQ(d.jump->times.value_or(0), 241);
    CHECK_EQ(d.jump->week, "2026-W02");
    w.spent(0, 241, utc(2026, 1, 12)); // Sunday is of the week before, Monday not
    CHECK(!w.cycle(utc(2026, 1, 12, 3)).jump->times.has_value());
    CHECK_EQ(w.of("physics").jump->week, "2026-W02");
}

CASE(a_jump_is_noticed_once_a_week) {
    Spending w;
    w.spent(70, 200, utc(2026, 1, 28)); // a Tuesday's usage
    CHECK(w.notices(utc(2026, 1, 28, 3)));
    CHECK(!w.notices(utc(2026, 1, 28, 4)));
    w.spent(70, 300, utc(2026, 1, 29));
    CHECK(!w.notices(utc(2026, 1, 29, 3)));
    CHECK_EQ(w.of("physics").memory.notified.count("rate/2026-W05"), 1U);
    w.spent(70, 300, utc(2026, 2, 4));
    CHECK(w.notices(utc(2026, 2, 4, 3)));
    CHECK_EQ(w.of("physics").memory.notified.count("rate/2026-W05"), 0U); // one is kept
}

CASE(a_new_period_does_not_repeat_the_notice) {
    Spending w;
    w.spent(70, 200, utc(2026, 3, 31)); // Monday's usage, in the first quarter
    CHECK(w.notices(utc(2026, 3, 31, 3)));
    w.spent(70, 200, utc(2026, 4, 1));
    CHECK(!w.notices(utc(2026, 4, 1, 3)));
    CHECK_EQ(w.of("physics").period.label, "2026-Q2");
}

CASE(a_jump_changes_no_standing) {
    Spending with, without;
    with.spent(70, 999, utc(2026, 1, 11));
    const auto& a = with.cycle(utc(2026, 1, 11, 3));
    const auto& b = without.cycle(utc(2026, 1, 11, 3));
    CHECK(a.jump && !b.jump);
    CHECK(a.flags == b.flags && a.qos == b.qos && a.percent == b.percent);
    CHECK_EQ(with.plan.commands.size(), without.plan.commands.size());
}

CASE(days_that_are_old_or_in_the_future_are_no_jump) {
    Spending w;
    w.spent(70, 200, utc(2026, 1, 11));
    CHECK(!w.notices(utc(2026, 1, 10, 23)));
    CHECK(!w.notices(utc(2026, 1, 13, 1)));
    CHECK(w.notices(utc(2026, 1, 13)));
}

CASE(without_an_action_that_notifies_a_jump_is_shown_only) {
    Spending w;
    w.set.policies[0].actions = {model::Action::request_slurm_resource_pausing};
    w.spent(70, 200, utc(2026, 1, 11));
    CHECK(!w.notices(utc(2026, 1, 11, 3)));
    CHECK(w.of("physics").jump.has_value());
    w.set.policies[0].actions = {model::Action::notify_organization_owners};
    CHECK(w.notices(utc(2026, 1, 11, 4)));
    w.set.policies[0].notify_rate.reset();
    CHECK(!w.cycle(utc(2026, 1, 11, 5)).jump);
}

CASE(with_weights_the_weighted_sum_counts) {
    Spending w;
    w.set.components.push_back({"cpu_hours", "cpu", Decimal::whole(60)});
    w.grant("physics", "1000", "cpu_hours");
    auto& billing = w.set.policies[0].billing;
    billing.enabled = true;
    billing.weights = {{"node_hours", dec("9")}, {"cpu_hours", dec("1")}};
    w.spent(70, 115, utc(2026, 1, 11)); // 1035 of 10000
    CHECK(w.cycle(utc(2026, 1, 11, 3)).jump.has_value());
    CHECK_EQ(w.of("physics").jump->component, "billing");
    CHECK_EQ(w.of("physics").jump->percent, 1035);
    w.spent(70, 111, utc(2026, 1, 11)); // 999 of 10000
    CHECK(!w.cycle(utc(2026, 1, 11, 3)).jump);
}

CASE(a_jump_beside_another_notice_comes_with_the_next_evaluation) {
    Spending w;
    w.use(utc(2026, 1, 10), "physics", 750);
    w.spent(70, 241, utc(2026, 1, 11));
    const auto& taken = w.run(utc(2026, 1, 11, 3)).actions_taken;
    CHECK(std::find(taken.begin(), taken.end(), "notify") != taken.end());
    CHECK(std::find(taken.begin(), taken.end(), "rate") == taken.end());
    CHECK(w.notices(utc(2026, 1, 11, 4)));
}
