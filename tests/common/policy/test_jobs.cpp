// SPDX-License-Identifier: GPL-2.0-or-later
// Jobs of paused accounts: what is planned for each, and that only what Sluice held is released.
#include "common/policy/plan/jobs.hpp"
#include "tests/common/policy/world.hpp"

using namespace sluice;
using model::CommandType;
using model::JobState;
using test::utc;
using test::World;

namespace {

constexpr std::uint32_t kArray = 20;

World physics(model::PendingJobs pending, model::RunningJobs running = model::RunningJobs::leave) {
    World w;
    w.policy().on_pause = {pending, running, std::chrono::hours(1)};
    w.account("physics");
    w.account("optics", "physics");
    w.account("chem");
    w.grant("physics", "1000");
    w.facts.jobs_known = true;
    w.facts.jobs = {
        {7, 0, "7", "physics", "ann", JobState::pending, false, 0, ""},
        {8, 0, "8", "optics", "bob", JobState::running, false, 0, ""},
        {9, 0, "9", "optics", "bob", JobState::pending, true, 0, ""},
        {11, 0, "11", "chem", "eve", JobState::pending, false, 0, ""},
        {kArray, kArray, "20_[3-9]", "physics", "ann", JobState::pending, false, 0, ""}};
    return w;
}

std::vector<std::string> job_commands(const World& w) {
    std::vector<std::string> all;
    for (const auto& command : w.plan.commands)
        if (is_for_job(command.type))
            all.push_back(command.sacctmgr);
    return all;
}

using Lines = std::vector<std::string>;

void pause(World& w) {
    w.use(utc(2026, 1, 2), "physics", 1250);
}

model::Job& job(World& w, std::uint32_t id) {
    for (auto& one : w.facts.jobs)
        if (one.id == id)
            return one;
    return w.facts.jobs.front();
}

} // namespace

CASE(jobs_of_a_paused_account_are_left_unless_the_policy_says_more) {
    World w = physics(model::PendingJobs::leave);
    pause(w);
    w.run(utc(2026, 2, 1));
    CHECK(job_commands(w).empty());
}

CASE(pending_jobs_are_held_once_and_only_those_are_released) {
    World w = physics(model::PendingJobs::hold);
    w.run(utc(2026, 1, 1));
    CHECK(job_commands(w).empty());
    pause(w);
    w.run(utc(2026, 2, 1));
    CHECK(job_commands(w) == (Lines{"scontrol hold 7", "scontrol hold '20_[3-9]'"}));
    CHECK(w.plan.commands.back().account == "physics");
    CHECK_EQ(w.plan.commands.back().user, "ann");
    job(w, 7).held = job(w, kArray).held = true;
    w.run(utc(2026, 2, 2));
    CHECK(job_commands(w).empty());
    // A task that somebody changed has a number of its own, and is as held as the rest.
    w.facts.jobs.push_back({25, kArray, "20_3", "physics", "ann", JobState::pending, true, 0, ""});

    w.grant("physics", "5000");
    w.run(utc(2026, 2, 3));
    CHECK(job_commands(w) ==
          (Lines{"scontrol release 7", "scontrol release '20_[3-9]'", "scontrol release 20_3"}));
    for (const std::uint32_t id : {7U, kArray, 25U})
        job(w, id).held = false;
    w.run(utc(2026, 2, 4));
    CHECK(job_commands(w).empty()); // 9 was held by somebody else
    CHECK(w.facts.history.accounts.at("physics").held_jobs.empty());
}

CASE(a_release_that_failed_is_tried_again) {
    World w = physics(model::PendingJobs::hold);
    pause(w);
    w.run(utc(2026, 2, 1));
    job(w, 7).held = true;
    w.grant("physics", "5000");
    for (const unsigned day : {2U, 3U}) {
        w.run(utc(2026, 2, day));
        CHECK(job_commands(w) == (Lines{"scontrol release 7"}));
    }
}

