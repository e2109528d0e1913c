// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/loop.hpp"
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

#include <algorithm>
#include <atomic>
#include <semaphore>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

struct Looping : Bench {
    explicit Looping(std::chrono::seconds interval = 1h) { rules.interval = interval; }
    std::shared_ptr<const core::Rules> shared() { return std::make_shared<core::Rules>(rules); }

    // Until `condition` holds, at most a minute.
    template <class Condition>
    static bool soon(Condition condition) {
        for (int i = 0; i < 6000; ++i) {
            if (condition())
                return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
    int cycles() {
        const auto calls = faults.calls();
        return static_cast<int>(std::count(calls.begin(), calls.end(), "history"));
    }
};

} // namespace

CASE(the_first_cycle_comes_at_once_and_is_named_start) {
    Looping bench;
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    CHECK(!loop.shown().report);
    loop.start();
    CHECK(Looping::soon([&] { return loop.shown().report != nullptr; }));
    CHECK_EQ(loop.shown().report->trigger, "start");
    CHECK(loop.stop(60s));
}

CASE(the_timer_runs_cycles) {
    Looping bench(1s);
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    loop.start();
    CHECK(Looping::soon([&] { return bench.cycles() >= 3; }));
    CHECK_EQ(loop.shown().report->trigger, "timer");
    CHECK(loop.stop(60s));
}

CASE(a_request_runs_a_cycle_and_gets_its_report) {
    Looping bench;
    bench.use_hours(1250);
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    loop.start();
    auto dry = loop.ask({core::Trigger::person, true, {}});
    CHECK(dry.wait_for(60s) == std::future_status::ready);
    auto real = loop.ask({core::Trigger::person, false, {}});
    CHECK(real.wait_for(60s) == std::future_status::ready);
    CHECK(dry.get()->dry_run);
    CHECK(!real.get()->dry_run);
    CHECK(!loop.shown().report->dry_run);
    CHECK(loop.stop(60s));
}

CASE(who_asked_for_a_cycle_is_answered_when_slurmctld_shows_its_changes) {
    Looping bench;
    bench.use_hours(1250);
    std::atomic<bool> shows{false};
    bench.slurm.shows = [&](const model::Command&) { return shows.load(); };
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    auto real = loop.ask({core::Trigger::person, false, {}});
    auto dry = loop.ask({core::Trigger::person, true, {}});
    loop.start();
    CHECK(dry.wait_for(60s) == std::future_status::ready);
    CHECK(Looping::soon([&] { return loop.shown().report != nullptr; }));
    CHECK(real.wait_for(100ms) == std::future_status::timeout);
    shows = true;
    CHECK(real.wait_for(60s) == std::future_status::ready);
    CHECK(!real.get()->applied.empty());
    CHECK(loop.stop(60s));
}

CASE(who_waits_for_slurmctld_is_answered_when_the_daemon_stops) {
    Looping bench;
    bench.use_hours(1250);
    bench.slurm.shows = [](const model::Command&) { return false; };
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    auto real = loop.ask({core::Trigger::person, false, {}});
    loop.start();
    CHECK(Looping::soon([&] { return loop.shown().report != nullptr; }));
    CHECK(loop.stop(60s));
    CHECK(real.wait_for(0s) == std::future_status::ready);
    CHECK(real.get()->error.empty());
}

CASE(nobody_waits_for_a_change_that_slurmctld_never_shows) {
    Looping bench;
    bench.rules.confirm_timeout = 0s;
    bench.use_hours(1250);
    bench.slurm.shows = [](const model::Command&) { return false; };
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    auto real = loop.ask({core::Trigger::person, false, {}});
    loop.start();
    CHECK(real.wait_for(60s) == std::future_status::ready);
    CHECK(loop.stop(60s));
}

CASE(requests_that_meet_share_a_cycle) {
    Looping bench;
    std::binary_semaphore entered{0};
    std::binary_semaphore let_go{0};
    std::atomic<bool> hold{true};
    bench.faults.before_each([&](const std::string& name) {
        if (name == "structure" && hold.exchange(false)) {
            entered.release();
            let_go.acquire();
        }
    });
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    loop.start();
    CHECK(entered.try_acquire_for(5s));
    auto a = loop.ask({core::Trigger::person, false, {"physics"}});
    auto b = loop.ask({core::Trigger::person, false, {"other"}});
    let_go.release();
    CHECK(a.wait_for(60s) == std::future_status::ready);
    CHECK(b.wait_for(60s) == std::future_status::ready);
    CHECK(a.get() == b.get());
    CHECK_EQ(bench.cycles(), 2);
    CHECK(loop.stop(60s));
}

// What is shown while a source hangs is the evaluation before: the status must say so.
CASE(an_evaluation_that_hangs_is_shown_as_under_way) {
    Looping bench;
    std::binary_semaphore entered{0};
    std::binary_semaphore let_go{0};
    std::string hang_in;
    bench.faults.before_each([&](const std::string& name) {
        if (name == hang_in) {
            entered.release();
            let_go.acquire();
        }
    });
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    CHECK(!loop.under_way());
    loop.start();
    CHECK(Looping::soon([&] { return loop.shown().report != nullptr; }));
    CHECK(!loop.under_way());
    bench.use_hours(1250);
    const std::pair<const char*, const char*> phases[] = {
        {"structure", "collect"}, {"record_cycle", "record"}, {"apply", "apply"}};
    for (const auto& [port, phase] : phases) {
        hang_in = port;
        const auto before = loop.shown().report;
        auto answer = loop.ask({core::Trigger::person, false, {}});
        CHECK(entered.try_acquire_for(5s));
        const auto running = loop.under_way();
        const bool old = loop.shown().report == before;
        hang_in = "";
        let_go.release();
        CHECK(running.has_value());
        CHECK_EQ(running->phase, phase);
        CHECK_EQ(running->trigger, "person");
        CHECK_EQ(running->total != 0, std::string_view(phase) == "apply");
        CHECK(running->since == bench.clock.now());
        CHECK(old);
        CHECK(answer.wait_for(60s) == std::future_status::ready);
        CHECK(!loop.under_way());
        bench.use_hours(std::string_view(port) == "structure" ? 0 : 1250);
    }
    hang_in = "structure";
    auto dry = loop.ask({core::Trigger::person, true, {}});
    CHECK(entered.try_acquire_for(5s));
    CHECK(!loop.under_way()); // changes nothing
    hang_in = "";
    let_go.release();
    CHECK(dry.wait_for(60s) == std::future_status::ready);
    CHECK(loop.stop(60s));
}

CASE(a_reload_is_followed_by_a_cycle_with_the_new_rules) {
    Looping bench;
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    loop.start();
    CHECK(Looping::soon([&] { return loop.shown().report != nullptr; }));
    bench.rules.set.accounts["physics"].allocation = {{"node_hours", Decimal::whole(10)}};
    const auto changed = bench.shared();
    const auto before = loop.rules();
    CHECK(!loop.followed(before));
    loop.use(changed);
    const auto answer = loop.followed(before)->get();
    CHECK_EQ(loop.cycles().size(), 2U);
    CHECK(loop.shown().rules == changed);
    CHECK(loop.shown().report == answer);
    CHECK(!loop.followed(changed));
    CHECK_EQ(loop.shown().report->trigger, "reload");
    CHECK_EQ(loop.shown().report->decision.find("physics")->figures.at(0).allocation, 10 * kHour);
    CHECK(loop.stop(60s));
}

// What a person asks for is recorded and tried, also when the same cycle follows a reload.
CASE(a_request_and_a_reload_share_a_cycle_that_is_the_persons) {
    Looping bench;
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    const auto before = loop.rules();
    loop.use(bench.shared());
    auto asked = loop.ask({core::Trigger::person, false, {"physics"}});
    loop.start();
    CHECK_EQ(asked.get()->trigger, "person");
    CHECK_EQ(loop.followed(before)->get()->trigger, "person");
    CHECK_EQ(loop.cycles().size(), 1U);
    CHECK(loop.stop(60s));
    loop.use(bench.shared());
    CHECK_EQ(loop.followed(before)->get()->error, "sluiced is stopping");
}

CASE(a_period_boundary_starts_a_cycle_by_itself) {
    Looping bench;
    bench.clock.set(instant(1'775'001'599)); // 2026-03-31 23:59:59 UTC
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    loop.start();
    CHECK(Looping::soon([&] { return loop.shown().report != nullptr; }));
    CHECK_EQ(loop.shown().report->decision.find("physics")->period.label, "2026-Q1");
    bench.clock.advance(1s);
    CHECK(Looping::soon([&] { return loop.shown().report->trigger == "boundary"; }));
    CHECK_EQ(loop.shown().report->decision.find("physics")->period.label, "2026-Q2");
    CHECK(loop.stop(60s));
}

// The interval is an hour: without foresight the second cycle would be the last for long.
CASE(an_account_that_is_about_to_cross_is_looked_at_when_it_does) {
    Looping bench;
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    const auto seen = [&] { return loop.shown().report; };
    bench.use_hours(1100);
    loop.start();
    CHECK(Looping::soon([&] { return seen() != nullptr; }));
    bench.use_hours(1198); // 98 hours in a minute, and the grace limit is at 1200
    bench.clock.advance(60s);
    const auto asked = loop.ask({core::Trigger::person, false, {}}).get();
    CHECK(!asked->decision.find("physics")->flags.paused);
    bench.use_hours(1200);
    bench.clock.advance(2s); // 1.2
    CHECK(Looping::soon([&] { return seen()->trigger == "crossing"; }));
    CHECK(seen()->decision.find("physics")->flags.paused);
    CHECK(loop.stop(60s));
}

CASE(stopping_does_not_wait_for_a_port_that_hangs) {
    static std::counting_semaphore<8> hangs{0}; // outlives the detached worker
    static Looping* bench = new Looping;        // so must everything that it uses
    static std::atomic<bool> inside{false};     // outlives the detached worker
    bench->faults.before_each([](const std::string& name) {
        if (name == "structure") {
            inside = true;
            hangs.acquire();
        }
    });
    static core::Loop* loop = new core::Loop(bench->ports, bench->sources, bench->shared());
    loop->start();
    CHECK(Looping::soon([&] { return inside.load(); }));
    auto asked = loop->ask({core::Trigger::person, false, {}});
    const auto began = std::chrono::steady_clock::now();
    CHECK(!loop->stop(100ms));
    CHECK(std::chrono::steady_clock::now() - began < 20s);
    CHECK(asked.wait_for(0s) == std::future_status::ready);
    CHECK_EQ(asked.get()->error, "sluiced is stopping");
    CHECK_EQ(loop->ask({}).get()->error, "sluiced is stopping");
    hangs.release(8);
    CHECK(Looping::soon([&] { return loop->busy_for() == 0s; }));
}

CASE(a_fault_inside_a_cycle_does_not_end_the_daemon) {
    Looping bench;
    std::atomic<bool> thrown{false};
    bench.faults.before_each([&](const std::string& name) {
        if (name == "usage" && !thrown.exchange(true))
            throw std::runtime_error("boom");
    });
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    loop.start();
    CHECK(Looping::soon([&] { return loop.shown().report != nullptr; }));
    CHECK_EQ(loop.shown().report->error, "internal fault: boom");
    CHECK_EQ(loop.ask({core::Trigger::person, false, {}}).get()->error, "");
    CHECK(loop.stop(60s));
}

CASE(old_records_are_forgotten_after_the_retention) {
    Looping bench;
    bench.rules.retention = std::chrono::days{90};
    core::Loop loop(bench.ports, bench.sources, bench.shared());
    loop.start();
    CHECK(Looping::soon([&] { return loop.shown().report != nullptr; }));
    CHECK(loop.stop(60s));
    CHECK(bench.journal.forgotten_before == kFebruary - std::chrono::days{90});
}
