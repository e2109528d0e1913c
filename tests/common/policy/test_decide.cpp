// SPDX-License-Identifier: GPL-2.0-or-later
// The evaluation in whole cycles: thresholds, flags, actions, ancestors, overrides.
#include "tests/common/policy/world.hpp"

#include "common/base/text.hpp"

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

std::string actions(const model::AccountDecision& d) {
    return join(d.actions_taken, ",");
}

} // namespace

CASE(thresholds_act_at_80_100_and_the_grace_limit) {
    World w = physics();
    CHECK_EQ(actions(w.run(utc(2026, 1, 1))), "");
    w.use(utc(2026, 1, 2), "physics", 799);
    CHECK_EQ(actions(w.run(utc(2026, 1, 3))), "");
    w.use(utc(2026, 1, 3), "physics", 1);
    CHECK_EQ(actions(w.run(utc(2026, 1, 4))), "notify");
    w.use(utc(2026, 1, 4), "physics", 200);
    CHECK_EQ(actions(w.run(utc(2026, 1, 5))), "downscale");
    CHECK_EQ(*w.of("physics").percent, 10000);
    w.use(utc(2026, 1, 5), "physics", 200);
    CHECK_EQ(actions(w.run(utc(2026, 1, 6))), "pause");
    CHECK(w.of("physics").flags == (model::Flags{true, true}));
    CHECK_EQ(actions(w.run(utc(2026, 4, 1))), "restore");
    CHECK(w.of("physics").flags == (model::Flags{}));
}

CASE(almost_a_hundred_percent_is_not_a_hundred) {
    World w = physics();
    w.charges.push_back({utc(2026, 1, 2), "physics", "node", 3'600'000 - 1});
    CHECK(!w.cycle(utc(2026, 1, 3)).flags.downscaled);
    CHECK_EQ(*w.of("physics").percent, 9999);
    w.charges.back().amount += 1;
    CHECK(w.cycle(utc(2026, 1, 3)).flags.downscaled);
}

CASE(grace_zero_pauses_at_a_hundred) {
    World w = physics();
    w.set.policies[0].grace_ratio = Decimal{};
    w.use(utc(2026, 1, 2), "physics", 1000);
    CHECK_EQ(actions(w.cycle(utc(2026, 1, 3))), "pause,downscale,notify");
}

// Waldur computes (1 + 0.1) * 100 = 110.00000000000001 in binary: exactly 110 % does not pause.
CASE(ten_percent_of_grace_end_at_exactly_110) {
    World w = physics();
    w.set.policies[0].grace_ratio = dec("0.1");
    w.use(utc(2026, 1, 2), "physics", 1100);
    CHECK(w.cycle(utc(2026, 1, 3)).flags.paused);
}

CASE(actions_that_are_not_listed_do_not_happen) {
    World w = physics();
    w.set.policies[0].actions = {model::Action::block_creation_of_new_resources};
    w.use(utc(2026, 1, 2), "physics", 1000);
    const auto& d = w.cycle(utc(2026, 1, 3));
    CHECK(d.flags == model::Flags{});
    CHECK(d.block_creation); // at 100 %, as pausing is not listed
    CHECK_EQ(actions(d), "");
}

CASE(nothing_granted_is_at_every_threshold) {
    World w = physics("0");
    const auto& d = w.cycle(utc(2026, 1, 3));
    CHECK_EQ(actions(d), "pause,downscale,notify");
    CHECK(!d.percent);
    CHECK(!d.until); // the next period grants nothing either
}

CASE(notify_happens_once_per_period) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 900);
    w.use(utc(2026, 5, 2), "physics", 2000);
    CHECK_EQ(actions(w.run(utc(2026, 1, 3))), "notify");
    CHECK_EQ(actions(w.run(utc(2026, 1, 4))), "");
    CHECK_EQ(actions(w.run(utc(2026, 5, 3))), "pause,downscale,notify");
}

CASE(unused_allocation_is_carried_once) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 700);
    CHECK_EQ(w.run(utc(2026, 1, 3)).figures[0].carryover.reason, "no_previous_allocation");
    const auto& d = w.run(utc(2026, 4, 1));
    CHECK_EQ(d.figures[0].carryover.carry, 300 * 3600);
    CHECK_EQ(d.figures[0].effective, 1300 * 3600);
    CHECK_EQ(w.run(utc(2026, 4, 2)).figures[0].effective, 1300 * 3600);
    // Nothing used in Q2: the cap is of the base, not of what was carried before.
    CHECK_EQ(w.run(utc(2026, 7, 1)).figures[0].effective, 1500 * 3600);
}

