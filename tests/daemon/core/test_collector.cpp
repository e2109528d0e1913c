// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/periods.hpp"
#include "daemon/core/collector.hpp"
#include "daemon/core/policy_text.hpp"
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

struct Collecting : Bench {
    core::Collector collector{slurm, journal, sources};

    Result<model::Facts> collect() { return collector.collect(rules, clock.now()); }
};

Amount used(const model::Facts& facts) {
    for (const auto& window : facts.usage)
        if (window.window.end == facts.now)
            return window.accounts.at("physics").tres.at("node").total();
    fail("no current window");
}

} // namespace

namespace {

// Every field that is kept differs from its default.
model::PolicySet every_field() {
    model::PolicySet set;
    set.components = {{"node_hours", "node", Decimal::raw(7)},
                      {"gpu", "gres/gpu", Decimal::whole(60)}};
    model::Policy p;
    p.name = "quarterly";
    p.mode = model::Mode::enforce;
    p.clusters = {"a", "b"};
    p.spans = true;
    p.period = {model::PeriodKind::custom,
                7,
                std::chrono::year{2026} / std::chrono::month{10} / std::chrono::day{3},
                19,
                std::chrono::Saturday,
                "P{N}"};
    p.grace_ratio = Decimal::raw(3);
    p.notify_at = Decimal::whole(71);
    p.hysteresis = Decimal::whole(2);
    p.min_dwell = std::chrono::days{366};
    p.grace_days = 13;
    p.pause_by = model::PauseBy::submit_limit;
    p.carryover = {
        false, model::CarryoverModel::decay, Decimal::whole(51), Decimal::whole(16), true, true};
    p.borrow.factor = Decimal::whole(9);
    p.billing = {true, true, {{"CPU", Decimal::raw(1)}, {"GRES/gpu", Decimal::raw(2)}}};
    p.actions = {model::Action::request_slurm_resource_pausing,
                 model::Action::notify_external_user};
    p.strategy = model::QosStrategy::progressive;
    p.steps = {{Decimal::whole(80), "slow1", false}, {Decimal::whole(120), "stop", true}};
    p.qos_default = "normal";
    p.qos_downscaled = "slow2";
    p.qos_paused = "stopped";
    p.limits = {false, model::LimitType::max_tres_mins, Decimal::whole(1)};
    p.budget_check = model::BudgetCheck::refuse;
    p.on_pause.pending = model::PendingJobs::cancel;
    p.on_downscale = model::OnDownscale::leave;
    set.policies = {p, p};
    set.policies[1].name = "second";
    set.policies[1].mode = model::Mode::observe;
    set.policies[1].period = {};
    return set;
}

} // namespace

CASE(the_text_of_policies_is_read_as_it_was_written) {
    const auto set = every_field();
    const auto text = core::policy_text(set);
    const auto read = core::parse_policy_text(text);
    CHECK(read);
    CHECK_EQ(core::policy_text(*read), text);
    const auto& a = set.policies[0];
    const auto& b = read->policies[0];
    CHECK(a.period == b.period && a.carryover == b.carryover && a.billing == b.billing);
    CHECK(a.grace_ratio == b.grace_ratio && a.notify_at == b.notify_at);
    CHECK(a.hysteresis == b.hysteresis && a.borrow == b.borrow && a.actions == b.actions);
    CHECK(a.min_dwell == b.min_dwell && a.grace_days == b.grace_days);
    CHECK(a.pause_by == b.pause_by);
    CHECK(a.mode == b.mode && a.clusters == b.clusters && a.spans == b.spans);
    CHECK(b.steps.size() == 2 && b.steps[1].pause && b.steps[1].qos == "stop");
    CHECK_EQ(b.qos_default + b.qos_downscaled + b.qos_paused, "normalslow2stopped");
    CHECK(b.limits.type == a.limits.type && !b.limits.enabled && b.check() == a.check());
    CHECK(b.on_pause.pending == a.on_pause.pending && b.on_downscale == a.on_downscale);
    CHECK(read->policies[1].mode == model::Mode::observe);
    CHECK_EQ(read->components[0].unit_factor.text(), set.components[0].unit_factor.text());
    CHECK(!b.mode_missing && !b.period_missing && !b.actions_missing);
}

