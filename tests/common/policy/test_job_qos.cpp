// SPDX-License-Identifier: GPL-2.0-or-later
// Queued jobs follow the QOS of their account: slowed down, and back to what each of them had.
#include "common/policy/plan/jobs.hpp"
#include "tests/common/policy/world.hpp"

#include <algorithm>

using namespace sluice;
using model::CommandType;
using model::JobState;
using test::utc;
using test::World;

namespace {

using Lines = std::vector<std::string>;

// Association numbers: root 1, physics 2, optics 3, ann 4, bob 5, eve 6, eve in partition long 7.
World cluster() {
    World w;
    w.policy().limits.enabled = false;
    w.account("physics");
    w.account("optics", "physics");
    w.user("ann", "physics");
    w.user("bob", "optics");
    w.user("eve", "physics");
    w.user("eve", "physics");
    w.facts.structure.qos.push_back({6, "high"});
    w.facts.structure.associations[6].partition = "long";
    w.row("physics").qos = {"normal", "high"};
    w.row("physics").default_qos = "normal";
    w.grant("physics", "1000");
    w.facts.jobs_known = true;
    return w;
}

void submit(World& w, std::uint32_t id, std::uint32_t association, const char* qos,
            std::uint32_t array = 0) {
    const auto& row = w.facts.structure.associations[association - 1];
    const std::string name = array == id ? std::to_string(id) + "_[1-9]" : std::to_string(id);
    w.facts.jobs.push_back(
        {id, array, name, row.account, row.user, JobState::pending, false, association, qos});
}

Lines moves(const std::vector<model::Command>& commands) {
    Lines all;
    for (const auto& command : commands)
        if (command.type == CommandType::set_job_qos)
            all.push_back(command.job + "=" + command.qos.front());
    return all;
}
Lines moves(const World& w) {
    return moves(w.plan.commands);
}

// Each job's QOS, as "7=normal".
Lines queue(const World& w) {
    Lines all;
    for (const auto& job : w.facts.jobs)
        all.push_back(std::to_string(job.id) + "=" + job.qos);
    return all;
}

void slow(World& w) { // 110 % in February 2026
    w.use(utc(2026, 1, 2), "physics", 1100);
}

const model::AccountMemory& memory(const World& w) {
    return w.facts.history.accounts.at("physics");
}

} // namespace

CASE(queued_jobs_follow_the_account_down_and_each_gets_back_what_it_had) {
    World w = cluster();
    submit(w, 7, 4, "normal");
    submit(w, 8, 4, "high");
    submit(w, 20, 5, "normal", 20);
    w.run(utc(2026, 1, 1));
    CHECK(moves(w).empty());
    slow(w);
    w.run(utc(2026, 2, 1));
    CHECK(moves(w) == (Lines{"7=slowdown", "8=slowdown", "20_[1-9]=slowdown"}));
    CHECK_EQ(w.command(0), "scontrol update JobId=7 QOS=slowdown");
    CHECK_EQ(w.command(2), "scontrol update JobId='20_[1-9]' QOS=slowdown");
    CHECK_EQ(w.plan.commands[0].description, "Set QOS of job 7 of user ann in account physics from "
                                             "normal to slowdown (account physics is downscaled)");
    CHECK(w.plan.commands.back().type == CommandType::qos); // the list after the jobs
    w.run(utc(2026, 2, 2));
    CHECK(w.plan.commands.empty());
    submit(w, 9, 4, "slowdown");
    submit(w, 25, 5, "slowdown", 20); // a task split off the array
    w.run(utc(2026, 2, 3));
    CHECK(w.plan.commands.empty());
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 4));
    CHECK(w.plan.commands.back().type == CommandType::qos);
    CHECK(queue(w) == (Lines{"7=normal", "8=high", "20=normal", "9=normal", "25=normal"}));
    w.run(utc(2026, 2, 5));
    CHECK(w.plan.commands.empty());
    CHECK_EQ(memory(w).job_qos.size(), 5U);
    w.facts.jobs.clear();
    w.run(utc(2026, 2, 6));
    CHECK(memory(w).job_qos.empty());
}

