// SPDX-License-Identifier: GPL-2.0-or-later
// What the site itself had set: saved before Sluice changes it, never loosened, and restored.
#include "tests/common/policy/world.hpp"

#include <algorithm>
#include <functional>

using namespace sluice;
using model::LimitType;
using test::dec;
using test::utc;
using test::World;

namespace {

World physics() {
    World w;
    w.policy();
    w.account("physics");
    w.grant("physics", "1000");
    return w;
}

// Enforced limits are 72,000 node-minutes, or 1,200 nodes.
constexpr std::int64_t kMinutes = 72000;

void let_observe(World& w) {
    w.set.policies[0].mode = model::Mode::observe;
}

// Ways in which Sluice gives an account its limits and shares back.
const std::pair<const char*, std::function<void(World&)>> kEnds[] = {
    {"observe", let_observe},
    {"off",
     [](World& w) {
         w.set.policies[0].limits.enabled = false;
         w.set.policies[0].fairshare.enabled = false;
     }},
    {"no policy",
     [](World& w) {
         w.set.accounts.clear();
         w.account("chem");
         w.grant("chem", "5");
         model::release(w.facts.history.accounts["physics"]);
     }},
};

bool has_note(const World& w, const std::string& text) {
    const auto& notes = w.of("physics").notes;
    return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) {
        return note.find(text) != std::string::npos;
    });
}

void erase_qos(World& w, const std::string& name) {
    std::erase_if(w.facts.structure.qos, [&](const auto& qos) { return qos.name == name; });
    for (auto& row : w.facts.structure.associations) {
        std::erase_if(row.qos, [&](const auto& qos) { return qos == name || qos == '+' + name; });
        if (row.default_qos == name)
            row.default_qos.clear();
    }
}

} // namespace

CASE(every_field_that_a_command_sets_is_as_before_when_sluice_lets_go) {
    for (const auto& [how, end] : kEnds)
        for (const LimitType type : model::kLimitTypes) {
            World w = physics();
            w.set.policies[0].limits.type = type;
            w.set.policies[0].fairshare.enabled = true;
            w.user("alice", "physics");
            w.account("optics", "physics");
            for (const char* account : {"physics", "optics"}) {
                auto& row = w.row(account);
                row.qos = {"slow1", "normal"};
                row.default_qos = "normal";
                row.shares = 7;
                for (const LimitType one : model::kLimitTypes)
                    row.limits(one) = {{"node", 500000}, {"cpu", 900000}};
            }
            w.row("physics", "alice").qos = {"+slow2"};
            const auto before = w.facts.structure.associations;
            w.use(utc(2026, 1, 2), "physics", 1300);
            w.run(utc(2026, 1, 3));
            w.run(utc(2026, 1, 4));
            CHECK_EQ(w.row("physics").default_qos, "blocked");
            CHECK_EQ(w.row("physics", "alice").default_qos, "blocked");
            CHECK_EQ(w.row("optics").default_qos, "blocked");
            CHECK_EQ(w.row("physics").limits(type).at("node"),
                     type == LimitType::grp_tres ? 1200 : kMinutes);
            CHECK_EQ(w.row("physics").shares, 333U);
            if (w.set.accounts.contains("physics"))
                w.grant("physics", "2000");
            end(w);
            w.collect_and_plan(utc(2026, 1, 5));
            w.apply();
            w.collect_and_plan(utc(2026, 1, 6));
            CHECK(w.plan.commands.empty());
            w.apply();
            for (std::size_t i = 0; i < before.size(); ++i) {
                const auto& now = w.facts.structure.associations[i];
                if (now.qos != before[i].qos || now.default_qos != before[i].default_qos ||
                    now.shares != before[i].shares ||
                    now.grp_tres_mins != before[i].grp_tres_mins ||
                    now.max_tres_mins != before[i].max_tres_mins ||
                    now.grp_tres != before[i].grp_tres)
                    test::fail(std::string(how) + ": not restored: " + now.account);
            }
            const auto& memory = w.facts.history.accounts["physics"];
            CHECK(!memory.saved_qos && memory.saved_members.empty() && memory.limits.empty() &&
                  !memory.shares);
        }
}