CASE(while_jobs_are_not_known_nothing_is_forgotten) {
    World w = physics(model::PendingJobs::hold);
    pause(w);
    w.run(utc(2026, 2, 1));
    const auto held = w.facts.history.accounts.at("physics").held_jobs;
    CHECK_EQ(held.size(), 2U);
    auto jobs = std::exchange(w.facts.jobs, {});
    w.facts.jobs_known = false;
    w.run(utc(2026, 2, 2));
    CHECK(w.facts.history.accounts.at("physics").held_jobs == held);
}

CASE(an_account_without_a_policy_gets_its_jobs_back) {
    World w = physics(model::PendingJobs::hold);
    pause(w);
    w.run(utc(2026, 2, 1));
    job(w, 7).held = true;
    w.set.accounts.clear();
    w.collect_and_plan(utc(2026, 2, 2));
    // No job is released until a person releases the account, and a hold that failed is retried.
    CHECK(job_commands(w) == (Lines{"scontrol hold '20_[3-9]'"}));
    model::release(w.facts.history.accounts.at("physics"));
    w.collect_and_plan(utc(2026, 2, 2));
    CHECK(job_commands(w) == (Lines{"scontrol release 7"}));
    job(w, 7).held = false;
    w.apply();
    w.collect_and_plan(utc(2026, 2, 3));
    w.apply();
    CHECK(w.facts.history.accounts.at("physics").held_jobs.empty());
}

CASE(a_held_job_that_moved_to_an_account_without_a_policy_is_released) {
    World w = physics(model::PendingJobs::hold);
    pause(w);
    w.run(utc(2026, 2, 1));
    const auto saved = w.facts.history.accounts.at("physics").saved_qos;
    CHECK(saved.has_value());
    job(w, 7).held = true;
    job(w, 7).account = "chem";
    w.run(utc(2026, 2, 2));
    CHECK(job_commands(w) == (Lines{"scontrol hold '20_[3-9]'", "scontrol release 7"}));
    CHECK(w.facts.history.accounts.at("physics").saved_qos == saved);
}

CASE(pending_jobs_are_cancelled) {
    World w = physics(model::PendingJobs::cancel);
    pause(w);
    w.run(utc(2026, 2, 1));
    CHECK(job_commands(w) == (Lines{"scancel 7", "scancel 9", "scancel '20_[3-9]'"}));
}

CASE(running_jobs_end_when_the_time_of_grace_is_over) {
    for (const auto rule : {model::RunningJobs::cancel, model::RunningJobs::requeue}) {
        World w = physics(model::PendingJobs::leave, rule);
        pause(w);
        w.run(utc(2026, 2, 1));
        CHECK(job_commands(w).empty());
        CHECK(policy::next_event(w.set, w.zone, utc(2026, 2, 1), w.facts.history) ==
              utc(2026, 2, 1, 1));
        w.run(utc(2026, 2, 1) + std::chrono::minutes(59));
        CHECK(job_commands(w).empty());
        w.run(utc(2026, 2, 1, 1));
        CHECK(job_commands(w) ==
              Lines{rule == model::RunningJobs::cancel ? "scancel 8" : "scontrol requeue 8"});
    }
}

CASE(an_observed_account_shows_what_would_happen_to_its_jobs) {
    World w = physics(model::PendingJobs::hold, model::RunningJobs::cancel);
    w.set.policies[0].mode = model::Mode::observe;
    pause(w);
    w.run(utc(2026, 2, 1));
    CHECK(job_commands(w).empty());
    std::size_t shown = 0;
    for (const auto& command : w.plan.withheld)
        shown += is_for_job(command.type) ? 1U : 0U;
    CHECK_EQ(shown, 3U);
    CHECK(w.facts.history.accounts.at("physics").held_jobs.empty());
}

CASE(no_job_is_cancelled_while_the_clock_is_not_trusted) {
    World w = physics(model::PendingJobs::cancel, model::RunningJobs::cancel);
    pause(w);
    w.run(utc(2026, 2, 1));
    w.facts.clock = {model::ClockState::forward, 86400, "elapsed", {}};
    w.run(utc(2026, 2, 2));
    CHECK(job_commands(w).empty());
    w.facts.clock = {};
    w.run(utc(2026, 2, 2));
    CHECK(!job_commands(w).empty());
}
