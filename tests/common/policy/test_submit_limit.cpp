// SPDX-License-Identifier: GPL-2.0-or-later
// pause_by: submit_limit: what is saved, set, repaired and restored, and what changes of the rules
// while accounts are paused do.
#include "tests/common/policy/world.hpp"

#include <string>

using namespace sluice;
using test::dec;
using test::utc;
using test::World;

namespace {

World physics() {
    World w;
    w.policy().pause_by = model::PauseBy::submit_limit;
    w.set.policies[0].actions = {model::Action::request_slurm_resource_pausing};
    w.set.policies[0].limits.enabled = false;
    w.account("physics");
    w.account("optics", "physics");
    w.user("alice", "physics");
    w.grant("physics", "1000");
    return w;
}

std::size_t count(const World& w, model::CommandType type) {
    return static_cast<std::size_t>(
        std::count_if(w.plan.commands.begin(), w.plan.commands.end(),
                      [&](const auto& command) { return command.type == type; }));
}

constexpr auto kLimit = model::CommandType::submit_limit;
const Instant kDay = utc(2026, 1, 3);

// Paused in Slurm, too.
World paused(std::optional<std::uint32_t> own = std::nullopt) {
    World w = physics();
    w.row("physics").submit_jobs = own;
    w.row("optics").submit_jobs = 7;
    w.row("physics", "alice").submit_jobs = 3;
    w.use(utc(2026, 1, 2), "physics", 1200);
    w.run(kDay);
    w.run(kDay + std::chrono::minutes{1});
    return w;
}

} // namespace

CASE(a_pause_sets_grp_submit_jobs_of_the_account_and_no_qos) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 1200);
    w.run(kDay);
    CHECK(w.plan.commands.size() == 1);
    CHECK_EQ(w.command(0), "sacctmgr -i modify account where name=physics cluster=lab set "
                           "GrpSubmitJobs=0");
    CHECK_EQ(w.plan.commands[0].description,
             "Set GrpSubmitJobs of account physics to 0 (account is paused)");
    CHECK(w.of("physics").enforced.paused && w.of("physics").enforced_qos.empty());
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(0));
    CHECK(w.row("physics").qos.empty());
    w.run(kDay);
    CHECK(w.plan.commands.empty()); // the second plan changes nothing
}

CASE(a_value_of_the_site_is_saved_and_restored_and_those_below_stay) {
    World w = paused(50);
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(0));
    const auto lines = w.explain();
    CHECK(std::find(lines.begin(), lines.end(),
                    "The pause sets GrpSubmitJobs=0 on the account instead of a QOS; it had 50.") !=
          lines.end());
    w.grant("physics", "2000");
    w.run(kDay + std::chrono::hours{1});
    CHECK_EQ(w.command(0), "sacctmgr -i modify account where name=physics cluster=lab set "
                           "GrpSubmitJobs=50");
    CHECK(w.plan.commands[0].description.find("(was 0) (restored)") != std::string::npos);
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(50));
    CHECK(w.row("optics").submit_jobs == std::optional<std::uint32_t>(7));
    CHECK(w.row("physics", "alice").submit_jobs == std::optional<std::uint32_t>(3));
    w.run(kDay + std::chrono::hours{2});
    CHECK(w.plan.commands.empty());
    CHECK(!w.of("physics").memory.submit);
}

CASE(an_account_without_a_value_gets_none_back) {
    World w = paused();
    w.grant("physics", "2000");
    w.run(kDay + std::chrono::hours{1});
    CHECK_EQ(w.command(0), "sacctmgr -i modify account where name=physics cluster=lab set "
                           "GrpSubmitJobs=-1");
    CHECK(!w.row("physics").submit_jobs);
}

CASE(a_zero_of_the_site_needs_nothing_and_stays) {
    World w = paused(0);
    CHECK(w.plan.commands.empty() && !w.of("physics").memory.submit);
    w.grant("physics", "2000");
    w.run(kDay + std::chrono::hours{1});
    CHECK(w.plan.commands.empty());
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(0));
}

CASE(a_change_by_hand_during_the_pause_is_drift_and_one_at_its_end_stays) {
    World w = paused(50);
    w.row("physics").submit_jobs = 9;
    w.cycle(kDay + std::chrono::hours{1});
    CHECK(count(w, kLimit) == 1);
    CHECK(w.plan.commands[0].reason == "drift");
    w.set.policies[0].drift = model::Drift::report;
    w.cycle(kDay + std::chrono::hours{1});
    CHECK(count(w, kLimit) == 0 && w.plan.problems.size() == 1);
    w.grant("physics", "2000");
    w.run(kDay + std::chrono::hours{2});
    CHECK(count(w, kLimit) == 0);
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(9));
}

CASE(a_crash_between_journal_and_slurm_loses_no_value) {
    World w = physics();
    w.row("physics").submit_jobs = 50;
    w.use(utc(2026, 1, 2), "physics", 1200);
    const auto& decided = w.cycle(kDay);
    w.facts.history.accounts["physics"] = decided.memory; // recorded, nothing applied
    w.run(kDay + std::chrono::minutes{1});
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(0));
    w.grant("physics", "2000"); // the pause ends before a cycle sees the value in Slurm
    w.run(kDay + std::chrono::minutes{2});
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(50));
}

CASE(another_way_of_pausing_takes_over_while_accounts_are_paused) {
    World w = paused(50);
    w.set.policies[0].pause_by = model::PauseBy::qos;
    w.run(kDay + std::chrono::hours{1});
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(0)); // until the QOS holds
    CHECK(w.row("physics").qos == std::vector<std::string>{"blocked"});
    w.run(kDay + std::chrono::hours{1});
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(50));
    w.set.policies[0].pause_by = model::PauseBy::submit_limit;
    w.run(kDay + std::chrono::hours{2});
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(0));
    CHECK(w.row("physics").qos.empty());
}

