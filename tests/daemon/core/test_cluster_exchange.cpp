// SPDX-License-Identifier: GPL-2.0-or-later
// Cycles on two clusters that share allocations: what they leave for each other, and when they wake
// each other.
#include "daemon/core/cluster_exchange.hpp"

#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

// Clusters c1 and c2 of one daemon. Each has the wall clock of its bench.
struct Two {
    core::ClusterExchange exchange;
    Bench one;
    Bench two;
    int woken_one = 0;
    int woken_two = 0;
    core::Cycle first{with(one), one.sources};
    core::Cycle second{with(two), two.sources};

    Two() {
        exchange.add("c1", [this] { ++woken_one; });
        exchange.add("c2", [this] { ++woken_two; });
        two.rules.cluster = "c2";
        two.slurm.held.cluster = "c2";
        for (Bench* bench : {&one, &two}) {
            bench->rules.set.policies[0].spans = true;
            bench->rules.set.policies[0].clusters = {"c1", "c2"};
            bench->rules.loaded = kFebruary;
        }
    }
    core::Ports with(Bench& bench) {
        core::Ports ports = bench.ports;
        ports.exchange = &exchange;
        return ports;
    }
    const model::AccountDecision& cycle_one(const core::Order& order = {}) {
        report_one = first.run(one.rules, order);
        return physics(*report_one);
    }
    const model::AccountDecision& cycle_two() {
        report_two = second.run(two.rules, {});
        return physics(*report_two);
    }
    // Nothing decided of it where a cycle failed as a whole.
    static const model::AccountDecision& physics(const ports::CycleReport& report) {
        static const model::AccountDecision none;
        const auto* found = report.decision.find("physics");
        return found ? *found : none;
    }
    std::shared_ptr<const ports::CycleReport> report_one;
    std::shared_ptr<const ports::CycleReport> report_two;
};

bool has_problem(const ports::CycleReport& report, const std::string& text) {
    return std::any_of(report.problems.begin(), report.problems.end(), [&](const auto& problem) {
        return problem.what.find(text) != std::string::npos;
    });
}

} // namespace

CASE(usage_on_the_other_cluster_pauses_here) {
    Two world;
    world.two.use_hours(1250);
    CHECK(!world.cycle_one().flags.paused);
    CHECK(world.cycle_one().incomplete());
    CHECK(world.cycle_two().flags.paused);
    CHECK(world.cycle_one().flags.paused);
    CHECK_EQ(world.one.slurm.account("physics").default_qos, "blocked");
}

CASE(others_are_woken_by_what_matters_and_not_by_growing_usage) {
    Two world;
    world.one.use_hours(10);
    world.cycle_one();
    CHECK_EQ(world.woken_two, 1); // the first figures
    world.one.use_hours(20);
    world.cycle_one();
    CHECK_EQ(world.woken_two, 1);
    world.one.use_hours(1250);
    world.cycle_one();
    CHECK_EQ(world.woken_two, 2); // paused
    world.cycle_one();
    CHECK_EQ(world.woken_two, 2);
    CHECK_EQ(world.woken_one, 0);
    world.cycle_two(); // which is paused by that
    CHECK_EQ(world.woken_one, 1);
    world.cycle_one();
    world.cycle_two();
    CHECK_EQ(world.woken_one, 1); // and there it ends
    CHECK_EQ(world.woken_two, 2);
}

CASE(an_entry_of_the_ledger_wakes_the_others_and_counts_there) {
    Two world;
    world.two.use_hours(1250);
    world.cycle_two();
    CHECK(world.cycle_one().flags.paused);
    const int before = world.woken_one;
    world.two.journal.held.overrides = {{1, "physics", model::Standing::normal, kFebruary,
                                         kFebruary + std::chrono::hours(2), "deadline", "root"}};
    world.cycle_two();
    CHECK_EQ(world.woken_one, before + 1);
    CHECK(!world.cycle_one().flags.paused);
    CHECK(world.first.next_event(world.one.rules)->at == kFebruary + std::chrono::hours(2));
}

CASE(a_new_period_wakes_the_others) {
    Two world;
    world.cycle_two();
    const int before = world.woken_one;
    world.two.clock.advance(std::chrono::days(60));
    world.cycle_two();
    CHECK_EQ(world.woken_one, before + 1);
}

CASE(a_cluster_that_is_silent_lifts_nothing_and_is_named) {
    Two world;
    world.two.use_hours(1250);
    world.cycle_two();
    CHECK(world.cycle_one().flags.paused);
    world.one.clock.advance(core::longest_silence(world.one.rules));
    world.cycle_one();
    CHECK(!has_problem(*world.report_one, "c2"));
    world.one.clock.advance(std::chrono::seconds(1));
    world.one.rules.set.accounts["physics"].allocation = {{"node_hours", Decimal::whole(9000)}};
    CHECK(world.cycle_one().flags.paused);
    CHECK(has_problem(*world.report_one, "no usage of cluster c2 for more than"));
    world.two.clock.advance(core::longest_silence(world.one.rules) + std::chrono::seconds(1));
    world.cycle_two();
    CHECK(!world.cycle_one().flags.paused);
    CHECK(!has_problem(*world.report_one, "c2"));
}