CASE(a_limit_of_the_sites_own_is_shown_saved_and_restored) {
    World w = physics();
    w.row("physics").grp_tres_mins = {{"node", 500000}, {"cpu", 5}};
    let_observe(w);
    w.cycle(utc(2026, 1, 1));
    CHECK_EQ(w.plan.withheld[0].description,
             "Set GrpTRESMins of account physics to node 72000 (was 500000) (effective allocation "
             "of 2026-Q1)");
    w.set.policies[0].mode = model::Mode::enforce;
    w.cycle(utc(2026, 1, 1));
    // The memory is written before the plan is carried out.
    CHECK_EQ(*w.of("physics").memory.limits.at({LimitType::grp_tres_mins, "node"}).saved, 500000);
    w.apply();
    w.run(utc(2026, 1, 2));
    CHECK(w.plan.commands.empty());
    let_observe(w);
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.plan.commands[0].description,
             "Set GrpTRESMins of account physics to node 500000 (was 72000) (limits no longer "
             "enabled)");
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 500000);
    CHECK_EQ(w.row("physics").grp_tres_mins.at("cpu"), 5);
}

CASE(a_stricter_limit_of_the_sites_own_stays) {
    World w = physics();
    w.row("physics").grp_tres_mins["node"] = 500;
    w.run(utc(2026, 1, 1));
    CHECK(w.plan.commands.empty());
    CHECK(has_note(w, "GrpTRESMins node=500 is the site's own and stricter than 72000"));
    w.row("physics").grp_tres_mins["node"] = 800; // a person's business
    w.run(utc(2026, 1, 2));
    CHECK(w.plan.commands.empty());
    w.row("physics").grp_tres_mins.erase("node");
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), kMinutes);
    w.run(utc(2026, 1, 4));
    let_observe(w);
    w.run(utc(2026, 1, 5));
    CHECK(w.row("physics").grp_tres_mins.empty());
}

CASE(a_limit_that_rises_to_the_saved_one_is_the_sites_own_again) {
    World w = physics();
    w.row("physics").grp_tres_mins["node"] = 80000;
    w.run(utc(2026, 1, 1));
    w.run(utc(2026, 1, 2));
    w.grant("physics", "2000");
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 80000);
    w.run(utc(2026, 1, 4));
    CHECK(w.facts.history.accounts["physics"].limits.empty());
    CHECK(w.plan.commands.empty());
}

// The values were equal, and only the name of the TRES was compared.
CASE(a_limit_of_another_type_is_never_touched) {
    World w = physics();
    w.row("physics").max_tres_mins["node"] = kMinutes;
    w.row("physics").grp_tres["node"] = kMinutes;
    w.run(utc(2026, 1, 1));
    w.run(utc(2026, 1, 2));
    CHECK(w.plan.commands.empty());
    let_observe(w);
    w.run(utc(2026, 1, 3));
    w.run(utc(2026, 1, 4));
    CHECK(w.row("physics").grp_tres_mins.empty());
    CHECK_EQ(w.row("physics").max_tres_mins.at("node"), kMinutes);
    CHECK_EQ(w.row("physics").grp_tres.at("node"), kMinutes);
}

CASE(another_type_of_limits_is_no_drift) {
    World w = physics();
    w.set.policies[0].drift = model::Drift::report;
    w.row("physics").grp_tres_mins["node"] = 500000;
    w.run(utc(2026, 1, 1));
    w.run(utc(2026, 1, 2));
    w.set.policies[0].limits.type = LimitType::max_tres_mins;
    w.run(utc(2026, 1, 3));
    CHECK(w.plan.problems.empty());
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 500000);
    CHECK_EQ(w.row("physics").max_tres_mins.at("node"), kMinutes);
}

CASE(an_override_restores_the_limit_of_the_sites_own) {
    World w = physics();
    w.row("physics").grp_tres_mins["node"] = 500000;
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    w.run(utc(2026, 1, 3));
    w.facts.history.overrides.push_back({7, "physics", model::Standing::normal, utc(2026, 1, 4),
                                         utc(2026, 1, 6), "deadline", "root"});
    w.run(utc(2026, 1, 4));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 500000);
    w.run(utc(2026, 1, 6));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), kMinutes);
}