CASE(the_value_returns_when_the_policy_only_observes_or_is_gone) {
    World w = paused(50);
    w.set.policies[0].mode = model::Mode::observe;
    w.facts.history.accounts["physics"].enforced_by.clear(); // a person released it
    w.run(kDay + std::chrono::hours{1});
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(50));
    w.run(kDay + std::chrono::hours{2});
    CHECK(w.plan.withheld.size() == 1 && w.plan.withheld[0].type == kLimit); // shown only
    World gone = paused(50);
    gone.set.accounts.clear();
    model::release(gone.facts.history.accounts["physics"]);
    gone.collect_and_plan(kDay + std::chrono::hours{1});
    gone.apply();
    CHECK(gone.row("physics").submit_jobs == std::optional<std::uint32_t>(50));
}

CASE(an_account_whose_rules_are_gone_stays_paused) {
    World w = paused(50);
    w.set.accounts.clear();
    w.collect_and_plan(kDay + std::chrono::hours{1});
    CHECK(w.of("physics").held());
    CHECK(count(w, kLimit) == 0);
    w.apply();
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(0));
}

CASE(a_slowed_account_stays_slow_while_it_is_paused) {
    World w = physics();
    w.set.policies[0].actions.push_back(model::Action::request_slurm_resource_downscaling);
    w.use(utc(2026, 1, 2), "physics", 1000);
    w.run(kDay);
    CHECK(w.of("physics").enforced_qos == "slowdown");
    w.use(kDay, "physics", 200);
    w.run(kDay + std::chrono::hours{1});
    CHECK(w.of("physics").enforced.paused && w.of("physics").enforced_qos == "slowdown");
    CHECK(count(w, kLimit) == 1 && count(w, model::CommandType::qos) == 0);
}

CASE(a_slowed_account_below_a_paused_one_keeps_its_qos) {
    World w = physics();
    w.set.policies[0].actions.push_back(model::Action::request_slurm_resource_downscaling);
    w.set.policies[0].grace_ratio = Decimal{};
    w.set.policies[0].actions = {model::Action::request_slurm_resource_pausing};
    auto slow = w.set.policies[0];
    slow.name = "slow";
    slow.pause_by = model::PauseBy::qos;
    slow.actions = {model::Action::request_slurm_resource_downscaling};
    slow.match.accounts = {"optics"};
    w.set.policies[0].match.accounts = {"physics"};
    w.set.policies.push_back(slow);
    w.grant("optics", "100");
    w.use(utc(2026, 1, 2), "optics", 1000);
    w.run(kDay);
    CHECK(w.of("optics").enforced.paused && w.of("optics").enforced_qos == "slowdown");
    CHECK(w.row("optics").qos == std::vector<std::string>{"slowdown"});
    CHECK(!w.row("optics").submit_jobs);
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(0));
}

CASE(queued_jobs_are_held_where_the_policy_says_so) {
    World w = physics();
    w.set.policies[0].on_pause.pending = model::PendingJobs::hold;
    model::Job job;
    job.id = 5;
    job.name = "5";
    job.account = "physics";
    job.user = "alice";
    job.association = w.row("physics", "alice").id;
    job.qos = "normal";
    w.facts.jobs = {job};
    w.facts.jobs_known = true;
    w.use(utc(2026, 1, 2), "physics", 1200);
    w.run(kDay);
    CHECK(count(w, model::CommandType::hold_job) == 1 &&
          count(w, model::CommandType::set_job_qos) == 0);
}

CASE(a_pause_that_comes_back_at_once_is_no_drift) {
    World w = paused(50);
    w.set.policies[0].drift = model::Drift::report;
    w.grant("physics", "2000");
    w.run(kDay + std::chrono::hours{1});
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(50));
    w.row("physics").submit_jobs = 70;
    w.grant("physics", "1000");
    w.run(kDay + std::chrono::hours{2});
    CHECK_EQ(count(w, kLimit), 1U);
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(0));
    w.grant("physics", "2000");
    w.run(kDay + std::chrono::hours{3});
    CHECK(w.row("physics").submit_jobs == std::optional<std::uint32_t>(70));
}

namespace {

// physics is paused by its QOS; optics below has a policy of its own that limits submissions.
World below_a_qos(model::Mode mode) {
    World w = physics();
    w.set.policies[0].pause_by = model::PauseBy::qos;
    w.set.policies[0].match.accounts = {"physics"};
    auto own = w.set.policies[0];
    own.name = "own";
    own.mode = mode;
    own.pause_by = model::PauseBy::submit_limit;
    own.match.accounts = {"optics"};
    w.set.policies.push_back(own);
    w.row("optics").qos = {"normal"};
    w.grant("optics", "100");
    w.use(utc(2026, 1, 2), "physics", 1200);
    w.run(kDay);
    w.use(utc(2026, 1, 2), "optics", 200);
    w.run(kDay + std::chrono::minutes{1});
    w.run(kDay + std::chrono::minutes{2});
    return w;
}

} // namespace

CASE(a_limit_of_its_own_leaves_the_qos_of_a_pause_above) {
    World w = below_a_qos(model::Mode::enforce);
    CHECK(w.of("optics").own.paused);
    CHECK(w.row("optics").qos == std::vector<std::string>{"blocked"});
    CHECK(w.row("optics").submit_jobs == std::optional<std::uint32_t>(0));
}

CASE(an_observing_policy_sets_no_limit_below_a_pause) {
    World w = below_a_qos(model::Mode::observe);
    CHECK(w.of("optics").own.paused && w.of("optics").enforced.paused);
    CHECK(!w.row("optics").submit_jobs && !w.of("optics").memory.submit);
}
