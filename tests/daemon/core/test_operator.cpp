// SPDX-License-Identifier: GPL-2.0-or-later
// What staff enter by hand: checked, written, and in effect when the call returns; a dry run shows
// the same cycle and writes nothing.
#include "daemon/core/operator.hpp"
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

struct Desk : Bench {
    core::Loop loop{ports, sources, std::make_shared<core::Rules>(rules)};
    core::DaemonOperator actions{loop, ports, nullptr, 5s};

    explicit Desk(Amount hours) {
        use_hours(hours);
        loop.start();
        CHECK(loop.ask({core::Trigger::person, false, {}}).get()->error.empty());
    }
    ~Desk() { loop.stop(60s); }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;
    bool paused() const { return loop.shown().report->decision.find("physics")->flags.paused; }
};

const ports::Person kAnn{"ann", "deadline", false};
const ports::Person kAnnTries{"ann", "deadline", true};

bool says(const Error& error, Errc code, const char* part) {
    return error.code == code && error.context.find(part) != std::string::npos;
}

} // namespace

CASE(an_override_is_in_effect_when_the_call_returns) {
    Desk desk(1250);
    CHECK(desk.paused());
    const auto done =
        desk.actions.set_override({"physics", model::Standing::normal, "", "now+2days"}, kAnn);
    CHECK(done);
    CHECK_EQ(done->id, 1);
    CHECK(!done->cycle->decision.find("physics")->flags.paused);
    CHECK(!desk.paused());
    CHECK_EQ(desk.journal.held.overrides.at(0).reason, "deadline");
    CHECK_EQ(desk.journal.held.overrides.at(0).by, "ann");
    CHECK(desk.journal.held.overrides.at(0).until == kFebruary + 48h);
    CHECK(desk.actions.end_override(1, kAnn));
    CHECK(desk.paused());
    CHECK(says(desk.actions.end_override(1, kAnn).error(), Errc::conflict, "has ended already"));
    CHECK(says(desk.actions.end_override(9, kAnn).error(), Errc::not_found,
               "override 9 does not exist"));
}

CASE(a_dry_override_shows_the_cycle_and_writes_nothing) {
    Desk desk(1250);
    const auto done = desk.actions.set_override(
        {"physics", model::Standing::normal, "", "2026-02-20"}, kAnnTries);
    CHECK(done);
    CHECK_EQ(done->id, 0);
    CHECK(done->cycle->dry_run);
    CHECK(!done->cycle->decision.find("physics")->flags.paused);
    CHECK(!done->cycle->plan.commands.empty());
    CHECK(desk.journal.held.overrides.empty());
    CHECK(desk.paused());
}

CASE(what_cannot_be_entered_is_refused_with_the_remedy) {
    Desk desk(10);
    using model::Standing;
    const auto refused = [&](ports::NewOverride entry, ports::Person person) {
        return desk.actions.set_override(entry, person).error();
    };
    CHECK(says(refused({"physics", Standing::paused, "", "now+1day"}, {"ann", " ", false}),
               Errc::malformed, "the reason is missing"));
    CHECK(says(refused({"physics", Standing::paused, "", "now+1day"}, {"ann", "a\nb", false}),
               Errc::malformed, "the reason contains \\n; "));
    for (const char* bad :
         {"a\x1b[1m", "a\x7f", "a\u009b", "a\u202e", "a\u2067", "a\u200b", "a\x9b"})
        CHECK(says(refused({"physics", Standing::paused, "", "now+1day"}, {"ann", bad, false}),
                   Errc::malformed, "write the reason in one line of visible characters"));
    CHECK(says(refused({"physics", Standing::paused, "", ""}, kAnn), Errc::malformed, "until"));
    CHECK(says(refused({"physics", Standing::paused, "", "2020-01-01"}, kAnn), Errc::malformed,
               "not after now"));
    CHECK(says(refused({"physics", Standing::paused, "now+3days", "now+2days"}, kAnn),
               Errc::malformed, "not after the beginning"));
    CHECK(says(refused({"phisics", Standing::paused, "", "now+2days"}, kAnn), Errc::not_found,
               "did you mean physics?"));
    CHECK(desk.journal.held.overrides.empty());
}

