// SPDX-License-Identifier: GPL-2.0-or-later
// A cluster with one policy and one account `physics` of 1000 node hours, on fakes: what most tests
// of the daemon start from.
#pragma once

#include "daemon/core/cycle.hpp"
#include "tests/support/fake_outbox.hpp"
#include "tests/support/fakes.hpp"
#include "tests/support/fixed_clock.hpp"

#include <memory>

namespace sluice::test {

inline constexpr Instant kFebruary = instant(1'770'681'600); // 2026-02-10 00:00:00 UTC
inline constexpr Amount kHour = 3600;

inline core::Rules rules() {
    core::Rules rules;
    rules.cluster = "c1";
    rules.set.timezone = "UTC";
    rules.set.components = {{"node_hours", "node", Decimal::whole(60)}};
    model::Policy policy;
    policy.name = "quarterly";
    policy.mode = model::Mode::enforce;
    policy.period = {model::PeriodKind::quarter, 0, {}};
    policy.grace_ratio = *Decimal::parse("0.2");
    policy.actions = {model::Action::notify_organization_owners,
                      model::Action::request_slurm_resource_downscaling,
                      model::Action::request_slurm_resource_pausing};
    rules.set.policies = {policy};
    rules.set.accounts["physics"].allocation = {{"node_hours", Decimal::whole(1000)}};
    rules.interval = std::chrono::hours(1);
    return rules;
}

struct Bench {
    Faults faults;
    FixedClock clock{kFebruary};
    FakeSlurm slurm{faults};
    FakeJournal journal{faults};
    FakePublisher publisher{faults};
    core::Sources sources;
    core::Rules rules = test::rules();
    test::FakeOutbox outbox;
    core::Ports ports{slurm, slurm, journal, journal, publisher, clock, outbox};
    core::Cycle cycle{ports, sources};

    Bench() {
        slurm.add_account("physics");
        slurm.held.users.push_back({"ann", 4294967294U, "physics", {"physics"}});
        use_hours(0);
    }
    void use_hours(Amount hours) { slurm.set_usage("physics", "node", hours * kHour); }
    std::shared_ptr<const ports::CycleReport> run(const core::Order& order = {}) {
        return cycle.run(rules, order);
    }
    const model::AccountDecision& physics(const ports::CycleReport& report) {
        return *report.decision.find("physics");
    }
};

} // namespace sluice::test
