// SPDX-License-Identifier: GPL-2.0-or-later
// Limits and raw usage: what Slurm is told that an account may use.
#include "tests/common/policy/world.hpp"

#include <algorithm>

using namespace sluice;
using test::dec;
using test::utc;
using test::World;

namespace {

World physics(const char* hours = "1000") {
    World w;
    w.policy();
    w.account("physics");
    w.grant("physics", hours);
    return w;
}

bool nothing_more(World& w, Instant now) {
    w.cycle(now);
    return w.plan.commands.empty();
}

} // namespace

CASE(limits_are_written_at_the_grace_level) {
    World w = physics();
    w.run(utc(2026, 1, 1));
    CHECK_EQ(w.plan.commands.size(), 1U);
    CHECK_EQ(
        w.command(0),
        "sacctmgr -i modify account where name=physics cluster=lab set GrpTRESMins=node=72000");
    CHECK(nothing_more(w, utc(2026, 1, 1)));
}

// Waldur truncates twice in binary: 6000 * 1.15 gives 6899, and 33.333 h give 2398.
CASE(minutes_are_rounded_once) {
    const struct {
        const char *hours, *grace;
        std::int64_t minutes;
    } rows[] = {{"100", "0.15", 6900},   {"1", "0.3", 78},          {"10", "0.5", 900},
                {"33.333", "0.2", 2400}, {"64000", "0.2", 4608000}, {"0", "0.2", 0}};
    for (const auto& row : rows) {
        World w = physics(row.hours);
        w.set.policies[0].grace_ratio = dec(row.grace);
        w.cycle(utc(2026, 1, 1));
        CHECK_EQ(*w.plan.commands[0].limits.at("node"), row.minutes);
    }
}

CASE(billing_gets_a_limit_of_its_own) {
    World w = physics();
    w.set.components = {{"cpu", "cpu", Decimal::whole(60)}, {"mem", "mem", Decimal::whole(61440)}};
    w.set.accounts.clear();
    w.grant("physics", "64000", "cpu");
    w.grant("physics", "512000", "mem");
    auto& billing = w.set.policies[0].billing;
    billing.enabled = true;
    billing.weights = {{"cpu", dec("0.015625")}, {"mem", dec("0.001953125")}};
    w.cycle(utc(2026, 1, 1));
    const auto& limits = w.plan.commands[0].limits;
    CHECK_EQ(*limits.at("billing"), 144000);
    CHECK_EQ(*limits.at("cpu"), 4608000);
    CHECK_EQ(*limits.at("mem"), Amount{36864000} * 1024); // Slurm counts memory in MB
}

CASE(a_concurrent_limit_is_a_count) {
    World w = physics("40");
    w.set.policies[0].limits.type = model::LimitType::grp_tres;
    w.set.policies[0].grace_ratio = Decimal{};
    w.cycle(utc(2026, 1, 1));
    CHECK_EQ(*w.plan.commands[0].limits.at("node"), 40);
}

CASE(a_limit_per_job_does_not_follow_usage) {
    World w = physics();
    w.set.policies[0].limits.type = model::LimitType::max_tres_mins;
    w.use(utc(2026, 1, 2), "physics", 700);
    w.run(utc(2026, 2, 1));
    CHECK_EQ(
        w.command(0),
        "sacctmgr -i modify account where name=physics cluster=lab set MaxTRESMins=node=72000");
    CHECK_EQ(w.row("physics").max_tres_mins.at("node"), 72000);
    CHECK(nothing_more(w, utc(2026, 2, 2)));
}

CASE(a_total_grant_is_never_reset) {
    World w = physics();
    w.set.policies[0].period.kind = model::PeriodKind::total;
    w.set.policies[0].raw_usage_reset = true;
    w.run(utc(2026, 1, 1));
    w.use(utc(2026, 2, 1), "physics", 1300);
    const auto& one = w.run(utc(2031, 1, 1));
    CHECK_EQ(one.period.label, "total");
    CHECK(one.flags.paused && !one.until);
    CHECK_EQ(one.figures[0].carryover.reason, "no_previous_period");
    for (const auto& command : w.plan.commands)
        CHECK(command.type != model::CommandType::reset_usage);
}

