// SPDX-License-Identifier: GPL-2.0-or-later
// What turns into commands, and that nothing does twice.
#include "tests/common/policy/world.hpp"

#include <algorithm>

using namespace sluice;
using test::dec;
using test::utc;
using test::World;

namespace {

World physics(const char* hours = "1000") {
    World w;
    w.policy();
    w.account("physics");
    w.grant("physics", hours);
    return w;
}

bool nothing_more(World& w, Instant now) {
    w.cycle(now);
    return w.plan.commands.empty();
}

} // namespace

CASE(qos_goes_to_the_standing_and_exactly_back) {
    World w = physics();
    w.row("physics").qos = {"slow1", "normal"};
    w.row("physics").default_qos = "normal";
    w.run(utc(2026, 1, 1));
    w.use(utc(2026, 1, 2), "physics", 1000);
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.row("physics").default_qos, "slowdown");
    w.use(utc(2026, 1, 3), "physics", 300);
    w.run(utc(2026, 1, 4));
    CHECK_EQ(w.command(0), "sacctmgr -i modify account where name=physics cluster=lab set "
                           "QOS=blocked DefaultQOS=blocked");
    CHECK(nothing_more(w, utc(2026, 1, 4)));
    w.grant("physics", "2000");
    w.run(utc(2026, 1, 5));
    CHECK(w.row("physics").qos == (std::vector<std::string>{"slow1", "normal"}));
    CHECK_EQ(w.row("physics").default_qos, "normal");
    CHECK(nothing_more(w, utc(2026, 1, 6)));
    w.apply();
    CHECK(!w.facts.history.accounts["physics"].saved_qos);
}

CASE(an_inherited_qos_is_inherited_again) {
    World w = physics();
    w.run(utc(2026, 1, 1));
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    w.run(utc(2026, 4, 1));
    CHECK(w.row("physics").qos.empty());
    CHECK_EQ(w.row("physics").default_qos, "");
}

CASE(a_named_default_is_what_an_account_gets_back) {
    World w = physics();
    w.set.policies[0].qos_default = "normal";
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    w.run(utc(2026, 4, 1));
    CHECK_EQ(w.row("physics").default_qos, "normal");
    CHECK(nothing_more(w, utc(2026, 4, 1)));
}

CASE(lists_below_a_paused_account_are_held_too) {
    World w = physics();
    w.account("optics", "physics");
    w.account("laser", "physics");
    w.row("laser").qos = {"normal"};
    w.user("alice", "physics");
    w.user("bob", "physics");
    w.row("physics", "bob").default_qos = "normal";
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.row("laser").default_qos, "blocked");
    CHECK_EQ(w.row("physics", "bob").default_qos, "blocked");
    CHECK(w.row("optics").qos.empty());           // inherits
    CHECK(w.row("physics", "alice").qos.empty()); // inherits
    CHECK(nothing_more(w, utc(2026, 1, 3)));
    w.run(utc(2026, 4, 1));
    CHECK(w.row("laser").qos == std::vector<std::string>{"normal"});
    CHECK_EQ(w.row("laser").default_qos, "");
    CHECK(w.row("physics", "bob").qos.empty());
    CHECK_EQ(w.row("physics", "bob").default_qos, "normal");
    CHECK(nothing_more(w, utc(2026, 4, 1)));
    w.apply();
    CHECK(w.facts.history.accounts["physics"].saved_members.empty());
}

CASE(an_evaluated_child_that_inherits_needs_no_command) {
    World w = physics();
    w.account("optics", "physics");
    w.grant("optics", "5000");
    w.use(utc(2026, 1, 2), "optics", 1300);
    w.run(utc(2026, 1, 3));
    CHECK(w.of("optics").flags.paused);
    CHECK(w.row("optics").qos.empty());
    w.use(utc(2026, 1, 3), "optics", 5000); // now paused by itself as well
    w.grant("physics", "100000");
    w.run(utc(2026, 1, 4));
    CHECK_EQ(w.row("optics").default_qos, "blocked");
    CHECK(w.row("physics").qos.empty());
    w.run(utc(2026, 4, 1));
    CHECK(w.row("optics").qos.empty());
}