CASE(an_adjustment_moves_the_allocation_of_its_period_and_can_be_taken_back) {
    Desk desk(1250);
    CHECK(desk.paused());
    const ports::NewAdjustment more{"physics", "", {{"node_hours", Decimal::whole(500)}}};
    CHECK(!desk.actions.add_adjustment(more, kAnnTries)
               ->cycle->decision.find("physics")
               ->flags.paused);
    CHECK(desk.paused());
    const auto done = desk.actions.add_adjustment(more, kAnn);
    CHECK(done);
    CHECK(!desk.paused());
    CHECK_EQ(desk.journal.held.adjustments.at(0).period, "2026-Q1");
    CHECK(desk.actions.take_back(done->id, kAnn));
    CHECK(desk.paused());
    CHECK_EQ(desk.journal.held.adjustments.at(1).takes_back, done->id);
    CHECK(says(desk.actions.take_back(44, kAnn).error(), Errc::not_found,
               "adjustment 44 does not exist"));
}

CASE(an_adjustment_names_known_components_and_a_period_that_counts) {
    Desk desk(10);
    const auto refused = [&](const std::string& period, std::map<std::string, Decimal> units) {
        return desk.actions.add_adjustment({"physics", period, std::move(units)}, kAnn).error();
    };
    CHECK(
        says(refused("", {{"gpu", Decimal::whole(1)}}), Errc::malformed, "components: node_hours"));
    CHECK(says(refused("", {{"node_hours", Decimal()}}), Errc::malformed, "changes nothing"));
    CHECK(says(refused("", {}), Errc::malformed, "the units are missing"));
    CHECK(says(refused("2025-Q4", {{"node_hours", Decimal::whole(1)}}), Errc::malformed,
               "also possible: 2026-Q2"));
    CHECK(desk.actions.add_adjustment({"physics", "2026-Q2", {{"node_hours", Decimal::whole(1)}}},
                                      kAnn));
}

CASE(a_reset_ends_what_hysteresis_holds) {
    Desk desk(0);
    auto rules = desk.rules;
    rules.set.policies.at(0).hysteresis = Decimal::whole(10);
    desk.use_hours(1250); // before use(), which begins an evaluation
    desk.loop.use(std::make_shared<core::Rules>(rules));
    CHECK(desk.loop.ask({core::Trigger::person, false, {}}).get()->error.empty());
    desk.use_hours(1150);
    CHECK(desk.loop.ask({core::Trigger::person, false, {}}).get()->error.empty());
    CHECK(desk.paused());
    CHECK(!desk.actions.reopen({"physics"}, kAnnTries)
               ->cycle->decision.find("physics")
               ->flags.paused);
    CHECK(desk.journal.reopened.empty());
    CHECK(desk.actions.reopen({"physics"}, kAnn));
    CHECK(!desk.paused());
    CHECK_EQ(desk.journal.reopened.at(0).period, "2026-Q1");
    CHECK_EQ(desk.journal.reopened.at(0).reason, "deadline");
    CHECK(says(desk.actions.reopen({"chem"}, kAnn).error(), Errc::not_found, "chem"));
}

CASE(an_account_that_lost_its_rules_is_held_until_it_is_released) {
    Desk desk(1250);
    CHECK(desk.paused());
    CHECK(says(desk.actions.release({"physics"}, kAnn).error(), Errc::conflict, "all its rules"));
    auto rules = desk.rules;
    rules.set.accounts.clear();
    desk.loop.use(std::make_shared<core::Rules>(rules));
    CHECK(desk.loop.ask({core::Trigger::person, false, {}}).get()->plan.commands.empty());
    CHECK(desk.paused());
    CHECK(says(desk.actions.release({"physics"}, {"ann", "", false}).error(), Errc::malformed,
               "reason"));
    const auto dry = desk.actions.release({"physics"}, kAnnTries);
    CHECK(dry && dry->cycle->decision.accounts.empty());
    CHECK(!dry->cycle->plan.commands.empty());
    CHECK(desk.journal.reopened.empty());
    CHECK(desk.paused());
    const auto done = desk.actions.release({"physics"}, kAnn);
    CHECK(done && !done->cycle->applied.empty());
    CHECK(desk.journal.reopened.at(0).release);
    CHECK(desk.loop.shown().report->decision.accounts.empty());
    CHECK(says(desk.actions.release({"physics"}, kAnn).error(), Errc::not_found, "physics"));
}

CASE(an_account_that_was_deleted_in_slurm_is_released_by_its_name) {
    Desk desk(1250);
    CHECK(desk.paused());
    std::erase_if(desk.slurm.held.associations,
                  [](const auto& row) { return row.account == "physics"; });
    CHECK(desk.loop.ask({core::Trigger::person, false, {}}).get()->decision.accounts.empty());
    CHECK(!desk.journal.held.accounts.at("physics").enforced_by.empty());
    CHECK(desk.actions.release({"physics"}, kAnn));
    CHECK(desk.journal.held.accounts.at("physics").enforced_by.empty());
    CHECK(says(desk.actions.release({"physics"}, kAnn).error(), Errc::not_found, "physics"));
}