CASE(borrowing_moves_hours_between_periods) {
    World w = physics();
    w.set.policies[0].borrow.factor = dec("20");
    w.set.policies[0].carryover.enabled = false;
    w.run(utc(2026, 1, 1));
    w.use(utc(2026, 1, 2), "physics", 1150);
    CHECK_EQ(w.run(utc(2026, 1, 3)).figures[0].effective, 1200 * 3600);
    CHECK(!w.of("physics").flags.downscaled);
    const auto& d = w.run(utc(2026, 4, 1));
    CHECK_EQ(d.figures[0].borrowed, 50 * 3600); // 200 of Q3, 150 were used of Q2
    CHECK_EQ(d.figures[0].effective, 1050 * 3600);
    CHECK_EQ(w.run(utc(2026, 4, 2)).figures[0].effective, 1050 * 3600);
}

CASE(hysteresis_holds_a_flag_until_that_many_points_below) {
    World w = physics();
    w.set.policies[0].hysteresis = dec("5");
    w.use(utc(2026, 1, 2), "physics", 1000);
    CHECK(w.run(utc(2026, 1, 3)).flags.downscaled);
    w.grant("physics", "1040"); // 96.15 %
    CHECK(w.run(utc(2026, 1, 4)).flags.downscaled);
    w.grant("physics", "1053"); // 94.97 %
    CHECK_EQ(actions(w.run(utc(2026, 1, 5))), "restore");
    w.grant("physics", "1040");
    CHECK(!w.run(utc(2026, 1, 6)).flags.downscaled);
    w.grant("physics", "1000");
    CHECK(w.run(utc(2026, 1, 7)).flags.downscaled);
    CHECK(!w.run(utc(2026, 4, 1)).flags.downscaled); // a new period begins afresh
}

CASE(progressive_steps_name_the_qos) {
    World w = physics();
    auto& p = w.set.policies[0];
    p.strategy = model::QosStrategy::progressive;
    p.steps = {
        {dec("90"), "slow1", false}, {dec("100"), "slow2", false}, {dec("120"), "blocked", true}};
    w.use(utc(2026, 1, 2), "physics", 900);
    CHECK_EQ(w.run(utc(2026, 1, 3)).qos, "slow1");
    w.use(utc(2026, 1, 3), "physics", 100);
    CHECK_EQ(w.run(utc(2026, 1, 4)).qos, "slow2");
    CHECK(!w.of("physics").flags.paused);
    w.use(utc(2026, 1, 4), "physics", 200);
    CHECK_EQ(w.run(utc(2026, 1, 5)).qos, "blocked");
    CHECK(w.of("physics").flags.paused);
}

CASE(the_worst_component_decides_without_billing) {
    World w = physics();
    w.set.components.push_back({"gpu_hours", "gres/gpu", Decimal::whole(60)});
    w.grant("physics", "10", "gpu_hours");
    w.use(utc(2026, 1, 2), "physics", 500);
    w.use(utc(2026, 1, 2), "physics", 11, "gres/gpu");
    const auto& d = w.cycle(utc(2026, 1, 3));
    CHECK_EQ(d.deciding, "gpu_hours");
    CHECK_EQ(*d.percent, 11000);
    CHECK(d.flags.downscaled);
}

CASE(billing_weighs_units_for_allocation_and_usage_alike) {
    World w = physics();
    w.set.components = {{"cpu", "cpu", Decimal::whole(60)},
                        {"mem", "mem", Decimal::whole(61440)}}; // GB-hours
    w.set.accounts.clear();
    w.grant("physics", "64000", "cpu");
    w.grant("physics", "512000", "mem");
    auto& billing = w.set.policies[0].billing;
    billing.enabled = true;
    billing.weights = {{"CPU", dec("0.015625")}, {"Mem", dec("0.001953125")}};
    w.use(utc(2026, 1, 2), "physics", 32000, "cpu");
    w.use(utc(2026, 1, 2), "physics", Amount{256000} * 1024, "mem");
    w.use(utc(2026, 1, 2), "physics", 1000000, "gres/gpu"); // no allocation: never counts
    CHECK_EQ(*w.cycle(utc(2026, 1, 3)).percent, 5000);
    billing.weights.erase("Mem");
    CHECK(w.cycle(utc(2026, 1, 3)).error.find("mem has no weight") != std::string::npos);
}