CASE(a_limit_follows_raw_usage_when_it_is_not_reset) {
    World w = physics();
    w.run(utc(2026, 1, 1));
    w.use(utc(2026, 2, 1), "physics", 700);
    CHECK(nothing_more(w, utc(2026, 2, 2))); // raw usage grew as usage did
    w.run(utc(2026, 4, 1));                  // raw 700 h + 1300 h * 1.2
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), (700 + 1560) * 60);
    w.cycle(utc(2026, 4, 2));
    w.facts.raw_usage["physics"]["node"] -= 10 * 3600; // decay below the tolerance of 1 %
    w.plan = policy::plan(w.set, w.facts, w.decision);
    CHECK(w.plan.commands.empty());
    w.facts.raw_usage["physics"]["node"] -= 10 * 3600;
    w.plan = policy::plan(w.set, w.facts, w.decision);
    CHECK_EQ(*w.plan.commands[0].limits.at("node"), (680 + 1560) * 60);
    w.facts.raw_usage_known = false;
    w.plan = policy::plan(w.set, w.facts, w.decision);
    CHECK(w.plan.commands.empty()); // what is there stays
}

CASE(a_limit_after_a_reset_is_moved_by_what_slurmctld_counts_otherwise) {
    World w = physics();
    w.set.policies[0].raw_usage_reset = true;
    w.run(utc(2026, 1, 1));
    w.use(utc(2026, 2, 1), "physics", 1000);
    w.run(utc(2026, 4, 1));
    w.run(utc(2026, 4, 2));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 1200 * 60);
    const Amount hundred = 100 * 3600;
    w.charges.push_back({utc(2026, 4, 3), "physics", "node", hundred, &model::UsageSplit::idle});
    w.charges.push_back({utc(2026, 4, 3), "physics", "node", -hundred, &model::UsageSplit::beyond});
    CHECK_EQ(w.run(utc(2026, 4, 4)).figures[0].used(), hundred);
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), (1200 - 100) * 60);
    CHECK(nothing_more(w, utc(2026, 4, 4)));
    // usage_factor: ignore, and jobs at double price
    w.charges.push_back(
        {utc(2026, 4, 5), "physics", "node", hundred / 2, &model::UsageSplit::beyond});
    w.run(utc(2026, 4, 6));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), (1200 - 50) * 60);
}

CASE(usage_factor_and_idle_reservations_are_usage) {
    World w = physics();
    w.use(utc(2026, 2, 1), "physics", 700);
    w.charges.push_back(
        {utc(2026, 2, 1), "physics", "node", -200 * 3600, &model::UsageSplit::factor});
    w.charges.push_back({utc(2026, 2, 1), "physics", "node", 50 * 3600, &model::UsageSplit::idle});
    const auto& figure = w.run(utc(2026, 2, 2)).figures[0];
    CHECK_EQ(figure.used(), 550 * 3600);
    CHECK_EQ(*figure.percent, 5500);
    std::string text;
    for (const auto& line : w.explain())
        text += line + "\n";
    CHECK(text.find("used 550 = settled 700 + finished 0 + running 0 - QOS factor 200 + idle "
                    "reservations 50, which is") != std::string::npos);
    // A factor that grows milder, as if it always had been, lifts nothing.
    w.charges.push_back(
        {utc(2026, 2, 1), "physics", "node", -300 * 3600, &model::UsageSplit::factor});
    const auto& later = w.run(utc(2026, 2, 3)).figures[0];
    CHECK_EQ(later.used(), 550 * 3600);
    CHECK_EQ(later.vanished, 300 * 3600);
}

CASE(raw_usage_is_reset_once_per_boundary) {
    World w = physics();
    w.set.policies[0].raw_usage_reset = true;
    w.run(utc(2026, 1, 1));
    CHECK_EQ(w.plan.commands.size(), 1U); // limits only: no boundary was passed
    w.use(utc(2026, 2, 1), "physics", 1000);
    w.run(utc(2026, 4, 1));
    CHECK_EQ(w.command(0),
             "sacctmgr -i modify account where name=physics cluster=lab set RawUsage=0");
    CHECK(nothing_more(w, utc(2026, 4, 2)));
}

CASE(no_period_is_reset_twice) {
    World w = physics();
    w.set.policies[0].raw_usage_reset = true;
    w.run(utc(2026, 3, 1));
    w.run(utc(2026, 4, 1)); // by a wrong clock
    CHECK_EQ(w.facts.history.accounts["physics"].reset_done_for, "2026-Q2");
    model::forget_after(w.facts.history.accounts["physics"], utc(2026, 3, 2));
    w.run(utc(2026, 3, 2));
    CHECK_EQ(w.facts.history.accounts["physics"].period, "2026-Q1");
    CHECK_EQ(w.facts.history.accounts["physics"].reset_done_for, "");
    w.run(utc(2026, 4, 1));
    for (const auto& command : w.plan.commands)
        CHECK(command.type != model::CommandType::reset_usage);
    CHECK_EQ(w.facts.history.accounts["physics"].period, "2026-Q2");
}

