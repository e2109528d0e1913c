// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/preview.hpp"
#include "common/policy/scenario.hpp"

#include "tests/common/policy/world.hpp"

using namespace sluice;
using test::dec;
using test::utc;
using test::World;

namespace {

model::LocalTime local(int y, unsigned m, unsigned d, int hour = 0) {
    return model::LocalTime{utc(y, m, d, hour).time_since_epoch()};
}

model::Scenario physics() {
    World w;
    auto& policy = w.policy();
    policy.qos_default = "normal";
    model::Scenario scenario;
    scenario.set = w.set;
    scenario.set.accounts["physics"].allocation = {{"node_hours", dec("1000")}};
    scenario.set.accounts["optics"].parent = "physics";
    return scenario;
}

model::ScenarioStep step(model::LocalTime at) {
    model::ScenarioStep one;
    one.at = at;
    one.evaluate = true;
    return one;
}

struct Seen {
    std::vector<model::AccountDecision> physics;
    std::vector<std::size_t> commands;
};

Seen run(const model::Scenario& scenario) {
    Seen seen;
    policy::run(scenario, Zone{}, [&](const policy::Evaluated& one) {
        seen.physics.push_back(one.decision.accounts.at(0));
        seen.commands.push_back(one.plan.commands.size());
    });
    return seen;
}

} // namespace

CASE(a_charge_at_the_boundary_belongs_to_the_new_period) {
    auto scenario = physics();
    scenario.steps = {step(local(2026, 1, 1)), step(local(2026, 4, 1))};
    scenario.steps[1].usage["optics"]["node_hours"] = dec("10");
    const auto seen = run(scenario);
    CHECK_EQ(seen.physics[1].figures[0].used(), 10 * 3600);
    CHECK_EQ(seen.physics[1].figures[0].carryover.used_before, 0);
    CHECK_EQ(seen.physics[1].figures[0].carryover.carry, 500 * 3600);
}

CASE(a_period_without_evaluation_still_counts_as_allocated) {
    auto scenario = physics();
    scenario.steps = {step(local(2026, 1, 1)), step(local(2026, 5, 5)), step(local(2026, 7, 5))};
    scenario.steps[1].evaluate = false;
    scenario.steps[1].usage["physics"]["node_hours"] = dec("900");
    const auto seen = run(scenario);
    CHECK_EQ(seen.physics[1].figures[0].carryover.carry, 100 * 3600);
}

CASE(flags_compare_with_the_last_evaluation) {
    auto scenario = physics();
    scenario.steps = {step(local(2026, 1, 1)), step(local(2026, 8, 5))};
    scenario.steps[0].usage["physics"]["node_hours"] = dec("1200");
    const auto seen = run(scenario);
    CHECK(seen.physics[1].previous_flags == (model::Flags{true, true}));
    CHECK_EQ(seen.physics[1].actions_taken.at(0), "restore");
}

CASE(a_job_told_afterwards_counts_where_it_ran) {
    auto scenario = physics();
    scenario.steps = {step(local(2026, 1, 1)), step(local(2026, 4, 10))};
    scenario.steps[1].jobs = {
        {"physics", {{"node", 2}}, local(2026, 3, 31, 22), local(2026, 4, 1, 2)}};
    const auto seen = run(scenario);
    CHECK_EQ(seen.physics[1].figures[0].carryover.used_before, 4 * 3600);
    CHECK_EQ(seen.physics[1].figures[0].used(), 4 * 3600);
}

CASE(commands_are_done_and_not_repeated) {
    auto scenario = physics();
    scenario.steps = {step(local(2026, 1, 1)), step(local(2026, 1, 1)), step(local(2026, 1, 2)),
                      step(local(2026, 1, 3))};
    scenario.steps[2].usage["physics"]["node_hours"] = dec("1300");
    const auto seen = run(scenario);
    CHECK(seen.commands == (std::vector<std::size_t>{1, 0, 1, 0}));
}

CASE(usage_beyond_all_bounds_is_an_error_of_the_account) {
    auto scenario = physics();
    scenario.steps = {step(local(2026, 1, 1))};
    scenario.steps[0].jobs = {
        {"physics", {{"node", 9'000'000'000}}, local(1900, 1, 1), local(2026, 1, 1)}};
    scenario.steps[0].jobs.resize(5, scenario.steps[0].jobs[0]);
    scenario.set.policies[0].period.kind = model::PeriodKind::total;
    CHECK_EQ(run(scenario).physics[0].error, "the usage of node_hours does not fit");
}

CASE(nothing_to_run_runs) {
    run(physics());
    policy::run(model::Scenario{}, Zone{}, [](const auto&) {});
}

// Waldur: days = int((threshold - usage) / rate); "exceeded" also within the day.
CASE(a_preview_projects_the_dates) {
    policy::PreviewInput in;
    in.previous_usage = dec("700");
    in.current_usage = dec("850");
    in.daily_usage_rate = dec("40");
    in.today = std::chrono::year{2026} / 2 / 20;
    const auto got = policy::preview(in);
    CHECK(got.has_value());
    CHECK_EQ(got->effective, 1300 * 3600);
    CHECK_EQ(*got->percent, 6538);
    CHECK_EQ(*got->thresholds[0].days, 4);
    CHECK_EQ(date_text(*got->thresholds[1].date), "2026-03-03"); // 11 days
    CHECK_EQ(got->status, "normal");
    in.daily_usage_rate = Decimal{};
    CHECK(policy::preview(in)->thresholds[0].outlook == policy::Outlook::never);
    in.current_usage = dec("1560");
    CHECK_EQ(policy::preview(in)->status, "blocked");
    in.carryover_factor = dec("101");
    CHECK(!policy::preview(in));
}