CASE(a_cluster_that_never_answered_is_a_problem_after_a_while) {
    Two world;
    world.cycle_one();
    CHECK(!has_problem(*world.report_one, "c2"));
    world.one.clock.advance(core::longest_silence(world.one.rules) + std::chrono::seconds(1));
    world.cycle_one();
    CHECK(has_problem(*world.report_one, "c2"));
}

CASE(a_cycle_on_old_usage_leaves_it_with_its_age) {
    Two world;
    world.two.use_hours(10);
    world.cycle_two();
    world.two.faults.fail_all("usage");
    world.two.clock.advance(std::chrono::minutes(5));
    world.one.clock.advance(std::chrono::minutes(5));
    world.cycle_two();
    CHECK_EQ(world.cycle_one().span[1].age, 300);
}

CASE(a_failed_or_dry_cycle_leaves_nothing) {
    Two world;
    world.one.faults.fail_all("record_cycle");
    world.cycle_one({});
    world.one.faults.clear();
    CHECK(world.exchange.of("c1") == nullptr);
    core::Order dry;
    dry.dry_run = true;
    world.cycle_one(dry);
    CHECK(world.exchange.of("c1") == nullptr);
}

CASE(only_accounts_that_span_are_left_for_others) {
    Two world;
    world.one.slurm.add_account("chem");
    world.one.slurm.set_usage("chem", "node", 5);
    auto& chem = world.one.rules.set.accounts["chem"];
    chem.allocation = {{"node_hours", Decimal::whole(10)}};
    chem.apart = true;
    world.cycle_one();
    const auto figures = world.exchange.of("c1");
    CHECK(figures->history.accounts.contains("physics"));
    CHECK(!figures->history.accounts.contains("chem"));
    for (const auto& window : figures->usage)
        CHECK(!window.accounts.contains("chem"));
    CHECK(figures->policies == std::set<std::string>{"quarterly"});
}

CASE(without_a_policy_that_spans_nothing_is_left) {
    Two world;
    world.one.rules.set.policies[0].spans = false;
    world.cycle_one();
    CHECK(world.exchange.of("c1") == nullptr);
    CHECK_EQ(world.woken_two, 0);
}

CASE(a_period_is_not_reopened_while_usage_of_another_cluster_is_missing) {
    Two world;
    world.one.use_hours(1250);
    world.cycle_one();
    CHECK(world.cycle_one().flags.paused);
    core::Order order{core::Trigger::person, false, {"physics"}};
    order.reopen = {{0, "physics", "2026-Q1", "because", "ann", kFebruary}};
    world.cycle_one(order);
    CHECK(world.report_one->error.find("cluster c2 is not known: no period is reopened") !=
          std::string::npos);
    CHECK(world.one.journal.reopened.empty());
    world.cycle_two();
    world.cycle_one(order);
    CHECK(world.report_one->error.empty());
    CHECK_EQ(world.one.journal.reopened.size(), 1U);
}

CASE(a_reset_reaches_the_cluster_that_it_is_meant_for) {
    core::ClusterExchange exchange;
    std::vector<std::string> told;
    const auto note = [&](const char* name) {
        return [&told, name](const model::PeriodReset& reset) {
            told.push_back(name + reset.account);
        };
    };
    exchange.add(
        "c1", [] {}, note("c1 "));
    exchange.add(
        "c2", [] {}, note("c2 "));
    exchange.add("c3", [] {});
    model::PeriodReset reset;
    reset.account = "physics";
    exchange.reopen("c2", reset);
    exchange.reopen("c3", reset);
    exchange.reopen("none", reset);
    CHECK(told == std::vector<std::string>{"c2 physics"});
}

CASE(each_level_is_told_once_by_whichever_cluster_comes_first) {
    Two world;
    for (Bench* bench : {&world.one, &world.two}) {
        bench->rules.notices.by_webhook = true;
        bench->use_hours(625);
    }
    world.cycle_two();
    world.cycle_one();
    world.cycle_two();
    const auto messages = [](const Bench& bench) {
        std::vector<std::string> found;
        for (const auto& record : bench.journal.evaluated)
            for (const auto& message : record.messages)
                if (message.kind == "pause")
                    found.push_back(message.correlation);
        return found;
    };
    CHECK_EQ(messages(world.one).size(), 1U);
    CHECK(messages(world.one) == messages(world.two)); // the outbox keeps one of a correlation
}