CASE(what_a_person_set_meanwhile_stays) {
    World w = physics();
    w.set.policies[0].drift = model::Drift::report;
    w.set.policies[0].fairshare.enabled = true;
    w.row("physics").grp_tres_mins["node"] = 500000;
    w.run(utc(2026, 1, 1));
    w.run(utc(2026, 1, 2));
    w.row("physics").grp_tres_mins["node"] = 9;
    w.row("physics").shares = 4;
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.plan.problems.size(), 2U); // drift
    let_observe(w);
    w.run(utc(2026, 1, 4));
    CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), 9);
    CHECK_EQ(w.row("physics").shares, 4U);
}

CASE(shares_of_the_parent_come_back) {
    World w = physics();
    w.set.policies[0].fairshare.enabled = true;
    w.set.policies[0].drift = model::Drift::report;
    w.row("physics").shares = model::kSharesOfParent;
    let_observe(w);
    w.run(utc(2026, 1, 1));
    w.set.policies[0].mode = model::Mode::enforce;
    w.cycle(utc(2026, 1, 2)); // no drift, although the allocation is the same
    CHECK_EQ(w.plan.commands[0].description,
             "Set fairshare of account physics to 333 (was parent, effective allocation of "
             "2026-Q1)");
    w.apply();
    w.run(utc(2026, 1, 3));
    let_observe(w);
    w.run(utc(2026, 1, 4));
    CHECK_EQ(w.command(0),
             "sacctmgr -i modify account where name=physics cluster=lab set fairshare=parent");
    CHECK_EQ(w.row("physics").shares, model::kSharesOfParent);
}

CASE(a_qos_that_was_deleted_during_a_pause_keeps_nothing_blocked) {
    const struct {
        std::vector<std::string> list;
        const char* default_qos;
        std::vector<std::string> deleted, then;
        const char* then_default;
    } rows[] = {
        {{"normal", "slow2"}, "slow2", {"slow2"}, {"normal"}, ""},
        {{"normal", "slow2"}, "normal", {"slow2"}, {"normal"}, "normal"},
        {{"slow1", "slow2"}, "slow1", {"slow1", "slow2"}, {}, ""}, // inherits, as Slurm has it
        {{"+slow1", "+slow2"}, "normal", {"slow2"}, {"+slow1"}, "normal"},
        {{"+slow1"}, "normal", {}, {"+slow1"}, "normal"},
        {{}, "slow2", {"slow2"}, {}, ""},
    };
    for (const auto& row : rows)
        for (const bool released : {false, true}) {
            World w = physics();
            w.user("alice", "physics");
            for (const char* user : {"", "alice"}) {
                w.row("physics", user).qos = row.list;
                w.row("physics", user).default_qos = row.default_qos;
            }
            w.use(utc(2026, 1, 2), "physics", 1300);
            w.run(utc(2026, 1, 3));
            for (const auto& qos : row.deleted)
                erase_qos(w, qos);
            w.run(utc(2026, 1, 4));
            CHECK(w.plan.problems.empty());
            CHECK_EQ(w.row("physics").default_qos, "blocked");
            CHECK(row.deleted.empty() || has_note(w, "which account physics had, was deleted"));
            if (released)
                kEnds[2].second(w);
            w.collect_and_plan(utc(2026, 4, 1));
            const auto found =
                std::find_if(w.plan.commands.begin(), w.plan.commands.end(),
                             [](const auto& c) { return c.type == model::CommandType::qos; });
            CHECK(found != w.plan.commands.end());
            CHECK_EQ(found->reason.find("which was deleted") == std::string::npos,
                     row.deleted.empty());
            w.apply();
            for (const char* user : {"", "alice"}) {
                CHECK(w.row("physics", user).qos == row.then);
                CHECK_EQ(w.row("physics", user).default_qos, row.then_default);
            }
            w.collect_and_plan(utc(2026, 4, 2));
            w.apply();
            CHECK(!w.facts.history.accounts["physics"].saved_qos);
            CHECK(w.facts.history.accounts["physics"].saved_members.empty());
        }
}

CASE(a_deleted_default_of_the_policy_gives_back_what_the_account_had) {
    World w = physics();
    w.set.policies[0].qos_default = "slow2";
    w.row("physics").qos = {"normal"};
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    erase_qos(w, "slow2");
    w.run(utc(2026, 4, 1));
    CHECK(w.row("physics").qos == std::vector<std::string>{"normal"});
    CHECK_EQ(w.plan.problems[0].remedy,
             "correct slow2 to slow1 in sluiced.yaml; or run: sacctmgr add qos slow2");
}