CASE(a_foreign_pause_is_reported_and_left_alone) {
    World w = physics();
    w.row("physics").qos = {"blocked"};
    w.row("physics").default_qos = "blocked";
    const auto& d = w.run(utc(2026, 1, 3));
    CHECK(d.cause.kind == model::CauseKind::foreign);
    CHECK_EQ(w.row("physics").default_qos, "blocked");
    w.use(utc(2026, 1, 3), "physics", 1000);
    w.run(utc(2026, 1, 4)); // downscaled: would be more than they have
    CHECK_EQ(w.row("physics").default_qos, "blocked");
    w.run(utc(2026, 4, 1));
    CHECK_EQ(w.row("physics").default_qos, "blocked");
}

CASE(drift_is_repaired_or_only_reported) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    w.run(utc(2026, 1, 3));
    w.row("physics").qos = {"normal"};
    w.cycle(utc(2026, 1, 4));
    CHECK_EQ(w.plan.commands[0].reason, "drift");
    w.set.policies[0].drift = model::Drift::report;
    w.cycle(utc(2026, 1, 4));
    CHECK(w.plan.commands.empty());
    CHECK_EQ(w.plan.withheld[0].reason, "drift");
    CHECK_EQ(w.plan.problems.size(), 1U);
    CHECK_EQ(w.plan.problems[0].what,
             "QOS of account physics was changed outside Sluice and is left unchanged (drift)");
    CHECK_EQ(w.plan.problems[0].remedy, w.plan.withheld[0].sacctmgr);
    const auto lines = w.explain("physics");
    const auto tells = [&](const char* what) {
        return std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.find(what) != std::string::npos;
        });
    };
    CHECK_EQ(tells("changed outside Sluice"), 1);
    CHECK_EQ(tells("Not done"), 0); // it would be the same once more
}

CASE(drift_under_an_override_is_only_reported) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.facts.history.overrides.push_back({1, "physics", model::Standing::paused, utc(2026, 1, 1),
                                         utc(2026, 2, 1), "work by hand", "root"});
    w.run(utc(2026, 1, 3));
    w.run(utc(2026, 1, 3));
    w.row("physics").qos = {"normal"};
    w.row("physics").grp_tres_mins["node"] = 5;
    w.cycle(utc(2026, 1, 4));
    CHECK(w.plan.commands.empty());
    CHECK_EQ(w.plan.withheld.size(), 2U);
    CHECK_EQ(w.plan.problems.size(), 2U);
    w.cycle(utc(2026, 2, 2)); // over: repaired
    CHECK_EQ(w.plan.commands.size(), 2U);
    CHECK(w.plan.problems.empty());
}

CASE(a_change_that_failed_is_tried_again_and_is_no_drift) {
    World w = physics();
    w.set.policies[0].drift = model::Drift::report;
    w.run(utc(2026, 1, 1));
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.cycle(utc(2026, 1, 3));
    w.plan.commands.clear(); // slurmdbd was away
    w.apply();
    w.cycle(utc(2026, 1, 4));
    CHECK_EQ(w.plan.commands.size(), 1U);
    CHECK_EQ(w.plan.commands[0].default_qos, "blocked");
}

CASE(two_changes_in_a_row_are_no_drift) {
    World w = physics();
    w.set.policies[0].drift = model::Drift::report;
    w.run(utc(2026, 1, 1));
    w.grant("physics", "2000");
    w.run(utc(2026, 1, 2));
    w.grant("physics", "3000");
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 3600 * 60);
    w.run(utc(2026, 1, 4));
    w.row("physics").grp_tres_mins["node"] = 5;
    w.cycle(utc(2026, 1, 5));
    CHECK(w.plan.commands.empty());
    CHECK_EQ(w.plan.withheld[0].reason, "drift");
}

