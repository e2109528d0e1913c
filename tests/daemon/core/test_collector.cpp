// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/collector.hpp"
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
