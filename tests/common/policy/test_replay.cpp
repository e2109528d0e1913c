// SPDX-License-Identifier: GPL-2.0-or-later
// Policies over usage that was: days, sub-accounts, carryover from before the first day.
#include "common/policy/replay.hpp"

#include "tests/common/policy/world.hpp"

using namespace sluice;
using test::dec;
using test::utc;
using test::World;
using namespace std::chrono_literals;

namespace {

constexpr Amount kHour = 3600;

// A month of 100 node-hours: warned at 80 %, downscaled at 100 %, paused at 120 %.
World monthly() {
    World w;
    auto& policy = w.policy("monthly");
    policy.period = {model::PeriodKind::month, 0, {}};
    policy.carryover.enabled = false;
    w.account("physics");
    w.account("optics", "physics");
    w.account("chem");
    w.account("other"); // without allocation
    w.grant("physics", "100");
    w.grant("chem", "100");
    return w;
}

policy::Replay::Rows daily(Instant first, int days, Amount hours) {
    policy::Replay::Rows rows;
    for (int day = 0; day < days; ++day)
        rows[first + day * 24h]["node"] = hours * kHour;
    return rows;
}

std::vector<std::string> all(policy::Replay& replay) {
    while (replay.done() < replay.days())
        replay.step();
    std::vector<std::string> out;
    for (const auto& span : replay.standings()) {
        const auto text = [](std::chrono::local_days day) {
            return date_text(std::chrono::year_month_day{day});
        };
        out.push_back(span.account + ' ' + span.standing + ' ' + text(span.begin) + ' ' +
                      (span.end ? text(*span.end) : "-") + ' ' + std::to_string(span.days));
    }
    return out;
}

} // namespace

CASE(a_pause_lasts_from_the_day_of_the_limit_to_the_next_period) {
    World w = monthly();
    policy::Replay replay(w.set, w.zone, w.facts.structure, {utc(2026, 5, 1), utc(2026, 7, 1)});
    CHECK_EQ(replay.accounts(), (std::vector<std::string>{"chem", "physics"}));
    CHECK(replay.usage().begin == utc(2026, 4, 1)); // the month before, for what it leaves
    CHECK_EQ(replay.days(), 91U);
    // 6 a day: 80 % on 14 May, 100 % on 17 May, 120 % on 20 May
    replay.add(1, daily(utc(2026, 5, 1), 31, 6));
    const auto seen = all(replay);
    CHECK_EQ(seen.size(), 4U);
    CHECK_EQ(seen[0], "chem normal 2026-05-01 - 61");
    CHECK_EQ(seen[1], "physics warned 2026-05-14 2026-05-17 3");
    CHECK_EQ(seen[2], "physics downscaled 2026-05-17 2026-05-20 3");
    CHECK_EQ(seen[3], "physics paused 2026-05-20 2026-06-01 12");
}

CASE(usage_of_a_sub_account_counts_once_in_the_account_above) {
    World w = monthly();
    w.grant("optics", "40");
    policy::Replay replay(w.set, w.zone, w.facts.structure, {utc(2026, 5, 1), utc(2026, 5, 11)});
    CHECK_EQ(replay.accounts(), (std::vector<std::string>{"chem", "optics", "physics"}));
    replay.add(1, daily(utc(2026, 5, 1), 10, 4)); // 40 of 40 on the tenth day
    replay.add(2, daily(utc(2026, 5, 1), 10, 9)); // with those of optics: 90 of 100
    const auto seen = all(replay);
    CHECK_EQ(seen.size(), 4U);
    CHECK_EQ(seen[1], "optics warned 2026-05-08 2026-05-10 2");
    CHECK_EQ(seen[2], "optics downscaled 2026-05-10 - 1");
    CHECK_EQ(seen[3], "physics warned 2026-05-09 - 2");
}

CASE(usage_before_the_first_day_counts_in_its_period_and_for_carryover) {
    World w = monthly();
    w.set.policies[0].carryover.enabled = true; // up to 50 %
    policy::Replay replay(w.set, w.zone, w.facts.structure, {utc(2026, 5, 11), utc(2026, 5, 21)});
    CHECK(replay.usage().begin == utc(2026, 4, 1));
    replay.add(0, daily(utc(2026, 4, 1), 30, 3)); // chem: 90 of 100, so 10 are carried over
    auto rows = daily(utc(2026, 5, 1), 20, 5);    // physics: 50 are carried over
    replay.add(1, rows);
    const auto seen = all(replay);
    CHECK_EQ(seen.size(), 2U);
    CHECK_EQ(seen[0], "chem normal 2026-05-11 - 10");
    CHECK_EQ(seen[1], "physics normal 2026-05-11 - 10"); // 100 of 150
}

CASE(a_policy_that_observes_shows_what_it_would_do) {
    World w = monthly();
    w.set.policies[0].mode = model::Mode::observe;
    policy::Replay replay(w.set, w.zone, w.facts.structure, {utc(2026, 5, 1), utc(2026, 5, 4)});
    replay.add(1, daily(utc(2026, 5, 2), 1, 121));
    CHECK_EQ(all(replay).back(), "physics would be paused 2026-05-02 - 2");
}

CASE(the_last_day_may_be_a_part_of_one) {
    World w = monthly();
    policy::Replay replay(w.set, w.zone, w.facts.structure, {utc(2026, 5, 1), utc(2026, 5, 2, 12)});
    policy::Replay::Rows rows;
    rows[utc(2026, 5, 2, 10)]["node"] = 130 * kHour;
    rows[utc(2026, 5, 2, 12)]["node"] = 1000 * kHour; // after the end
    rows[utc(2026, 3, 1)]["node"] = 1000 * kHour;     // before the usage that is needed
    replay.add(1, rows);
    CHECK_EQ(all(replay).back(), "physics paused 2026-05-02 - 1");
}

CASE(a_replay_is_cut_at_three_years) {
    World w = monthly();
    w.set.policies[0].period = {model::PeriodKind::total, 0, {}};
    const Instant end = utc(2026, 5, 1);
    policy::Replay replay(w.set, w.zone, w.facts.structure, {utc(2026, 4, 1), end});
    CHECK_EQ(replay.days(), static_cast<std::size_t>(policy::Replay::kMostDays.count()));
    policy::Replay none({}, w.zone, w.facts.structure, {utc(2026, 4, 1), end});
    CHECK(none.accounts().empty());
}