CASE(observe_mode_changes_nothing) {
    World w = physics();
    w.set.policies[0].mode = model::Mode::observe;
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.cycle(utc(2026, 1, 3));
    CHECK(w.plan.commands.empty());
    CHECK_EQ(w.plan.withheld.size(), 2U); // limits and QOS
    CHECK(w.of("physics").flags.paused);
    CHECK(w.of("physics").enforced == model::Flags{});
}

CASE(a_policy_that_goes_back_to_observing_lets_go) {
    World w = physics();
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    CHECK(!w.row("physics").qos.empty());
    w.set.policies[0].mode = model::Mode::observe;
    w.run(utc(2026, 1, 4));
    CHECK(w.row("physics").qos.empty());
    CHECK(w.row("physics").grp_tres_mins.empty());
    CHECK(nothing_more(w, utc(2026, 1, 5)));
}

CASE(a_missing_qos_fails_its_account_and_no_other) {
    World w = physics();
    w.account("chem");
    w.grant("chem", "10");
    std::erase_if(w.facts.structure.qos, [](const auto& q) { return q.name == "blocked"; });
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.cycle(utc(2026, 1, 3));
    CHECK_EQ(w.plan.commands.size(), 2U); // both limits
    CHECK_EQ(w.plan.problems.back().account, "physics");
    CHECK_EQ(w.plan.problems.back().remedy, "sacctmgr add qos blocked");
}

CASE(a_misspelt_qos_names_the_one_that_may_be_meant) {
    World w = physics();
    w.policy().qos_paused = "bloked";
    w.cycle(utc(2026, 1, 3));
    CHECK_EQ(w.plan.problems.at(0).what, "QOS bloked of policy quarterly does not exist");
    CHECK_EQ(w.plan.problems[0].remedy,
             "correct bloked to blocked in sluiced.yaml; or run: sacctmgr add qos bloked");
}

CASE(a_missing_tres_fails_its_accounts) {
    World w = physics();
    w.set.components[0].tres = "gres/fpga";
    CHECK_EQ(w.cycle(utc(2026, 1, 3)).error, "Slurm has no TRES gres/fpga");
    CHECK(w.plan.commands.empty());
    CHECK_EQ(w.plan.problems[0].remedy, "add gres/fpga to AccountingStorageTRES in slurm.conf");
}

CASE(fairshare_is_a_third_of_the_hours) {
    const struct {
        const char* hours;
        std::uint32_t shares;
    } rows[] = {{"1000", 333}, {"1", 1}, {"10", 3}, {"33.333", 11}, {"0", 1}};
    for (const auto& row : rows) {
        World w = physics(row.hours);
        w.set.policies[0].fairshare.enabled = true;
        w.run(utc(2026, 1, 1));
        CHECK_EQ(w.row("physics").shares, row.shares);
    }
}

CASE(qos_that_slurmctld_does_not_show_is_sent_again) {
    World w = physics();
    w.account("optics", "physics");
    w.account("chem");
    w.run(utc(2026, 1, 1));
    w.facts.qos_differences = {
        {"physics", {"fast"}}, {"optics", {"blocked"}}, {"chem", {"blocked"}}};
    w.run(utc(2026, 1, 2));
    CHECK_EQ(w.plan.commands.size(), 2U);
    for (const auto& command : w.plan.commands) {
        CHECK(command.type == model::CommandType::qos);
        CHECK(command.account != "physics"); // no QOS of a policy
        CHECK(command.qos == w.row(command.account).qos);
        CHECK_EQ(command.default_qos, w.row(command.account).default_qos);
    }
    w.facts.qos_differences["physics"].insert("blocked"); // its command is for optics, too
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.plan.commands.size(), 2U);
    w.set.policies[0].mode = model::Mode::observe;
    w.run(utc(2026, 1, 4));
    for (const auto& command : w.plan.commands)
        CHECK(command.type != model::CommandType::qos);
}