CASE(jobs_of_users_and_partitions_with_own_qos_lists_follow) {
    World w = cluster();
    w.row("physics", "ann").qos = {"high"};
    w.row("physics", "ann").default_qos = "high";
    w.row("physics", "eve", "long").qos = {"+slow1"};
    submit(w, 7, 4, "high");
    submit(w, 8, 6, "normal");
    submit(w, 9, 7, "slow1");
    slow(w);
    w.run(utc(2026, 2, 1));
    CHECK(moves(w) == (Lines{"7=slowdown", "8=slowdown", "9=slowdown"}));
    submit(w, 10, 4, "slowdown");
    submit(w, 11, 7, "slowdown");
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 2));
    CHECK(queue(w) == (Lines{"7=high", "8=normal", "9=slow1", "10=high", "11=normal"}));
}

CASE(a_job_of_a_qos_that_its_association_never_had_is_left) {
    World w = cluster();
    submit(w, 7, 4, "slow2");
    slow(w);
    w.run(utc(2026, 2, 1));
    w.run(utc(2026, 2, 2));
    CHECK(queue(w) == Lines{"7=slow2"});
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 3));
    CHECK(queue(w) == Lines{"7=slow2"});
}

CASE(a_job_submitted_between_reading_and_narrowing_is_moved_next) {
    World w = cluster();
    slow(w);
    w.run(utc(2026, 2, 1));
    submit(w, 7, 4, "high");
    w.run(utc(2026, 2, 2));
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 3));
    CHECK(queue(w) == Lines{"7=high"});
}

CASE(who_chose_the_slow_qos_keeps_it) {
    World w = cluster();
    w.row("physics").qos = {"normal", "slowdown"};
    submit(w, 7, 4, "slowdown");
    slow(w);
    w.run(utc(2026, 2, 1));
    submit(w, 8, 4, "slowdown");
    w.run(utc(2026, 2, 2));
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 3));
    CHECK(queue(w) == (Lines{"7=slowdown", "8=normal"}));
}

CASE(a_qos_that_others_changed_meanwhile_is_left) {
    World w = cluster();
    submit(w, 7, 4, "normal");
    slow(w);
    w.run(utc(2026, 2, 1));
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 2));
    w.facts.jobs[0].qos = "high";
    w.run(utc(2026, 2, 3));
    CHECK(queue(w) == Lines{"7=high"});
    w.grant("physics", "1000");
    w.run(utc(2026, 2, 4));
    CHECK(queue(w) == Lines{"7=slowdown"});
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 5));
    CHECK(queue(w) == Lines{"7=high"});
    w.run(utc(2026, 2, 6));
    // The site takes a QOS away afterwards: not a change of Sluice's.
    w.row("physics").qos = {"normal"};
    w.run(utc(2026, 2, 7));
    CHECK(w.plan.commands.empty());
}

CASE(a_change_that_failed_or_was_cut_short_is_repeated) {
    for (const char* at_restore : {"no", "yes"}) {
        World w = cluster();
        submit(w, 7, 4, "normal");
        submit(w, 8, 4, "high");
        slow(w);
        if (*at_restore == 'n') {
            w.run(utc(2026, 2, 1));
            w.facts.jobs[1].qos = "high"; // its change did not happen
            w.run(utc(2026, 2, 2));
            CHECK(queue(w) == (Lines{"7=slowdown", "8=slowdown"}));
        }
        w.run(utc(2026, 2, 3));
        submit(w, 9, 4, "slowdown");
        w.grant("physics", "5000");
        w.run(utc(2026, 2, 4));
        w.facts.jobs[0].qos = w.facts.jobs[1].qos = w.facts.jobs[2].qos = "slowdown";
        w.run(utc(2026, 2, 5));
        CHECK(queue(w) == (Lines{"7=normal", "8=high", "9=normal"}));
    }
}

