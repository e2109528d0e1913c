// SPDX-License-Identifier: GPL-2.0-or-later
// A clock that is wrong for a while: nothing begins, nothing is lifted, all of it heals.
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;
using model::ClockState;
using model::CommandType;

namespace {

constexpr std::chrono::hours kDay{24};
constexpr auto kIntoNextQuarter = 60 * kDay; // from kFebruary

struct Elapsed final : ElapsedClock {
    std::chrono::seconds since_boot() const override { return time; }
    std::chrono::seconds time{1000};
};

struct Times final : ports::TimeSources {
    std::vector<model::ClockReading> compare(const std::string&) override {
        ++asked;
        return readings;
    }
    std::vector<model::ClockReading> readings{{"slurmctld", 0}, {"slurmdbd", std::nullopt}};
    int asked = 0;
};

// The bench with a daemon that compares clocks, and can be started again.
struct ClockBench : Bench {
    Elapsed boot;
    Times times;
    std::unique_ptr<core::Cycle> watched;

    ClockBench() {
        rules.set.policies[0].raw_usage_reset = true;
        rules.set.policies[0].carryover.enabled = true;
        restart();
    }
    void restart() {
        auto with = ports;
        with.elapsed = &boot;
        with.sources = &times;
        watched = std::make_unique<core::Cycle>(with, sources);
    }
    void pass(std::chrono::seconds time) {
        clock.advance(time);
        boot.time += time;
    }
    void jump(std::chrono::seconds time) { clock.advance(time); }
    std::shared_ptr<const ports::CycleReport> look(const core::Order& order = {}) {
        return watched->run(rules, order);
    }
    std::shared_ptr<const ports::CycleReport> minute_later() {
        pass(std::chrono::seconds{60});
        return look();
    }
    std::shared_ptr<const ports::CycleReport> accept() {
        core::Order order{core::Trigger::person, false, {}, {}};
        order.accept = model::ClockAccept{0, {}, 0, "set by hand", "root"};
        return look(order);
    }
    const model::AccountMemory& memory() { return journal.held.accounts.at("physics"); }
    std::ptrdiff_t resets() const {
        return std::count_if(slurm.applied.begin(), slurm.applied.end(), [](const auto& command) {
            return command.type == CommandType::reset_usage;
        });
    }
    bool is_blocked() { return slurm.account("physics").default_qos == "blocked"; }
    bool is_published_as_paused() {
        const auto& accounts = publisher.published().back()->accounts;
        return !accounts.empty() && accounts.front().standing == model::Standing::paused;
    }
};

} // namespace

CASE(a_clock_that_is_ahead_for_one_cycle_begins_no_period) {
    ClockBench bench;
    bench.use_hours(1250);
    bench.look();
    bench.minute_later();
    const auto before = bench.memory();
    const auto applied = bench.slurm.applied.size();
    const auto evaluated = bench.journal.evaluated.size();

    bench.jump(kIntoNextQuarter);
    bench.use_hours(0); // what the new period would have
    const auto wrong = bench.minute_later();
    CHECK(wrong->clock.state == ClockState::forward);
    CHECK_EQ(wrong->clock.offset_s, 60 * 86400);
    CHECK_EQ(wrong->clock.against, "elapsed");
    CHECK(wrong->at == kFebruary + std::chrono::seconds{120});
    CHECK_EQ(bench.slurm.applied.size(), applied);
    CHECK_EQ(bench.journal.evaluated.size(), evaluated);
    CHECK_EQ(bench.memory().period, "2026-Q1");
    CHECK(bench.memory().bases == before.bases);
    CHECK(bench.is_blocked());
    CHECK(bench.is_published_as_paused());
    CHECK(bench.publisher.published().back()->accounts.front().later.empty());
    CHECK(std::any_of(wrong->problems.begin(), wrong->problems.end(), [](const auto& problem) {
        return problem.what.starts_with("the clock of this host went forward by 5184000 s") &&
               problem.remedy.find("sluice clock accept") != std::string::npos;
    }));

    bench.jump(-kIntoNextQuarter);
    bench.use_hours(1250);
    const auto right = bench.minute_later();
    CHECK(right->clock.trusted());
    CHECK_EQ(bench.resets(), 0);
    CHECK(bench.is_blocked());
    CHECK(!bench.publisher.published().back()->accounts.front().later.empty());
    CHECK(bench.memory().past == before.past);
}

CASE(a_period_begins_once_by_a_clock_that_went_on) {
    ClockBench bench;
    bench.use_hours(500);
    bench.look();
    bench.pass(kIntoNextQuarter);
    const auto asked = bench.times.asked;
    bench.use_hours(0);
    const auto report = bench.look();
    CHECK(report->clock.trusted());
    CHECK_EQ(bench.times.asked, asked + 1); // a boundary is compared
    CHECK_EQ(bench.memory().period, "2026-Q2");
    CHECK_EQ(bench.resets(), 1);
    CHECK(bench.memory().past.contains("2026-Q1"));
    bench.minute_later();
    CHECK_EQ(bench.resets(), 1);
}

CASE(steps_of_ntp_are_no_fault) {
    ClockBench bench;
    bench.look();
    for (const int step : {30, -45, 60}) {
        bench.jump(std::chrono::seconds{step});
        CHECK(bench.minute_later()->clock.trusted());
    }
}

CASE(a_clock_that_went_back_is_an_error_until_it_is_right) {
    ClockBench bench;
    bench.use_hours(1250);
    bench.look();
    bench.jump(-50 * kDay); // the quarter before
    const auto wrong = bench.minute_later();
    CHECK(wrong->clock.state == ClockState::back);
    CHECK_EQ(wrong->clock.offset_s, -50 * 86400);
    CHECK_EQ(bench.memory().period, "2026-Q1");
    CHECK(bench.physics(*wrong).flags.paused);
    bench.jump(50 * kDay);
    CHECK(bench.minute_later()->clock.trusted());
}