CASE(slurms_own_billing_is_counted_alone) {
    World w = physics();
    w.set.components.push_back({"credits", "billing", Decimal::whole(60)});
    w.grant("physics", "100", "credits");
    w.set.policies[0].billing.enabled = true;
    w.set.policies[0].billing.weights_slurm = true;
    w.use(utc(2026, 1, 2), "physics", 5000);
    w.use(utc(2026, 1, 2), "physics", 50, "billing");
    CHECK_EQ(*w.cycle(utc(2026, 1, 3)).percent, 5000);
}

CASE(a_paused_account_pauses_its_subtree) {
    World w = physics();
    w.account("optics", "physics");
    w.account("laser", "optics");
    w.grant("laser", "5000");
    w.use(utc(2026, 1, 2), "laser", 1300);
    w.cycle(utc(2026, 1, 3));
    const auto& laser = w.of("laser");
    CHECK(laser.own == model::Flags{});
    CHECK(laser.flags.paused);
    CHECK(laser.cause.kind == model::CauseKind::ancestor);
    CHECK_EQ(laser.cause.account, "physics");
    CHECK_EQ(*laser.percent, 2600);
    CHECK(w.decision.find("optics") == nullptr); // no allocation: not listed
}

CASE(an_override_replaces_own_flags_but_not_the_ancestors) {
    World w = physics();
    w.account("optics", "physics");
    w.grant("optics", "100");
    w.use(utc(2026, 1, 2), "optics", 1300);
    auto& overrides = w.facts.history.overrides;
    overrides.push_back(
        {1, "optics", model::Standing::normal, utc(2026, 1, 1), utc(2026, 1, 10), "", ""});
    w.cycle(utc(2026, 1, 3));
    CHECK(w.of("optics").own == model::Flags{});
    CHECK(w.of("optics").flags.paused); // physics is at 130 %
    overrides.push_back(
        {2, "physics", model::Standing::normal, utc(2026, 1, 1), utc(2026, 1, 10), "", ""});
    w.cycle(utc(2026, 1, 3));
    CHECK(!w.of("optics").flags.paused);
    CHECK(w.of("physics").cause.kind == model::CauseKind::override_);
    CHECK(w.cycle(utc(2026, 1, 10)).flags.paused); // over at the expiry instant
}

CASE(an_override_may_pause_and_ends_by_itself) {
    World w = physics();
    w.facts.history.overrides.push_back({1, "physics", model::Standing::paused, utc(2026, 1, 1),
                                         utc(2026, 1, 10), "misuse", "root"});
    const auto& d = w.run(utc(2026, 1, 3));
    CHECK(d.flags == (model::Flags{true, true}));
    CHECK_EQ(epoch(*d.until), epoch(utc(2026, 1, 10)));
    CHECK_EQ(actions(w.run(utc(2026, 1, 10))), "restore");
}

CASE(a_flag_of_waldur_is_not_called_an_override) {
    World w = physics();
    w.facts.history.overrides.push_back({0, "physics", model::Standing::paused, utc(2026, 1, 1),
                                         utc(2026, 1, 10), "set there by a person", "Waldur", true,
                                         true});
    CHECK(!w.cycle(utc(2026, 1, 3)).until); // who set it takes it back; there is no day for that
    std::string reason;
    for (const auto& command : w.plan.commands)
        if (command.type == model::CommandType::qos)
            reason = command.reason;
    CHECK_EQ(reason, "flag in Waldur");
    bool said = false;
    for (const auto& line : w.explain()) {
        said = said || line.find("paused by a flag in Waldur") != std::string::npos;
        CHECK(line.find("by an override") == std::string::npos);
    }
    CHECK(said);
}

CASE(adjustments_count_in_their_period_only) {
    World w = physics();
    w.facts.history.adjustments.push_back({1,
                                           "physics",
                                           "2026-Q1",
                                           {{"node_hours", dec("25")}},
                                           "node failure",
                                           "root",
                                           utc(2026, 1, 2)});
    w.facts.history.adjustments.push_back(
        {2, "physics", "2026-Q1", {{"node_hours", dec("-2000")}}, "", "root", utc(2026, 2, 2)});
    CHECK_EQ(w.run(utc(2026, 1, 1)).figures[0].effective, 1000 * 3600); // not yet made
    CHECK_EQ(w.run(utc(2026, 1, 3)).figures[0].effective, 1025 * 3600);
    CHECK_EQ(w.run(utc(2026, 2, 3)).figures[0].effective, 0); // never below zero
    CHECK_EQ(w.run(utc(2026, 4, 3)).figures[0].adjustments, 0);
}