CASE(while_the_queue_is_not_known_what_jobs_had_is_kept) {
    World w = cluster();
    submit(w, 7, 4, "high");
    slow(w);
    w.run(utc(2026, 2, 1));
    auto jobs = std::exchange(w.facts.jobs, {});
    w.facts.jobs_known = false;
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 2));
    CHECK_EQ(memory(w).job_qos.size(), 1U);
    w.facts.jobs = jobs;
    w.facts.jobs_known = true;
    w.run(utc(2026, 2, 3));
    CHECK(queue(w) == Lines{"7=high"});
}

CASE(each_step_of_a_progressive_policy_takes_queued_jobs_along) {
    World w = cluster();
    auto& policy = w.set.policies[0];
    policy.strategy = model::QosStrategy::progressive;
    policy.steps = {{test::dec("90"), "slow1", false},
                    {test::dec("100"), "slow2", false},
                    {test::dec("120"), "blocked", true}};
    submit(w, 7, 4, "high");
    w.use(utc(2026, 1, 2), "physics", 950);
    w.run(utc(2026, 1, 3));
    submit(w, 8, 4, "slow1");
    w.run(utc(2026, 1, 4));
    CHECK(queue(w) == (Lines{"7=slow1", "8=slow1"}));
    w.use(utc(2026, 1, 5), "physics", 100);
    w.run(utc(2026, 1, 6));
    CHECK(queue(w) == (Lines{"7=slow2", "8=slow2"}));
    w.grant("physics", "1100");
    w.run(utc(2026, 1, 7));
    CHECK(queue(w) == (Lines{"7=slow1", "8=slow1"}));
    w.grant("physics", "5000");
    w.run(utc(2026, 1, 8));
    CHECK(queue(w) == (Lines{"7=high", "8=normal"}));
}

CASE(a_pause_holds_the_jobs_that_its_qos_list_does_not_stop) {
    World w = cluster();
    submit(w, 7, 4, "normal");
    slow(w);
    w.run(utc(2026, 2, 1));
    w.use(utc(2026, 2, 2), "physics", 200);
    w.run(utc(2026, 2, 3));
    CHECK_EQ(w.plan.commands.back().sacctmgr, "scontrol hold 7");
    CHECK(moves(w).empty());
    w.facts.jobs[0].held = true;
    submit(w, 8, 4, "normal"); // moved into the account; its list stops it
    w.run(utc(2026, 2, 4));
    CHECK(w.plan.commands.empty());
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 5));
    CHECK(queue(w) == (Lines{"7=normal", "8=normal"}));
    CHECK_EQ(w.plan.commands.back().sacctmgr, "scontrol release 7");
    w.facts.jobs[0].held = false;
    // Later, too: slurmctld does not forget that an operator has set the QOS.
    w.grant("physics", "100");
    w.run(utc(2026, 2, 6));
    CHECK_EQ(w.plan.commands.back().sacctmgr, "scontrol hold 7");
    CHECK_EQ(w.plan.commands.size(), 2U);
}

CASE(a_pause_does_not_wait_for_the_jobs_of_another_account) {
    World w = cluster();
    w.account("zoo");
    w.grant("zoo", "1000");
    submit(w, 7, 4, "normal");
    slow(w);
    w.use(utc(2026, 1, 2), "zoo", 1300);
    w.run(utc(2026, 2, 1));
    CHECK_EQ(w.plan.commands.size(), 3U);
    CHECK(w.plan.commands[0].account == "zoo");
    CHECK(w.plan.commands[1].type == CommandType::set_job_qos);
    CHECK(w.plan.commands[2].account == "physics");
}

CASE(an_override_moves_queued_jobs_and_its_end_moves_them_back) {
    World w = cluster();
    submit(w, 7, 5, "high"); // of sub-account optics, which inherits
    w.facts.history.overrides = {{1, "physics", model::Standing::downscaled, utc(2026, 1, 2),
                                  utc(2026, 1, 10), "test", "staff", false, false}};
    w.run(utc(2026, 1, 3));
    CHECK(queue(w) == Lines{"7=slowdown"});
    w.run(utc(2026, 1, 11));
    CHECK(queue(w) == Lines{"7=high"});
}

