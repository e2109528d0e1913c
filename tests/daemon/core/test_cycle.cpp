// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;
using model::CommandType;
using model::Standing;

namespace {

bool has(const std::vector<std::string>& calls, const std::string& name) {
    return std::find(calls.begin(), calls.end(), name) != calls.end();
}

// What the cluster must be like once an account that used 1250 of 1000 hours has been dealt with.
void check_paused(Bench& bench) {
    CHECK_EQ(bench.slurm.account("physics").default_qos, "blocked");
    CHECK(bench.slurm.account("physics").qos == std::vector<std::string>{"blocked"});
    CHECK_EQ(bench.slurm.account("physics").grp_tres_mins.at("node"), 72'000);
    CHECK(bench.journal.held.accounts.at("physics").flags.paused);
    const auto snapshot = bench.publisher.published().back();
    const auto& accounts = snapshot->accounts;
    const auto found = std::find_if(accounts.begin(), accounts.end(),
                                    [](const auto& a) { return a.name == "physics"; });
    CHECK(found != accounts.end());
    CHECK(found->standing == Standing::paused);
}

} // namespace

CASE(an_account_over_the_grace_limit_is_paused_in_slurm_journal_and_snapshot) {
    Bench bench;
    bench.use_hours(1250);
    const auto report = bench.run({core::Trigger::start, false, {}});
    CHECK_EQ(report->error, "");
    CHECK_EQ(report->trigger, "start");
    CHECK(report->at == kFebruary);
    check_paused(bench);
    CHECK_EQ(report->applied.size(), bench.journal.commanded.size());
    for (const auto& record : bench.journal.commanded)
        CHECK(record.success == true);
    CHECK_EQ(bench.journal.evaluated.size(), 1U);
    CHECK_EQ(bench.journal.evaluated[0].account, "physics");
    CHECK_EQ(bench.journal.evaluated[0].trigger, "start");
    CHECK(bench.journal.evaluated[0].now.paused);
    CHECK(*bench.journal.evaluated[0].percent == 12'500);
}

CASE(what_is_recorded_is_recorded_before_it_is_applied) {
    Bench bench;
    bench.use_hours(1250);
    bench.run();
    const auto calls = bench.faults.calls();
    const auto at = [&](const char* name) {
        return std::find(calls.begin(), calls.end(), name) - calls.begin();
    };
    CHECK(at("record_cycle") < at("apply"));
    CHECK(at("record_cycle") < at("publish"));
    CHECK(at("publish") < at("apply")); // the plugin does not wait for slurmdbd
    CHECK(at("apply") < at("close_commands"));
}

CASE(a_second_cycle_on_the_same_facts_changes_nothing) {
    Bench bench;
    bench.use_hours(1250);
    bench.run();
    const auto applied = bench.slurm.applied.size();
    const auto evaluated = bench.journal.evaluated.size();
    const auto memory = bench.journal.held.accounts;
    bench.clock.advance(std::chrono::seconds(60));
    bench.run(); // sees its own changes in force for the first time
    CHECK_EQ(bench.slurm.applied.size(), applied);
    const auto settled = bench.journal.held.accounts;
    bench.clock.advance(std::chrono::seconds(60));
    const auto report = bench.run();
    CHECK(report->plan.commands.empty());
    CHECK(report->applied.empty());
    CHECK_EQ(bench.slurm.applied.size(), applied);
    CHECK_EQ(bench.journal.evaluated.size(), evaluated);
    CHECK(bench.journal.held.accounts == settled);
    CHECK_EQ(bench.publisher.published().size(), 1U);
}

CASE(a_dry_run_plans_the_same_and_touches_nothing) {
    Bench bench;
    bench.use_hours(1250);
    const auto dry = bench.run({core::Trigger::person, true, {}});
    CHECK(dry->dry_run);
    CHECK(dry->applied.empty());
    CHECK(!dry->plan.commands.empty());
    CHECK(!has(bench.faults.calls(), "record_cycle"));
    CHECK(!has(bench.faults.calls(), "apply"));
    CHECK(bench.slurm.applied.empty());
    CHECK(bench.journal.held.accounts.empty());
    CHECK(bench.publisher.published().empty());
    const auto real = bench.run();
    CHECK(real->plan.commands == dry->plan.commands);
}

CASE(an_evaluation_that_a_person_asks_for_is_recorded_although_nothing_changed) {
    Bench bench;
    bench.use_hours(100);
    bench.run();
    const auto before = bench.journal.evaluated.size();
    bench.run();
    CHECK_EQ(bench.journal.evaluated.size(), before);
    bench.run({core::Trigger::person, false, {"physics"}});
    CHECK_EQ(bench.journal.evaluated.size(), before + 1);
    CHECK_EQ(bench.journal.evaluated.back().trigger, "person");
    bench.run({core::Trigger::person, false, {"somebody-else"}});
    CHECK_EQ(bench.journal.evaluated.size(), before + 1);
}

// The n-th call of a cycle fails, for every n; the cycle after it mends what was left.
CASE(any_call_may_fail_and_the_next_cycle_finishes) {
    int tried = 0;
    for (int n = 1;; ++n) {
        Bench bench;
        bench.use_hours(1250);
        bench.faults.fail_at(n);
        const auto report = bench.run();
        const auto calls = bench.faults.calls();
        bench.faults.clear();
        if (static_cast<int>(calls.size()) < n)
            break;
        ++tried;
        const std::string failed = calls[static_cast<std::size_t>(n - 1)];
        if (failed == "history" || failed == "structure" || failed == "usage" ||
            failed == "record_cycle") {
            CHECK(report->error.find("injected") != std::string::npos);
            CHECK(bench.slurm.applied.empty());
            CHECK(bench.journal.commanded.empty());
            CHECK(bench.journal.held.accounts.empty());
            CHECK(bench.publisher.published().empty());
        } else {
            CHECK_EQ(report->error, "");
        }
        bench.clock.advance(std::chrono::seconds(60));
        const auto second = bench.run();
        CHECK_EQ(second->error, "");
        check_paused(bench);
        bench.clock.advance(std::chrono::seconds(60));
        bench.run();
        const auto applied = bench.slurm.applied.size();
        bench.clock.advance(std::chrono::seconds(60));
        bench.run();
        CHECK_EQ(bench.slurm.applied.size(), applied);
        for (const auto& record : bench.journal.commanded)
            CHECK(record.finished.has_value());
        std::size_t succeeded = 0;
        for (const auto& record : bench.journal.commanded)
            succeeded += record.success == true ? 1 : 0;
        CHECK_EQ(succeeded, bench.slurm.applied.size());
    }
    CHECK(tried >= 7);
}

CASE(a_command_that_is_refused_does_not_stop_the_others) {
    Bench bench;
    bench.use_hours(1250);
    bench.slurm.refuse = [](const model::Command& command) -> std::optional<Error> {
        if (command.type == CommandType::limits)
            return Error{Errc::refused, "slurmdbd: limits: Access/permission denied"};
        return std::nullopt;
    };
    const auto report = bench.run();
    CHECK_EQ(report->error, "");
    CHECK_EQ(bench.slurm.account("physics").default_qos, "blocked");
    CHECK(bench.slurm.account("physics").grp_tres_mins.empty());
    const auto failed = std::find_if(report->applied.begin(), report->applied.end(),
                                     [](const auto& record) { return record.success == false; });
    CHECK(failed != report->applied.end());
    CHECK(failed->command.type == CommandType::limits);
    CHECK(failed->error.find("denied") != std::string::npos);
    CHECK(std::any_of(report->problems.begin(), report->problems.end(), [](const auto& problem) {
        return problem.account == "physics" && problem.what.find("denied") != std::string::npos;
    }));
    bench.slurm.refuse = nullptr;
    bench.run();
    CHECK_EQ(bench.slurm.account("physics").grp_tres_mins.at("node"), 72'000);
}

CASE(an_outcome_that_could_not_be_written_is_written_in_the_next_cycle) {
    Bench bench;
    bench.use_hours(1250);
    bench.faults.fail_all("close_commands");
    bench.run();
    for (const auto& record : bench.journal.commanded)
        CHECK(!record.success.has_value());
    CHECK(bench.sources.away() == std::vector<std::string>{"journal"});
    bench.faults.clear();
    bench.run();
    for (const auto& record : bench.journal.commanded)
        CHECK(record.success == true);
    CHECK(bench.sources.away().empty());
}

CASE(a_qos_that_slurmctld_does_not_show_is_sent_once_and_waited_for) {
    Bench bench;
    bench.run();
    bench.slurm.differences = {{"physics", {"blocked"}}};
    bench.slurm.shows = [](const auto& command) { return command.type != CommandType::qos; };
    const auto sent = [&] {
        const auto report = bench.run();
        return std::count_if(report->applied.begin(), report->applied.end(), [](const auto& one) {
            return one.command.type == CommandType::qos &&
                   one.command.reason == "slurmctld shows other QOS";
        });
    };
    CHECK_EQ(sent(), 1);
    CHECK_EQ(sent(), 0);
    bench.slurm.shows = nullptr;
    bench.run(); // confirmed
    bench.slurm.differences.clear();
    CHECK_EQ(sent(), 0);
}

CASE(a_failed_cycle_shows_the_last_good_figures) {
    Bench bench;
    bench.use_hours(500);
    bench.run();
    bench.faults.fail_all("structure");
    bench.clock.advance(std::chrono::seconds(60));
    const auto report = bench.run();
    CHECK(report->error.find("structure") != std::string::npos);
    CHECK(*bench.physics(*report).percent == 5'000);
    CHECK(report->decision.now == kFebruary);
    CHECK(report->applied.empty());
}

CASE(a_pause_is_not_lifted_while_usage_is_unknown) {
    Bench bench;
    bench.use_hours(1250);
    bench.run();
    bench.use_hours(0); // what a half-broken source might say
    bench.faults.fail_all("usage");
    bench.clock.advance(std::chrono::seconds(60));
    const auto report = bench.run();
    CHECK_EQ(report->error, "");
    CHECK(bench.physics(*report).flags.paused);
    CHECK_EQ(bench.slurm.account("physics").default_qos, "blocked");
    CHECK_EQ(bench.publisher.published().size(), 1U); // no new verdict either
}

CASE(snapshots_are_numbered_upwards_and_sent_only_when_they_differ) {
    Bench bench;
    bench.use_hours(500);
    bench.run();
    bench.run();
    CHECK_EQ(bench.publisher.published().size(), 1U);
    bench.use_hours(1250);
    bench.run();
    const auto published = bench.publisher.published();
    CHECK_EQ(published.size(), 2U);
    CHECK(published[1]->sequence > published[0]->sequence);

    // A daemon that starts again goes on from there.
    core::Sources sources;
    core::Cycle restarted(bench.ports, sources);
    bench.clock.advance(std::chrono::seconds(5));
    restarted.run(bench.rules, {});
    CHECK(bench.publisher.published().back()->sequence > published[1]->sequence);
}

CASE(faults_of_the_file_that_the_cluster_shows_are_reported_as_problems) {
    Bench bench;
    bench.rules.faults = [](const model::Structure&) {
        return std::vector<std::string>{"f.yaml:3:5: no TRES gres/gpu"};
    };
    const auto report = bench.run();
    CHECK(std::any_of(report->problems.begin(), report->problems.end(), [](const auto& problem) {
        return problem.what == "f.yaml:3:5: no TRES gres/gpu";
    }));
}

CASE(a_command_that_keeps_failing_is_not_tried_in_every_cycle_but_stays_a_problem) {
    Bench bench;
    bench.use_hours(1250);
    int tries = 0;
    bench.slurm.refuse = [&](const model::Command& command) -> std::optional<Error> {
        if (command.type != CommandType::qos)
            return std::nullopt;
        ++tries;
        return Error{Errc::refused, "denied"};
    };
    std::shared_ptr<const ports::CycleReport> report;
    for (int i = 0; i < 30; ++i) { // half an hour
        report = bench.run();
        bench.clock.advance(std::chrono::seconds(60));
        CHECK(std::any_of(report->problems.begin(), report->problems.end(),
                          [](const auto& problem) { return problem.what == "denied"; }));
    }
    CHECK(tries >= 4 && tries <= 7);
    const int before = tries;
    bench.run({core::Trigger::person, false, {}});
    CHECK_EQ(tries, before + 1);
}

CASE(the_report_shows_what_was_decided_from_and_who_was_asked_about) {
    Bench bench;
    bench.use_hours(7);
    const auto report = bench.run({core::Trigger::person, true, {"physics"}, {"physics"}});
    CHECK(bench.slurm.asked.by_user == std::set<std::string>{"physics"});
    CHECK_EQ(report->usage->size(), 2U);
    CHECK_EQ(report->usage->back().accounts.at("physics").tres.at("node").total(), 7 * kHour);
    CHECK_EQ(report->usage_age, 0);
    bench.run();
    CHECK(bench.slurm.asked.by_user.empty());
}

CASE(a_window_that_is_over_is_shown_and_decides_nothing) {
    Bench bench;
    bench.use_hours(7);
    const auto before = bench.run();
    // It begins with the present period: were it taken for that, physics would be over its limit.
    const Window window{before->decision.find("physics")->period.begin,
                        before->at - std::chrono::seconds{3600}};
    core::Order order{core::Trigger::person, true, {"physics"}, {"physics"}};
    order.past = window;
    bench.slurm.past = model::TresUsage{{"node", {1'000'000 * kHour, 0, 0}}};
    const auto report = bench.run(order);
    CHECK(bench.slurm.asked.past == window);
    CHECK_EQ(report->usage->size(), 3U);
    CHECK_EQ(report->usage->back().accounts.at("physics").tres.at("node").total(),
             1'000'000 * kHour);
    CHECK(report->decision.find("physics")->percent == before->decision.find("physics")->percent);
    CHECK(report->decision.find("physics")->flags == before->decision.find("physics")->flags);
    bench.slurm.past.reset();
    CHECK_EQ(bench.run(order)->usage->size(), 2U);
    bench.run();
    CHECK(!bench.slurm.asked.past);
}

CASE(a_report_without_fresh_usage_says_its_age) {
    Bench bench;
    CHECK_EQ(bench.run()->usage_age, 0);
    bench.clock.advance(std::chrono::seconds(50));
    bench.faults.fail_all("usage");
    CHECK_EQ(bench.run()->usage_age, 50);
    bench.clock.advance(std::chrono::seconds(10));
    bench.faults.fail_all("structure"); // no cycle at all: the last one's figures are shown
    const auto report = bench.run();
    CHECK_EQ(report->usage_age, 60);
    CHECK(!report->usage->empty());
}

CASE(a_change_is_confirmed_when_slurmctld_shows_it) {
    Bench bench;
    bench.use_hours(1250);
    bool shows = false;
    bench.slurm.shows = [&](const model::Command&) { return shows; };
    bench.run();
    CHECK(!bench.journal.commanded.empty());
    for (const auto& record : bench.journal.commanded)
        CHECK(record.success == true && !record.confirmed);
    CHECK(bench.cycle.confirmation_due().has_value());
    shows = true;
    bench.cycle.confirm(bench.rules);
    for (const auto& record : bench.journal.commanded) {
        CHECK(record.confirmed == bench.clock.now());
        CHECK(record.confirm_delay_ms.has_value());
    }
    CHECK(!bench.cycle.confirmation_due());
}

CASE(a_change_that_slurmctld_never_shows_fails_and_is_made_again) {
    Bench bench;
    bench.rules.confirm_timeout = std::chrono::seconds(0);
    bench.use_hours(1250);
    bool shows = false;
    bench.slurm.shows = [&](const model::Command& command) {
        return shows || command.type != CommandType::qos;
    };
    bench.run();
    const auto lost =
        std::find_if(bench.journal.commanded.begin(), bench.journal.commanded.end(),
                     [](const auto& record) { return record.command.type == CommandType::qos; });
    CHECK(lost->success == false);
    CHECK(lost->error.find("slurmctld does not show") == 0);
    CHECK(!bench.cycle.confirmation_due()); // the cycles see to it

    bench.clock.advance(std::chrono::seconds(60));
    shows = true;
    const auto report = bench.run();
    CHECK_EQ(report->plan.commands.size(), 1U);
    CHECK(report->plan.commands[0].type == CommandType::qos);
    CHECK_EQ(report->plan.commands[0].reason, "slurmctld does not show it");
    CHECK(!report->problems.empty());
    CHECK(bench.journal.commanded.back().confirmed.has_value());
    bench.clock.advance(std::chrono::seconds(60));
    CHECK(bench.run()->plan.commands.empty());
}

CASE(a_lost_change_that_somebody_has_overwritten_is_left_alone) {
    Bench bench;
    bench.rules.confirm_timeout = std::chrono::seconds(0);
    bench.rules.set.policies[0].drift = model::Drift::report;
    bench.use_hours(1250);
    bench.slurm.shows = [](const model::Command& command) {
        return command.type != CommandType::qos;
    };
    bench.run();
    bench.clock.advance(std::chrono::seconds(60));
    bench.slurm.account("physics").grp_tres_mins["node"] = 72'000;
    bench.run(); // seen in force by slurmdbd
    bench.slurm.account("physics").qos = {"normal"};
    bench.slurm.account("physics").default_qos = "normal";
    bench.clock.advance(std::chrono::seconds(3600));
    const auto report = bench.run();
    CHECK(report->plan.commands.empty());
    CHECK_EQ(report->plan.withheld.size(), 1U);
}

CASE(while_slurmctld_is_away_nothing_is_late) {
    Bench bench;
    bench.rules.confirm_timeout = std::chrono::seconds(0);
    bench.use_hours(1250);
    bench.faults.fail_all("confirm");
    bench.run();
    CHECK(!bench.cycle.confirmation_due());
    for (const auto& record : bench.journal.commanded)
        CHECK(record.success == true && !record.confirmed);
    bench.faults.clear();
    bench.run();
    for (const auto& record : bench.journal.commanded)
        CHECK(record.confirmed.has_value());
}

CASE(a_restarted_daemon_waits_for_what_was_not_confirmed) {
    Bench bench;
    bench.use_hours(1250);
    bench.slurm.shows = [](const model::Command&) { return false; };
    bench.run();
    bench.slurm.shows = nullptr;
    core::Sources sources;
    core::Cycle restarted(bench.ports, sources);
    bench.clock.advance(std::chrono::seconds(5));
    restarted.run(bench.rules, {});
    for (const auto& record : bench.journal.commanded) {
        CHECK(record.confirmed.has_value());
        CHECK(*record.confirm_delay_ms >= 5'000);
    }
}