CASE(a_text_of_policies_with_a_fault_is_no_policy) {
    const auto good = core::policy_text(every_field());
    const std::pair<const char*, const char*> faults[] = {
        {"\"enforce\"", "\"enforced\""},     {"\"decay\"", "1"},
        {"\"period_months\"", "\"months\""}, {"\"0.000000003\"", "\"x\""},
        {"\"steps\"", "\"step\""},           {"}", ""}};
    for (const auto& [from, to] : faults) {
        auto text = good;
        const auto at = text.find(from);
        CHECK(at != std::string::npos);
        text.replace(at, std::string(from).size(), to);
        if (core::parse_policy_text(text))
            fail(std::string("read with ") + to);
    }
}

CASE(a_held_account_has_its_usage_and_its_rules_after_a_restart) {
    Collecting bench;
    bench.use_hours(7);
    CHECK(bench.collect());
    auto& memory = bench.journal.held.accounts["physics"];
    memory.enforced_by = {"quarterly"};
    memory.held_for = "1";
    memory.rules = {"v", {"quarterly"}, {{"node_hours", Decimal::whole(10)}}, false};
    auto monthly = bench.rules.set;
    monthly.policies[0].period.kind = model::PeriodKind::month;
    bench.journal.held.policy_texts = {{"v", core::policy_text(monthly)}, {"w", "broken"}};
    bench.rules.set.accounts.clear();
    core::Collector fresh(bench.slurm, bench.journal, bench.sources);
    const auto facts = fresh.collect(bench.rules, bench.clock.now());
    CHECK(facts);
    CHECK(bench.slurm.asked.accounts.contains("physics"));
    CHECK(facts->earlier.contains("v") && !facts->earlier.contains("w"));
    const auto month =
        policy::period_at({model::PeriodKind::month, 0, {}}, bench.rules.zone, bench.clock.now());
    bool asked = false;
    for (const auto& window : bench.slurm.asked.windows)
        asked = asked || (window.begin == month.begin && window.end == bench.clock.now());
    CHECK(asked);
}

// A list that a person changes after slurmdbd's answer and before slurmctld's differs once.
CASE(a_new_difference_in_qos_is_read_twice) {
    Bench bench;
    core::Collector collector(bench.slurm, bench.journal, bench.sources);
    const auto collected = [&] {
        return collector.collect(bench.rules, kFebruary)->qos_differences;
    };
    const auto reads = [&] {
        const auto calls = bench.faults.calls();
        return std::count(calls.begin(), calls.end(), "structure");
    };
    using Differences = model::QosDifferences;
    bench.slurm.differences = {{"physics", {"blocked"}}};
    bench.slurm.differs_once = true;
    CHECK(collected().empty());
    CHECK_EQ(reads(), 2);
    bench.slurm.differences = {{"physics", {"blocked", "fast"}}};
    CHECK(collected() == bench.slurm.differences);
    CHECK_EQ(reads(), 4);
    CHECK(collected() == bench.slurm.differences); // known: read once
    CHECK_EQ(reads(), 5);
    bench.slurm.differences.clear();
    CHECK(collected() == Differences{});
    CHECK_EQ(reads(), 6);
}

CASE(facts_hold_what_each_source_said) {
    Collecting bench;
    bench.use_hours(7);
    const auto facts = bench.collect();
    CHECK(facts);
    CHECK(facts->now == kFebruary);
    CHECK_EQ(used(*facts), 7 * kHour);
    CHECK_EQ(facts->usage_age, 0);
    CHECK(facts->raw_usage_known);
    CHECK_EQ(facts->raw_usage.at("physics").at("node"), 7 * kHour);
    CHECK_EQ(facts->structure.users.at(0).uid, 1000U);
    CHECK(bench.sources.away().empty());
}