CASE(several_policies_act_together) {
    World w = physics();
    w.set.policies[0].actions = {model::Action::notify_organization_owners};
    w.policy("strict").actions = {model::Action::request_slurm_resource_downscaling};
    w.use(utc(2026, 1, 2), "physics", 1300);
    CHECK_EQ(actions(w.cycle(utc(2026, 1, 3))), "downscale,notify");
    w.set.policies[1].grace_ratio = dec("0.5");
    CHECK(w.cycle(utc(2026, 1, 3)).error.find("disagree on grace_ratio") != std::string::npos);
}

CASE(an_observing_policy_does_not_count_beside_an_enforcing_one) {
    World w = physics();
    w.set.policies[0].mode = model::Mode::observe;
    w.policy("soft").actions = {model::Action::request_slurm_resource_downscaling};
    w.use(utc(2026, 1, 2), "physics", 1300);
    const auto& d = w.cycle(utc(2026, 1, 3));
    CHECK(d.enforced == (model::Flags{false, true}));
}

CASE(stale_usage_lifts_nothing) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    w.facts.usage_age = 600;
    w.charges.clear();
    CHECK(w.run(utc(2026, 1, 4)).flags.paused);
    CHECK(!w.run(utc(2026, 4, 1)).flags.paused); // by the calendar, not by usage
    w.facts.usage_age = 0;
}

// slurmdbd purged its records, or an account was moved or deleted.
CASE(usage_never_falls_inside_a_period) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    w.charges.clear();
    w.use(utc(2026, 1, 3), "physics", 17);
    const auto& kept = w.run(utc(2026, 1, 4));
    CHECK(kept.flags.paused);
    CHECK_EQ(kept.figures[0].used(), 1300 * 3600);
    CHECK_EQ(kept.figures[0].vanished, 1283 * 3600);
    CHECK_EQ(w.plan.problems[0].what,
             "Slurm reports 1283 node_hours less usage in 2026-Q1 than before: the higher figure "
             "is kept, and nothing is lifted");
    w.run(utc(2026, 1, 5));
    CHECK(w.of("physics").flags.paused);
    auto later = w;
    later.run(utc(2026, 4, 1)); // by the calendar
    CHECK(!later.of("physics").flags.paused);
    CHECK_EQ(later.of("physics").figures[0].carryover.carry, 0);
    CHECK(later.plan.problems[0].what.ends_with("and no more is carried over"));
    later.set.policies[0].carryover.enabled = false;
    later.run(utc(2026, 4, 1));
    CHECK(later.plan.problems.empty());
    model::reopen(w.facts.history.accounts["physics"]); // sluice reset --period
    w.run(utc(2026, 1, 6));
    CHECK(!w.of("physics").flags.paused && w.plan.problems.empty());
    CHECK_EQ(w.of("physics").figures[0].used(), 17 * 3600);
}

// Purged usage of the period before would be carried over as unused.
CASE(usage_of_the_period_before_never_falls) {
    World w = physics();
    w.set.policies[0].carryover.enabled = true;
    w.use(utc(2026, 1, 2), "physics", 900);
    w.run(utc(2026, 2, 1));
    CHECK_EQ(w.run(utc(2026, 4, 1)).figures[0].effective, 1100 * 3600);
    CHECK(w.plan.problems.empty());
    w.use(utc(2026, 3, 30), "physics", 50); // recorded late
    CHECK_EQ(w.run(utc(2026, 4, 2)).figures[0].effective, 1050 * 3600);
    w.charges.clear();
    for (const int day : {3, 4}) {
        const auto& kept = w.run(utc(2026, 4, static_cast<unsigned>(day)));
        CHECK_EQ(kept.figures[0].effective, 1050 * 3600);
        CHECK_EQ(kept.figures[0].vanished_before, 950 * 3600);
        CHECK_EQ(w.plan.problems[0].what,
                 "Slurm reports 950 node_hours less usage in 2026-Q1 than before: the higher "
                 "figure is kept, and no more is carried over");
    }
    model::reopen(w.facts.history.accounts["physics"]);
    CHECK_EQ(w.run(utc(2026, 4, 5)).figures[0].effective, 1500 * 3600);
    CHECK(w.plan.problems.empty());
}