CASE(on_downscale_leave_moves_no_job_but_brings_back_what_was_moved) {
    World w = cluster();
    w.set.policies[0].on_downscale = model::OnDownscale::leave;
    submit(w, 7, 4, "normal");
    slow(w);
    w.run(utc(2026, 2, 1));
    CHECK(moves(w).empty());
    w.set.policies[0].on_downscale = model::OnDownscale::move;
    w.run(utc(2026, 2, 2));
    CHECK(queue(w) == Lines{"7=slowdown"});
    w.set.policies[0].on_downscale = model::OnDownscale::leave;
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 3));
    CHECK(queue(w) == Lines{"7=normal"});
}

CASE(an_observed_account_shows_which_jobs_would_be_moved) {
    World w = cluster();
    w.set.policies[0].mode = model::Mode::observe;
    submit(w, 7, 4, "normal");
    slow(w);
    w.run(utc(2026, 2, 1));
    CHECK(moves(w).empty());
    CHECK(moves(w.plan.withheld) == Lines{"7=slowdown"});
    CHECK(memory(w).job_qos.empty());
}

CASE(an_account_that_no_policy_covers_any_more_gets_its_jobs_back) {
    World w = cluster();
    submit(w, 7, 4, "high");
    slow(w);
    w.run(utc(2026, 2, 1));
    submit(w, 8, 5, "slowdown");
    w.set.accounts.clear();
    w.collect_and_plan(utc(2026, 2, 2));
    CHECK(moves(w).empty()); // the account is held
    model::release(w.facts.history.accounts["physics"]);
    w.collect_and_plan(utc(2026, 2, 2));
    CHECK(moves(w) == (Lines{"7=high", "8=normal"}));
    w.apply();
    w.facts.jobs.clear();
    w.collect_and_plan(utc(2026, 2, 3));
    w.apply();
    CHECK(memory(w).job_qos.empty());
}

CASE(a_wider_list_that_staff_keeps_lets_jobs_use_it) {
    World w = cluster();
    w.set.policies[0].drift = model::Drift::report;
    slow(w);
    w.run(utc(2026, 2, 1));
    w.run(utc(2026, 2, 2));
    w.row("physics").qos = {"slowdown", "normal"};
    submit(w, 7, 4, "normal");
    w.run(utc(2026, 2, 3));
    CHECK(moves(w).empty());
}

CASE(queued_jobs_that_wait_because_of_sluice_are_counted_and_explained) {
    const auto says = [](const World& w, const std::string& text) {
        const auto lines = w.explain();
        return std::find(lines.begin(), lines.end(), text) != lines.end();
    };
    World w = cluster();
    submit(w, 7, 4, "normal");
    submit(w, 8, 4, "high");
    submit(w, 9, 4, "slow2"); // waits in any case
    slow(w);
    w.run(utc(2026, 2, 1));
    CHECK(says(w, "Planned: Set QOS of 2 queued jobs to slowdown."));
    CHECK_EQ(w.of("physics").waiting.invalid_qos, 0U);
    w.use(utc(2026, 2, 2), "physics", 200);
    submit(w, 10, 4, "normal");
    w.run(utc(2026, 2, 3));
    for (auto& job : w.facts.jobs)
        job.held = job.id == 7 || job.id == 8;
    w.run(utc(2026, 2, 4));
    CHECK_EQ(w.of("physics").waiting.invalid_qos, 1U);
    CHECK_EQ(w.of("physics").waiting.held, 2U);
    CHECK(says(w, "Sluice holds 2 queued jobs; they are released after the pause."));
    CHECK(says(w, "1 queued job waits because of the pause (reason InvalidQOS), until it ends."));
    std::erase_if(w.facts.jobs, [](const auto& job) { return job.id == 8; });
    w.run(utc(2026, 2, 4));
    CHECK(says(w, "Sluice holds 1 queued job; it is released after the pause."));

    World left = cluster();
    left.set.policies[0].on_downscale = model::OnDownscale::leave;
    submit(left, 7, 4, "normal");
    slow(left);
    left.run(utc(2026, 2, 1));
    CHECK_EQ(left.of("physics").waiting.invalid_qos, 1U);
}