CASE(a_pause_whose_qos_was_deleted_is_not_lifted) {
    World w = physics();
    w.row("physics").qos = {"normal"};
    w.use(utc(2026, 1, 2), "physics", 1000);
    w.run(utc(2026, 1, 3)); // slowdown
    std::erase_if(w.facts.structure.qos, [](const auto& qos) { return qos.name == "blocked"; });
    w.use(utc(2026, 1, 3), "physics", 300);
    w.run(utc(2026, 1, 4));
    CHECK_EQ(w.row("physics").default_qos, "slowdown");
    CHECK_EQ(w.plan.problems.back().remedy, "sacctmgr add qos blocked");
}

CASE(a_renamed_user_gets_the_list_back) {
    World w = physics();
    w.user("alice", "physics");
    w.row("physics", "alice").qos = {"normal", "slow2"};
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.row("physics", "alice").default_qos, "blocked");
    w.row("physics", "alice").user = "alicia"; // sacctmgr modify user alice set newname=alicia
    w.run(utc(2026, 1, 4));
    w.run(utc(2026, 4, 1));
    CHECK(w.row("physics", "alicia").qos == (std::vector<std::string>{"normal", "slow2"}));
}

// slurmdbd refuses a default QOS that is not in the list, so that the account would stay blocked.
CASE(a_default_qos_that_the_parents_list_lost_is_not_restored) {
    for (const bool by_user : {false, true}) {
        World w;
        w.policy();
        w.account("univ");
        w.account("physics", "univ");
        w.user("alice", "physics");
        w.grant("physics", "1000");
        w.row("univ").qos = {"normal", "slow1"};
        auto& row = by_user ? w.row("physics", "alice") : w.row("physics");
        row.default_qos = "slow1";
        w.use(utc(2026, 1, 2), "physics", 1300);
        w.run(utc(2026, 1, 3));
        CHECK_EQ(w.row("physics").default_qos, "blocked");
        w.row("univ").qos = {"normal"};
        w.run(utc(2026, 4, 2));
        CHECK_EQ(w.row("physics").default_qos, "");
        CHECK_EQ(w.row("physics", "alice").default_qos, "");
        CHECK(w.row("physics").qos.empty());
        w.run(utc(2026, 4, 3));
        CHECK(!w.facts.history.accounts["physics"].saved_qos);
        CHECK(w.facts.history.accounts["physics"].saved_members.empty());
    }
}

CASE(a_default_qos_that_the_parents_list_has_is_restored) {
    World w;
    w.policy();
    w.account("univ");
    w.account("physics", "univ");
    w.grant("physics", "1000");
    w.row("univ").qos = {"normal", "slow1"};
    w.row("physics").default_qos = "slow1";
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.row("physics").default_qos, "blocked");
    w.run(utc(2026, 4, 2));
    CHECK_EQ(w.row("physics").default_qos, "slow1");
    CHECK(w.row("physics").qos.empty());
}

// World refuses what slurmdbd refuses: a change after which a user's list lacks its default QOS.
CASE(a_user_with_a_list_or_default_of_its_own_does_not_hold_up_a_pause) {
    for (const bool own_list : {false, true})
        for (const bool own_default : {false, true}) {
            World w = physics();
            w.user("alice", "physics");
            w.row("physics").qos = {"normal", "slow1"};
            w.row("physics").default_qos = "slow1";
            auto& row = w.row("physics", "alice");
            if (own_list)
                row.qos = {"normal", "slow1"};
            if (own_default)
                row.default_qos = "normal";
            const auto before = row;
            w.use(utc(2026, 1, 2), "physics", 1300);
            w.run(utc(2026, 1, 3));
            CHECK_EQ(w.row("physics").default_qos, "blocked");
            w.run(utc(2026, 4, 2));
            CHECK_EQ(w.row("physics").default_qos, "slow1");
            CHECK(w.row("physics", "alice").qos == before.qos);
            CHECK_EQ(w.row("physics", "alice").default_qos, before.default_qos);
        }
}