CASE(a_boundary_that_passes_while_the_clock_is_wrong_waits) {
    ClockBench bench;
    bench.use_hours(1250);
    bench.look();
    bench.minute_later();
    bench.jump(kDay);
    bench.pass(kIntoNextQuarter);
    bench.use_hours(0);
    const auto wrong = bench.look();
    CHECK(bench.physics(*wrong).fault == model::Fault::clock);
    CHECK_EQ(bench.physics(*wrong).error,
             "the clock is not trusted: period 2026-Q2 does not begin");
    CHECK(bench.physics(*wrong).flags.paused);
    CHECK(bench.is_blocked());
    CHECK(bench.is_published_as_paused());
    bench.jump(-kDay);
    bench.minute_later();
    CHECK_EQ(bench.memory().period, "2026-Q2");
    CHECK_EQ(bench.resets(), 1);
    bench.minute_later();
    CHECK(!bench.is_blocked());
}

CASE(a_pause_is_made_while_the_clock_is_wrong_and_recorded_when_it_is_right) {
    ClockBench bench;
    bench.use_hours(500);
    bench.look();
    const auto evaluated = bench.journal.evaluated.size();
    bench.jump(kDay);
    bench.use_hours(1250);
    bench.minute_later();
    CHECK(bench.is_blocked());
    CHECK(bench.is_published_as_paused());
    CHECK_EQ(bench.journal.evaluated.size(), evaluated);
    bench.jump(-kDay);
    bench.minute_later();
    CHECK_EQ(bench.journal.evaluated.size(), evaluated + 1);
    CHECK(bench.journal.evaluated.back().now.paused);
    CHECK(!bench.journal.evaluated.back().previous.paused);
}

CASE(a_slurmctld_of_another_time_stops_what_cannot_be_undone) {
    ClockBench bench;
    bench.times.readings = {{"slurmctld", 86'400}};
    const auto first = bench.look();
    CHECK(first->clock.state == ClockState::differs);
    CHECK_EQ(model::clock_text(first->clock),
             "the clock of this host is 86400 s ahead of slurmctld's");
    CHECK_EQ(bench.physics(*first).error, "the clock is not trusted: the first evaluation waits");
    CHECK(bench.journal.held.accounts.empty());
    bench.times.readings = {{"slurmctld", std::nullopt}}; // away: the others decide
    CHECK(bench.minute_later()->clock.trusted());
    CHECK_EQ(bench.memory().period, "2026-Q1");
}

CASE(a_difference_that_a_person_accepted_is_no_fault_until_it_changes) {
    ClockBench bench;
    bench.times.readings = {{"slurmctld", -7200}};
    CHECK(!bench.look()->clock.trusted());
    CHECK(bench.accept()->clock.trusted());
    CHECK_EQ(bench.journal.accepted.size(), 1U);
    CHECK_EQ(bench.journal.accepted[0].offset_s, -7200);
    CHECK_EQ(bench.journal.accepted[0].by, "root");
    bench.pass(kDay);
    CHECK(bench.look()->clock.trusted());
    bench.times.readings = {{"slurmctld", 7200}};
    bench.pass(kDay);
    CHECK(!bench.look()->clock.trusted());
}

CASE(a_clock_that_stays_is_accepted_by_a_person) {
    ClockBench bench;
    bench.look();
    bench.jump(5 * kDay);
    CHECK(!bench.minute_later()->clock.trusted());
    const auto report = bench.accept();
    CHECK(report->clock.trusted());
    CHECK(report->at == bench.clock.now());
    CHECK(bench.minute_later()->clock.trusted());
}

// The clock was wrong from the start of the daemon on, and every other clock with it.
CASE(a_period_that_never_began_is_taken_back_by_a_person) {
    ClockBench bench;
    bench.use_hours(500);
    bench.look();
    bench.pass(kIntoNextQuarter);
    bench.look();
    bench.minute_later();
    CHECK_EQ(bench.memory().period, "2026-Q2");
    CHECK_EQ(bench.resets(), 1);
    const auto base = bench.memory().past.at("2026-Q1").bases;

    bench.jump(-kIntoNextQuarter);
    bench.restart();
    const auto wrong = bench.look();
    CHECK(wrong->clock.state == ClockState::back);
    CHECK_EQ(wrong->clock.against, "journal");
    CHECK_EQ(bench.memory().period, "2026-Q2");

    CHECK_EQ(bench.accept()->error, "");
    CHECK_EQ(bench.memory().period, "2026-Q1");
    CHECK(bench.memory().bases == base);
    CHECK(!bench.memory().past.contains("2026-Q2"));
    bench.minute_later();
    bench.restart();
    CHECK(bench.look()->clock.trusted()); // the journal's records of later say nothing any more

    bench.pass(kIntoNextQuarter);
    bench.look();
    bench.minute_later();
    CHECK_EQ(bench.memory().period, "2026-Q2");
    CHECK(bench.memory().past.at("2026-Q1").bases == base);
    CHECK_EQ(bench.resets(), 1); // none has two
}

CASE(a_dry_run_uses_the_same_clock_and_accepts_nothing) {
    ClockBench bench;
    bench.use_hours(1250);
    bench.look();
    bench.minute_later();
    bench.jump(kIntoNextQuarter);
    core::Order order{core::Trigger::person, true, {}, {}};
    order.accept = model::ClockAccept{0, {}, 0, "x", "root"};
    const auto dry = bench.look(order);
    CHECK(dry->clock.state == ClockState::forward);
    CHECK(bench.physics(*dry).flags.paused);
    CHECK(bench.journal.accepted.empty());
}