CASE(the_last_good_usage_stands_in_and_says_its_age) {
    Collecting bench;
    bench.use_hours(7);
    CHECK(bench.collect());
    bench.use_hours(9);
    bench.faults.fail_all("usage");
    bench.clock.advance(std::chrono::seconds(90));
    const auto facts = bench.collect();
    CHECK(facts);
    CHECK_EQ(used(*facts), 7 * kHour);
    CHECK_EQ(facts->usage_age, 90);
    CHECK(bench.sources.away() == std::vector<std::string>{"slurmdbd"});
    bench.faults.clear();
    CHECK_EQ(used(*bench.collect()), 9 * kHour);
}

CASE(stale_usage_is_never_called_fresh) {
    Collecting bench;
    CHECK(bench.collect());
    bench.faults.fail_all("usage");
    CHECK(bench.collect()->usage_age > 0); // in the same second
}

CASE(without_any_usage_there_are_no_facts) {
    Collecting bench;
    bench.faults.fail_all("usage");
    CHECK(!bench.collect());
}

CASE(usage_of_another_cluster_does_not_stand_in) {
    Collecting bench;
    CHECK(bench.collect());
    bench.faults.fail_all("usage");
    bench.rules.cluster = "c2";
    bench.slurm.held.cluster = "c2";
    CHECK(!bench.collect());
}

CASE(a_structure_that_slurmctld_contradicts_is_read_again) {
    Bench bench;
    core::Collector collector(bench.slurm, bench.journal, bench.sources);
    bench.slurm.moved = true;
    CHECK(collector.collect(bench.rules, kFebruary));
    const auto calls = bench.faults.calls();
    CHECK_EQ(std::count(calls.begin(), calls.end(), "structure"), 2);
}

CASE(slurmctld_away_costs_only_the_raw_usage) {
    Collecting bench;
    CHECK(bench.collect());
    bench.faults.fail_all("raw_usage");
    const auto facts = bench.collect();
    CHECK(facts);
    CHECK(!facts->raw_usage_known);
    CHECK(facts->raw_usage.empty());
    CHECK_EQ(facts->structure.users.at(0).uid, 1000U); // as it was known
    CHECK(bench.sources.away() == std::vector<std::string>{"slurmctld"});
    bench.faults.clear();
    CHECK(bench.collect());
    CHECK(bench.sources.away().empty());
}

CASE(a_source_that_refuses_is_not_away) {
    Collecting bench;
    bench.faults.fail_all("structure", Errc::refused);
    CHECK(!bench.collect());
    CHECK(bench.sources.away().empty());
}

CASE(a_source_that_fails_one_of_two_calls_is_told_as_away_once) {
    Collecting bench;
    CHECK(bench.collect());
    bench.faults.fail_all("usage"); // slurmdbd's structure still answers
    for (int i = 0; i < 3; ++i) {
        CHECK(bench.collect());
        CHECK(bench.sources.away() == std::vector<std::string>{"slurmdbd"});
    }
}

CASE(errors_are_told_apart_by_their_source) {
    using core::source_of;
    CHECK_EQ(source_of({Errc::unavailable, "slurmctld: jobs: x"}, "slurmdbd"), "slurmctld");
    CHECK_EQ(source_of({Errc::unavailable, "slurmdbd: Protocol authentication error"}, "x"),
             "munge");
    CHECK_EQ(source_of({Errc::unavailable, "who knows"}, "slurmdbd"), "slurmdbd");
}

CASE(usage_is_read_for_evaluated_accounts_only) {
    Collecting bench;
    bench.slurm.add_account("chem");
    CHECK(bench.collect());
    CHECK(bench.slurm.asked.accounts == std::set<std::string>{"physics"});
    bench.rules.set.policies.front().allocation = {{"node_hours", Decimal::whole(5)}};
    CHECK(bench.collect());
    CHECK((bench.slurm.asked.accounts == std::set<std::string>{"chem", "physics"})); // not root
}