CASE(jobs_that_wait_because_of_sluice_are_listed_with_the_kind_of_their_wait) {
    using Kind = model::WaitKind;
    const auto kinds = [](const World& w) {
        Lines all;
        for (const auto& job : w.of("physics").waiting.first)
            all.push_back(job.name + " " + std::string(name(job.kind)) + " " + job.cause);
        return all;
    };
    World w = cluster();
    w.set.policies[0].on_downscale = model::OnDownscale::leave;
    submit(w, 7, 4, "normal");
    submit(w, 8, 4, "slowdown");
    submit(w, 9, 5, "slowdown");
    submit(w, 20, 5, "normal", 20);
    w.facts.jobs[1].reason = "QOSMaxJobsPerUserLimit";
    w.facts.jobs[2].reason = "Priority";
    slow(w);
    w.run(utc(2026, 2, 1));
    CHECK(kinds(w) ==
          (Lines{"7 invalid_qos physics", "20_[1-9] invalid_qos physics", "8 qos_limit physics"}));
    CHECK_EQ(w.of("physics").waiting.first.front().user, "ann");
    w.facts.jobs_known = false;
    w.run(utc(2026, 2, 2));
    CHECK(kinds(w).empty());

    World limited = cluster();
    limited.set.policies[0].limits.enabled = true;
    limited.run(utc(2026, 1, 1)); // sets the limits
    limited.run(utc(2026, 1, 1, 1));
    submit(limited, 7, 4, "normal");
    submit(limited, 8, 5, "normal");
    submit(limited, 9, 4, "normal");
    submit(limited, 10, 4, "normal");
    limited.facts.jobs[0].reason = "AssocGrpCPUMinutesLimit";
    limited.facts.jobs[1].reason = "AssocGrpNodeMinutes"; // in optics, below
    limited.facts.jobs[2].reason = "AssocGrpCPURunMinutesLimit";
    limited.facts.jobs[3].reason = "AssocMaxJobsLimit";
    limited.run(utc(2026, 1, 2));
    CHECK(kinds(limited) == (Lines{"7 limit physics", "8 limit physics"}));
    CHECK_EQ(limited.of("physics").waiting.limit, 2U);

    World foreign = cluster(); // no limit of Sluice's
    submit(foreign, 7, 4, "normal");
    foreign.facts.jobs[0].reason = "AssocGrpCPUMinutesLimit";
    foreign.run(utc(2026, 1, 1));
    foreign.run(utc(2026, 1, 2));
    CHECK(kinds(foreign).empty());

    model::WaitingJobs many;
    for (std::uint32_t i = 0; i < model::WaitingJobs::kMaxListed + 5; ++i)
        many.add({i, 0, "", "", "", "", "", Kind::held, ""});
    CHECK_EQ(many.first.size(), model::WaitingJobs::kMaxListed);
    CHECK_EQ(many.total(), model::WaitingJobs::kMaxListed + 5);
}

CASE(a_job_with_several_qos_is_moved_and_gets_all_of_them_back) {
    World w = cluster();
    submit(w, 7, 4, "high,normal");
    submit(w, 8, 4, "high,slow2"); // one that its association never had
    slow(w);
    w.run(utc(2026, 2, 1));
    CHECK(queue(w) == (Lines{"7=slowdown", "8=high,slow2"}));
    w.grant("physics", "5000");
    w.run(utc(2026, 2, 2));
    CHECK(queue(w) == (Lines{"7=high,normal", "8=high,slow2"}));
}

CASE(moves_below_an_account_are_explained_with_it) {
    World w = cluster();
    submit(w, 7, 4, "normal");
    submit(w, 8, 5, "normal"); // in optics
    slow(w);
    w.run(utc(2026, 2, 1));
    const auto lines =
        policy::explain(w.set, w.zone, w.decision, w.of("physics"), w.plan, {"optics"});
    CHECK(std::count(lines.begin(), lines.end(),
                     "Planned: Set QOS of 2 queued jobs to slowdown.") == 1);
}
