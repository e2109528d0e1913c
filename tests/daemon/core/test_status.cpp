// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/operator.hpp"
#include "daemon/core/status.hpp"
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

#include <semaphore>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

struct Serving : Bench {
    Serving() {
        slurm.add_account("chem");
        rules.set.accounts["chem"].allocation = {{"node_hours", Decimal::whole(10)}};
        use_hours(1250);
    }
    core::Loop loop{ports, sources, std::make_shared<core::Rules>(rules_with_chem())};
    core::DaemonStatus status{{"9.9", "/etc/x.yaml", kFebruary}, loop, sources, publisher};
    core::DaemonOperator actions{loop, ports, nullptr, 5s};

    static core::Rules rules_with_chem() {
        auto rules = test::rules();
        rules.set.accounts["chem"].allocation = {{"node_hours", Decimal::whole(10)}};
        return rules;
    }
};

} // namespace

CASE(evaluate_runs_the_cycle_and_cuts_the_answer) {
    Serving bench;
    bench.loop.start();
    const auto report = bench.actions.evaluate({false, {"physics"}, false});
    CHECK(report);
    CHECK_EQ((*report)->trigger, "person");
    CHECK_EQ((*report)->decision.accounts.size(), 1U);
    CHECK_EQ((*report)->decision.accounts[0].account, "physics");
    CHECK(bench.status.last_cycle()->decision.find("chem") != nullptr);
    CHECK(bench.loop.stop(60s));
}

CASE(evaluate_names_an_account_that_is_not_there) {
    Serving bench;
    bench.loop.start();
    const auto report = bench.actions.evaluate({true, {"phisics"}, false});
    CHECK(!report);
    CHECK(report.error().code == Errc::not_found);
    CHECK(report.error().context.find("did you mean physics?") != std::string::npos);
    CHECK(bench.loop.stop(60s));
}

CASE(explain_needs_a_cycle_and_an_account) {
    Serving bench;
    CHECK(bench.status.explain("physics").error().code == Errc::unavailable);
    bench.loop.start();
    CHECK(bench.actions.evaluate({false, {}, false}));
    CHECK(bench.status.explain("nobody").error().code == Errc::not_found);
    const auto lines = bench.status.explain("physics");
    CHECK(lines);
    CHECK(lines->size() > 3);
    CHECK(bench.loop.stop(60s));
}

CASE(info_says_what_is_away_and_what_was_refused) {
    Serving bench;
    bench.status.set_config_error("f:1:1: bad");
    bench.sources.down("slurmctld", {Errc::unavailable, "x"}, kFebruary);
    const auto info = bench.status.info();
    CHECK_EQ(info.version, "9.9");
    CHECK_EQ(info.cluster, "c1");
    CHECK_EQ(info.config_error, "f:1:1: bad");
    CHECK(info.down == std::vector<std::string>{"slurmctld"});
    CHECK_EQ(info.interval_s, 3600);
}

CASE(nobody_waits_for_ever_for_a_cycle) {
    Serving bench;
    std::counting_semaphore<2> let_go{0};
    bench.faults.before_each([&](const std::string& name) {
        if (name == "structure")
            let_go.acquire();
    });
    core::DaemonOperator hasty(bench.loop, bench.ports, nullptr, 50ms);
    bench.loop.start();
    const auto report = hasty.evaluate({false, {}, false});
    CHECK(!report);
    CHECK(report.error().code == Errc::timeout);
    let_go.release();
    std::this_thread::sleep_for(20ms);
    let_go.release();
    CHECK(bench.loop.stop(60s));
}