// Also not when slurmdbd was purged while the period ended.
CASE(usage_that_was_purged_at_the_boundary_is_not_carried_over) {
    World w = physics();
    w.set.policies[0].carryover.enabled = true;
    w.use(utc(2026, 1, 2), "physics", 900);
    w.run(utc(2026, 2, 1));
    w.charges.clear();
    CHECK_EQ(w.run(utc(2026, 4, 1)).figures[0].effective, 1100 * 3600);
}

CASE(a_correction_of_less_than_a_hundredth_is_taken) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 700);
    w.run(utc(2026, 1, 3));
    w.charges.clear();
    w.use(utc(2026, 1, 2), "physics", 690);
    CHECK_EQ(w.run(utc(2026, 1, 4)).figures[0].used(), 690 * 3600);
    CHECK(w.plan.problems.empty());
    w.charges.clear();
    w.use(utc(2026, 1, 2), "physics", 680); // but corrections do not add up
    CHECK_EQ(w.run(utc(2026, 1, 5)).figures[0].used(), 700 * 3600);
}

CASE(missing_usage_is_not_zero_usage) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    w.cycle(utc(2026, 1, 4));
    w.facts.usage.clear();
    w.decision = policy::decide(w.set, w.zone, w.facts);
    CHECK_EQ(w.of("physics").error, "usage of 2026-Q1 is not known");
    CHECK(w.of("physics").flags.paused);
}

CASE(figures_that_do_not_fit_name_account_and_figure) {
    World w = physics("9000000000");
    w.set.components[0].unit_factor = dec("9000000000");
    const auto& d = w.cycle(utc(2026, 1, 3));
    CHECK_EQ(d.error, "the allocation of node_hours does not fit");
    CHECK(w.plan.commands.empty());
    CHECK_EQ(w.plan.problems.back().account, "physics");
}

CASE(an_evaluation_is_worth_a_record_when_something_moved) {
    World w = physics();
    CHECK(w.run(utc(2026, 1, 1)).noteworthy);
    CHECK(!w.run(utc(2026, 1, 2)).noteworthy);
    w.use(utc(2026, 1, 2), "physics", 9);
    CHECK(!w.run(utc(2026, 1, 3)).noteworthy); // 0.9 %
    w.use(utc(2026, 1, 3), "physics", 1);
    CHECK(w.run(utc(2026, 1, 4)).noteworthy);
}

CASE(a_threshold_is_foreseen_at_the_present_rate) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 400);
    const auto& d = w.cycle(utc(2026, 1, 11)); // 40 h a day since 1 January
    CHECK_EQ(epoch(*d.thresholds[0].forecast.date), epoch(utc(2026, 1, 21)));
    CHECK_EQ(epoch(*d.thresholds[1].forecast.date), epoch(utc(2026, 1, 26)));
    CHECK_EQ(epoch(*d.thresholds[2].forecast.date), epoch(utc(2026, 1, 31)));
}

CASE(the_instant_a_threshold_was_reached_is_kept_for_the_period) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 850);
    CHECK_EQ(epoch(*w.run(utc(2026, 1, 3)).thresholds[0].since), epoch(utc(2026, 1, 3)));
    w.use(utc(2026, 1, 4), "physics", 200);
    const auto later = w.run(utc(2026, 1, 5));
    CHECK_EQ(epoch(*later.thresholds[0].since), epoch(utc(2026, 1, 3)));
    CHECK_EQ(epoch(*later.thresholds[1].since), epoch(utc(2026, 1, 5)));
    CHECK(!later.thresholds[2].since.has_value());
    CHECK(w.run(utc(2026, 4, 1)).memory.reached.empty());
}

CASE(unknown_accounts_are_reported_once_and_others_go_on) {
    World w = physics();
    w.grant("chemistry", "10");
    w.grant("phisics", "10");
    w.cycle(utc(2026, 1, 3));
    CHECK_EQ(w.decision.accounts.size(), 1U);
    CHECK(w.decision.problems.empty());
    CHECK_EQ(w.plan.problems.size(), 2U);
    CHECK_EQ(w.plan.problems[0].what, "slurmdbd has no account chemistry on lab");
    CHECK_EQ(w.plan.problems[0].remedy, "sacctmgr add account chemistry cluster=lab");
    CHECK_EQ(w.plan.problems[1].remedy,
             "correct phisics to physics in sluiced.yaml; or run: sacctmgr add account phisics "
             "cluster=lab");
}