CASE(new_rules_over_the_guard_wait_for_a_release_of_all) {
    Bench bench;
    for (int i = 0; i < 12; ++i) {
        const std::string name = "a" + std::to_string(i);
        bench.slurm.add_account(name);
        bench.rules.set.accounts[name].allocation = {{"node_hours", Decimal::whole(10)}};
        bench.slurm.set_usage(name, "node", 5 * kHour);
    }
    bench.rules.version = "1";
    core::Loop loop{bench.ports, bench.sources, std::make_shared<core::Rules>(bench.rules)};
    core::DaemonOperator actions{loop, bench.ports, nullptr, 5s};
    loop.start();
    CHECK(loop.ask({core::Trigger::person, false, {}}).get()->error.empty());
    CHECK(says(actions.release({}, kAnn).error(), Errc::conflict, "no account waits"));
    bench.rules.version = "2";
    for (auto& [name, account] : bench.rules.set.accounts)
        account.allocation = {{"node_hours", Decimal::whole(1)}};
    loop.use(std::make_shared<core::Rules>(bench.rules));
    const auto waits = loop.ask({core::Trigger::person, false, {}}).get();
    CHECK(waits->decision.find("a0")->fault == model::Fault::guard);
    CHECK(!waits->decision.find("a0")->flags.paused);
    CHECK_EQ(bench.journal.held.accounts.at("a0").held_for, "2");
    CHECK(actions.release({}, kAnn));
    CHECK_EQ(bench.journal.reopened.size(), 12U);
    CHECK(loop.shown().report->decision.find("a0")->enforced.paused);
    CHECK(loop.stop(60s));
}

CASE(a_reset_of_an_allocation_that_spans_clusters_is_one_on_each) {
    Bench bench;
    core::ClusterExchange exchange;
    bench.ports.exchange = &exchange;
    std::vector<std::string> told;
    const auto note = [&](const std::string& cluster) {
        exchange.add(
            cluster, [] {},
            [&told, cluster](const model::PeriodReset& reset) {
                told.push_back(cluster + ' ' + reset.account + ' ' + reset.period + ' ' + reset.by);
            });
    };
    note("c1");
    note("c2");
    note("c3");
    bench.rules.set.policies.at(0).spans = true;
    bench.rules.set.policies.at(0).clusters = {"c1", "c2"};
    auto figures = std::make_shared<model::SharedFigures>();
    figures->cluster = "c2";
    figures->at = bench.clock.now();
    for (const auto& policy : bench.rules.set.policies)
        figures->policies.insert(policy.name);
    exchange.post(figures);
    core::Loop loop{bench.ports, bench.sources, std::make_shared<core::Rules>(bench.rules)};
    core::DaemonOperator actions{loop, bench.ports, nullptr, 5s};
    loop.start();
    CHECK(loop.ask({core::Trigger::person, false, {}}).get()->error.empty());
    CHECK(actions.reopen({"physics"}, kAnnTries));
    CHECK(told.empty());
    CHECK(actions.reopen({"physics"}, kAnn));
    CHECK(told == std::vector<std::string>{"c2 physics 2026-Q1 ann"});
    CHECK_EQ(bench.journal.reopened.size(), 1U);
    loop.stop(60s);
}

CASE(cleanup_counts_first_and_keeps_what_retention_keeps) {
    Desk desk(10);
    const auto by_itself = desk.journal.forgotten_before; // once at the start
    const auto would = desk.actions.cleanup("2026-01-01", kAnnTries);
    CHECK(would);
    CHECK(desk.journal.forgotten_before == by_itself);
    CHECK(desk.actions.cleanup("2026-02-01", kAnn));
    CHECK(desk.journal.forgotten_before == kFebruary - 9 * 24h);
    CHECK(says(desk.actions.cleanup("now+1day", kAnn).error(), Errc::malformed, "future"));
}

CASE(cycles_are_listed_newest_first) {
    Desk desk(10);
    CHECK(desk.loop.ask({core::Trigger::person, false, {}}).get()->error.empty());
    const auto cycles = desk.loop.cycles();
    CHECK(cycles.size() >= 2);
    CHECK_EQ(cycles.front().trigger, "person");
    CHECK_EQ(cycles.front().accounts, 1U);
}