CASE(a_reset_that_failed_is_owed_until_it_is_done) {
    World w = physics();
    w.set.policies[0].raw_usage_reset = true;
    w.run(utc(2026, 1, 1));
    w.run(utc(2026, 4, 1));
    w.facts.history.accounts["physics"].reset_owed = true;
    w.run(utc(2026, 4, 1, 1));
    CHECK_EQ(w.plan.commands.size(), 1U);
    CHECK(w.plan.commands[0].type == model::CommandType::reset_usage);
    CHECK(nothing_more(w, utc(2026, 4, 2)));
}

CASE(a_limit_follows_raw_usage_where_that_cannot_be_reset) {
    World w = physics();
    w.set.policies[0].raw_usage_reset = true;
    w.facts.raw_usage_resets = false;
    w.run(utc(2026, 1, 1));
    CHECK_EQ(w.plan.problems.size(), 1U);
    CHECK(w.plan.problems[0].what.find("policy quarterly has raw_usage_reset: true") == 0);
    w.use(utc(2026, 2, 1), "physics", 700);
    w.run(utc(2026, 4, 1)); // no reset; raw 700 h + 1300 h * 1.2
    CHECK_EQ(w.plan.commands.size(), 1U);
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), (700 + 1560) * 60);
    // libslurm learns to: the counters still hold what was, so limits follow them to the boundary
    w.facts.raw_usage_resets = true;
    CHECK(nothing_more(w, utc(2026, 4, 2)));
    w.run(utc(2026, 7, 1));
    CHECK(w.plan.commands.back().type == model::CommandType::reset_usage);
    CHECK(w.plan.problems.empty());
}

CASE(a_reset_that_is_asked_for_inside_a_period_waits_for_its_end) {
    World w = physics();
    w.run(utc(2026, 1, 1));
    w.use(utc(2026, 1, 2), "physics", 100);
    w.set.policies[0].raw_usage_reset = true;
    CHECK(nothing_more(w, utc(2026, 1, 3))); // the limit goes on following what is there
    w.run(utc(2026, 4, 1));
    CHECK(w.plan.commands.back().type == model::CommandType::reset_usage);
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 1500 * 60 * 12 / 10);
}

// Slurm would hold its jobs at the limit, and people who lift a block mean them.
CASE(an_override_that_lets_an_account_run_takes_its_limit_away) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 72000);
    auto& overrides = w.facts.history.overrides;
    overrides.push_back({7, "physics", model::Standing::normal, utc(2026, 1, 4), utc(2026, 1, 6),
                         "deadline", "root"});
    w.cycle(utc(2026, 1, 4));
    const auto& commands = w.plan.commands;
    CHECK(std::any_of(commands.begin(), commands.end(), [](const model::Command& command) {
        return command.reason == "override 7" && command.limits.contains("node") &&
               !command.limits.at("node");
    }));
    w.run(utc(2026, 1, 4));
    CHECK(w.row("physics").grp_tres_mins.empty());
    CHECK(nothing_more(w, utc(2026, 1, 5)));
    overrides[0].standing = model::Standing::downscaled;
    w.run(utc(2026, 1, 5));
    CHECK(w.row("physics").grp_tres_mins.empty());
    w.run(utc(2026, 1, 6)); // over
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 72000);
    overrides.push_back(
        {8, "physics", model::Standing::paused, utc(2026, 1, 7), utc(2026, 1, 8), "audit", "root"});
    CHECK(nothing_more(w, utc(2026, 1, 7)));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 72000);
}

CASE(an_override_before_the_allocation_is_used_up_leaves_the_limit) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 999);
    w.facts.history.overrides.push_back({7, "physics", model::Standing::normal, utc(2026, 1, 1),
                                         utc(2026, 1, 6), "deadline", "root"});
    w.run(utc(2026, 1, 3));
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 72000);
    w.use(utc(2026, 1, 3), "physics", 1); // 100 %, the limit is at 120 %
    w.run(utc(2026, 1, 4));
    CHECK(w.row("physics").grp_tres_mins.empty());
}

CASE(a_limit_that_somebody_else_set_outlives_an_override) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    w.row("physics").grp_tres_mins["node"] = 5;
    w.facts.history.overrides.push_back({7, "physics", model::Standing::normal, utc(2026, 1, 1),
                                         utc(2026, 1, 6), "deadline", "root"});
    w.run(utc(2026, 1, 4));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 5);
}
