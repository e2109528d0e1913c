// SPDX-License-Identifier: GPL-2.0-or-later
// Rules that are gone open nothing: an account under enforcement keeps its standing and its limits
// until a person releases it.
#include "tests/common/policy/world.hpp"

#include <algorithm>
#include <functional>

using namespace sluice;
using test::dec;
using test::utc;
using test::World;

namespace {

// physics is paused and has a child, chem is normal; both have limits.
World two_accounts() {
    World w;
    w.set.components.push_back({"gpu_hours", "gres/gpu", Decimal::whole(60)});
    w.policy();
    for (const char* name : {"physics", "chem"}) {
        w.account(name);
        w.grant(name, "1000");
        w.grant(name, "10", "gpu_hours");
    }
    w.account("optics", "physics");
    w.row("physics").qos = {"normal"};
    w.use(utc(2026, 1, 2), "physics", 1300);
    w.run(utc(2026, 1, 3));
    w.run(utc(2026, 1, 3));
    return w;
}

bool refuses(const World& w, const std::string& account) {
    const auto snapshot = policy::snapshot(w.set, w.zone, w.facts.structure, w.decision);
    for (const auto& one : snapshot.accounts)
        if (one.name == account)
            return one.standing == model::Standing::paused && one.later.empty();
    return false;
}

void release(World& w, const std::string& account) {
    model::release(w.facts.history.accounts.at(account));
}

} // namespace

CASE(an_account_without_rules_keeps_standing_and_limits_until_it_is_released) {
    const std::function<void(World&)> ways[] = {
        [](World& w) { w.set.accounts.clear(); },
        [](World& w) { w.set.policies.clear(); },
        [](World& w) { w.set = {}; },
        [](World& w) { w.set.accounts["physics"].allocation.reset(); },
        [](World& w) { w.set.accounts["physics"].allocation->clear(); },
        [](World& w) { w.set.policies[0].match.accounts = {"elsewhere"}; },
    };
    for (const auto& lose : ways) {
        World w = two_accounts();
        const auto before = w.facts.structure;
        lose(w);
        for (const Instant at : {utc(2026, 1, 4), utc(2026, 4, 1), utc(2027, 1, 1)}) {
            w.collect_and_plan(at);
            const auto& d = w.of("physics");
            CHECK(d.fault == model::Fault::rules);
            CHECK(d.flags.paused && d.enforced.paused);
            CHECK_EQ(d.enforced_qos, "blocked");
            CHECK(!d.until);
            CHECK(refuses(w, "physics"));
            CHECK(refuses(w, "optics"));
            for (const auto& command : w.plan.commands)
                CHECK_EQ(command.account, "chem"); // where its rules stay
            w.apply();
        }
        CHECK_EQ(w.row("physics").default_qos, "blocked");
        CHECK(w.row("physics").grp_tres_mins == two_accounts().row("physics").grp_tres_mins);
        bool named = false;
        for (const auto& problem : w.plan.problems)
            named = named || (problem.account == "physics" &&
                              problem.remedy.find("sluice release physics") != std::string::npos);
        CHECK(named);
        release(w, "physics");
        w.collect_and_plan(utc(2027, 1, 2));
        w.apply();
        w.collect_and_plan(utc(2027, 1, 2));
        w.apply();
        CHECK(w.decision.find("physics") == nullptr);
        CHECK(w.row("physics").qos == std::vector<std::string>{"normal"});
        CHECK(w.row("physics").grp_tres_mins.empty());
        CHECK(!w.facts.history.accounts.at("physics").saved_qos);
    }
}

CASE(a_normal_account_without_rules_keeps_its_limits) {
    World w = two_accounts();
    w.set.accounts.erase("chem");
    w.run(utc(2026, 1, 4), "chem");
    CHECK(w.of("chem").fault == model::Fault::rules);
    CHECK(!w.of("chem").flags.paused);
    CHECK(!w.row("chem").grp_tres_mins.empty());
    w.grant("chem", "1000");
    w.grant("chem", "10", "gpu_hours");
    CHECK(w.run(utc(2026, 1, 5), "chem").error.empty());
}

CASE(an_allocation_that_lost_a_component_waits_for_a_person) {
    World w = two_accounts();
    w.set.accounts["chem"].allocation->erase("gpu_hours");
    w.run(utc(2026, 1, 4), "chem");
    CHECK_EQ(w.of("chem").error, "its allocation has no gpu_hours any more; its standing and its "
                                 "limits stay as they are");
    CHECK(w.row("chem").grp_tres_mins.contains("gres/gpu"));
    release(w, "chem");
    CHECK(w.run(utc(2026, 1, 5), "chem").error.empty());
    CHECK(!w.row("chem").grp_tres_mins.contains("gres/gpu"));
}

CASE(a_policy_that_is_gone_beside_another_one_waits_for_a_person) {
    World w = two_accounts();
    w.policy("second");
    w.run(utc(2026, 1, 4), "chem");
    w.set.policies.erase(w.set.policies.begin());
    CHECK_EQ(w.run(utc(2026, 1, 5), "chem").error,
             "policy quarterly no longer covers it; its standing and its limits stay as they are");
    release(w, "chem");
    CHECK(w.run(utc(2026, 1, 6), "chem").error.empty());
}

CASE(new_names_and_observe_mode_are_no_loss) {
    World w = two_accounts();
    w.set.policies[0].name = "renamed";
    CHECK(w.run(utc(2026, 1, 4)).error.empty());
    CHECK(w.of("physics").flags.paused);
    w.set.policies[0].mode = model::Mode::observe;
    w.set.policies[0].name = "another"; // at once: nothing tells that it was meant for the account
    CHECK(w.run(utc(2026, 1, 4)).fault == model::Fault::rules);
    CHECK(w.of("physics").enforced.paused);
    w.set.policies[0].name = "renamed";
    w.set.accounts["physics"].allocation->erase("gpu_hours");
    CHECK(w.run(utc(2026, 1, 5)).error.empty());
    CHECK(w.row("physics").qos == std::vector<std::string>{"normal"});
    CHECK(w.row("physics").grp_tres_mins.empty());
    w.set.policies.clear();
    w.collect_and_plan(utc(2026, 1, 6));
    CHECK(w.decision.accounts.empty());
}

CASE(an_account_that_slurm_no_longer_has_is_not_kept) {
    World w = two_accounts();
    w.set.accounts.erase("chem");
    std::erase_if(w.facts.structure.associations,
                  [](const auto& row) { return row.account == "chem"; });
    w.collect_and_plan(utc(2026, 1, 4));
    CHECK(w.decision.find("chem") == nullptr);
}

CASE(an_evaluated_child_stays_paused_with_a_parent_without_rules) {
    World w = two_accounts();
    w.grant("optics", "5000");
    w.run(utc(2026, 1, 4), "optics");
    CHECK(w.of("optics").flags.paused);
    w.set.accounts.erase("physics");
    w.run(utc(2026, 1, 5), "optics");
    CHECK(w.of("optics").error.empty());
    CHECK(w.of("optics").enforced.paused);
    CHECK(refuses(w, "optics"));
}

namespace {

// Twenty accounts, of which `paused` are above their grace limit.
World twenty(int paused) {
    World w;
    w.facts.rules_version = "1";
    w.policy();
    for (int i = 0; i < 20; ++i) {
        const std::string name = "a" + std::to_string(i);
        w.account(name);
        w.grant(name, "1000");
        if (i < paused)
            w.use(utc(2026, 1, 2), name, 1300);
    }
    w.run(utc(2026, 1, 3), "a0");
    w.run(utc(2026, 1, 3), "a0");
    return w;
}

void regrant(World& w, const char* version, int accounts, const char* hours) {
    w.facts.rules_version = version;
    for (int i = 0; i < accounts; ++i)
        w.grant("a" + std::to_string(i), hours);
}

std::size_t held(const World& w) {
    return static_cast<std::size_t>(
        std::count_if(w.decision.accounts.begin(), w.decision.accounts.end(),
                      [](const auto& one) { return one.fault == model::Fault::guard; }));
}

} // namespace

CASE(new_rules_that_open_too_many_accounts_wait_for_a_person) {
    World w = twenty(12);
    regrant(w, "2", 10, "2000");
    w.run(utc(2026, 1, 4), "a0"); // ten are allowed
    CHECK_EQ(held(w), 0U);
    CHECK(!w.of("a0").flags.paused && w.of("a11").flags.paused);

    w = twenty(12);
    regrant(w, "2", 12, "2000");
    for (const Instant at : {utc(2026, 1, 4), utc(2026, 1, 5), utc(2026, 4, 2)}) {
        w.run(at, "a0"); // also after a restart: the journal has what is held
        CHECK_EQ(held(w), 12U);
        CHECK(w.of("a0").enforced.paused);
        CHECK(refuses(w, "a0"));
        CHECK_EQ(w.row("a0").default_qos, "blocked");
        CHECK(w.of("a19").error.empty());
    }
    std::size_t problems = 0;
    for (const auto& problem : w.plan.problems)
        problems += problem.remedy.find("sluice reload --confirm") != std::string::npos ? 1U : 0U;
    CHECK_EQ(problems, 1U);
    release(w, "a0");
    w.run(utc(2026, 4, 3), "a0");
    CHECK_EQ(held(w), 11U);
    CHECK(w.row("a0").qos.empty());
    regrant(w, "3", 12, "1000"); // corrected
    w.run(utc(2026, 4, 4), "a0");
    CHECK_EQ(held(w), 0U);
}

CASE(a_shorter_period_that_opens_too_many_accounts_waits_for_a_person) {
    World w = twenty(12);
    w.facts.rules_version = "2";
    w.set.policies[0].period.kind = model::PeriodKind::month;
    for (const Instant at : {utc(2026, 2, 4), utc(2026, 3, 4)}) {
        w.run(at, "a0");
        CHECK_EQ(held(w), 12U);
        CHECK(w.of("a0").enforced.paused);
        CHECK(w.of("a19").error.empty());
    }
}

CASE(new_rules_that_pause_too_many_accounts_wait_for_a_person) {
    World w = twenty(0);
    for (int i = 0; i < 20; ++i)
        w.use(utc(2026, 1, 4), "a" + std::to_string(i), 500);
    w.run(utc(2026, 1, 5), "a0");
    regrant(w, "2", 20, "1");
    w.run(utc(2026, 1, 6), "a0");
    CHECK_EQ(held(w), 20U);
    CHECK(!w.of("a0").enforced.paused);
    CHECK(w.row("a0").qos.empty());
    for (int i = 0; i < 20; ++i)
        release(w, "a" + std::to_string(i));
    w.run(utc(2026, 1, 7), "a0");
    CHECK_EQ(held(w), 0U);
    CHECK(w.of("a0").enforced.paused);
}

namespace {

void observe(World& w) {
    w.set.policies[0].mode = model::Mode::observe;
}

} // namespace

CASE(the_guard_counts_every_change_of_standing_that_new_rules_make) {
    struct {
        const char* what;
        int paused; // of twenty, before
        Amount hours;
        std::function<void(World&)> change;
        std::size_t held;
    } rows[] = {
        {"pause", 0, 500, [](World& w) { regrant(w, "2", 11, "100"); }, 11},
        {"pause ten", 0, 500, [](World& w) { regrant(w, "2", 10, "100"); }, 0},
        {"downscale", 0, 500, [](World& w) { regrant(w, "2", 11, "450"); }, 11},
        {"end a slowdown", 0, 1100, [](World& w) { regrant(w, "2", 11, "5000"); }, 11},
        {"pause what was slow", 0, 1100, [](World& w) { regrant(w, "2", 11, "100"); }, 11},
        {"open", 11, 0, [](World& w) { regrant(w, "2", 11, "5000"); }, 11},
        {"slow what was paused", 11, 0, [](World& w) { regrant(w, "2", 11, "1250"); }, 11},
        {"end the enforcement of healthy accounts", 0, 10, observe, 20},
        {"drop nine and open two", 2, 0,
         [](World& w) {
             regrant(w, "2", 2, "5000");
             for (int i = 11; i < 20; ++i)
                 w.set.accounts.erase("a" + std::to_string(i));
         },
         2},
        {"drop eight and open two", 2, 0,
         [](World& w) {
             regrant(w, "2", 2, "5000");
             for (int i = 12; i < 20; ++i)
                 w.set.accounts.erase("a" + std::to_string(i));
         },
         0},
        {"new accounts that begin paused", 0, 10,
         [](World& w) {
             for (int i = 20; i < 31; ++i) {
                 w.account("a" + std::to_string(i));
                 w.grant("a" + std::to_string(i), "0");
             }
         },
         11},
    };
    for (const auto& row : rows) {
        World w = twenty(row.paused);
        for (int i = row.paused; i < 20; ++i)
            w.use(utc(2026, 1, 3), "a" + std::to_string(i), row.hours);
        w.run(utc(2026, 1, 4), "a0");
        const auto before = w.facts.structure;
        w.facts.rules_version = "2";
        row.change(w);
        for (const int day : {5, 6}) {
            w.run(utc(2026, 1, static_cast<unsigned>(day)), "a0");
            if (held(w) != row.held)
                test::fail(std::string(row.what) + ": held: " + std::to_string(held(w)));
        }
        for (std::size_t i = 0; row.held > 0 && i < before.associations.size(); ++i)
            if (w.facts.structure.associations[i].qos != before.associations[i].qos)
                test::fail(std::string(row.what) + ": QOS changed");
    }
}

CASE(accounts_that_wait_do_not_make_later_rules_wait) {
    World w = twenty(0);
    w.facts.rules_version = "2";
    for (int i = 5; i < 20; ++i)
        w.set.accounts.erase("a" + std::to_string(i));
    w.run(utc(2026, 1, 4), "a0");
    regrant(w, "3", 1, "0");
    w.run(utc(2026, 1, 5), "a0");
    CHECK(w.of("a0").enforced.paused);
}

CASE(actions_that_are_not_written_any_more_open_nothing) {
    World w = two_accounts();
    w.set.policies[0].actions.clear();
    w.set.policies[0].actions_missing = true;
    w.run(utc(2026, 1, 4));
    CHECK_EQ(w.of("physics").error,
             "policy quarterly has no action any more that made its standing; its standing and its "
             "limits stay as they are");
    CHECK(w.of("physics").enforced.paused);
    CHECK(w.of("chem").error.empty());         // normal: nothing to lift
    w.set.policies[0].actions_missing = false; // written: meant
    w.run(utc(2026, 1, 5));
    CHECK(!w.of("physics").enforced.paused);
}

CASE(a_period_that_is_not_written_any_more_opens_nothing) {
    World w = two_accounts(); // by quarters, the default
    w.set.policies[0].period_missing = true;
    w.run(utc(2026, 1, 4));
    CHECK(w.of("physics").error.empty());
    w.run(utc(2026, 10, 4)); // after two quarters without an evaluation
    CHECK(w.of("physics").error.empty() && !w.of("physics").enforced.paused);

    w = two_accounts();
    w.set.policies[0].period_missing = true;
    w.set.policies[0].period.kind = model::PeriodKind::month;
    w.run(utc(2026, 2, 4));
    CHECK_EQ(w.of("physics").error, "policy quarterly has no period any more; its standing and its "
                                    "limits stay as they are");
    CHECK(w.of("physics").enforced.paused);
    w.set.policies[0].period_missing = false; // written: meant
    w.run(utc(2026, 2, 5));
    CHECK(!w.of("physics").enforced.paused);
}

CASE(a_mode_that_is_not_written_any_more_ends_no_enforcement) {
    World w = two_accounts();
    w.set.policies[0].mode = model::Mode::observe;
    w.set.policies[0].mode_missing = true;
    w.run(utc(2026, 1, 4));
    CHECK_EQ(w.of("physics").error, "policy quarterly has no mode any more; its standing and its "
                                    "limits stay as they are");
    CHECK(w.of("physics").enforced.paused);
    CHECK_EQ(w.row("physics").default_qos, "blocked");
    CHECK(!w.row("chem").grp_tres_mins.empty());
    w.set.policies[0].mode_missing = false; // written: meant
    w.run(utc(2026, 1, 5));
    CHECK(w.row("physics").qos == std::vector<std::string>{"normal"});

    w = two_accounts(); // beside a policy that still enforces
    w.policy("second").actions.clear();
    w.run(utc(2026, 1, 4));
    w.set.policies[0].mode = model::Mode::observe;
    w.set.policies[0].mode_missing = true;
    w.run(utc(2026, 1, 5));
    CHECK(w.of("physics").fault == model::Fault::rules);
    CHECK(w.of("physics").enforced.paused);
}

CASE(an_override_counts_for_a_held_account_while_it_lasts) {
    const std::function<void(World&)> ways[] = {
        [](World& w) { w.set.accounts.clear(); },
        [](World& w) {
            w.set.accounts["physics"].allocation->erase("gpu_hours");
            w.set.accounts["chem"].allocation->erase("gpu_hours");
        },
        [](World& w) { // the guard
            w.facts.rules_version = "2";
            w.facts.guard = {0, 0};
            w.grant("physics", "5000");
            w.grant("chem", "0");
        },
    };
    for (const auto& lose : ways) {
        World w = two_accounts();
        w.facts.rules_version = w.facts.history.rules_version = "1";
        w.user("alice", "physics");
        w.row("physics", "alice").qos = {"slow2"};
        w.run(utc(2026, 1, 3));
        w.run(utc(2026, 1, 3));
        lose(w);
        w.run(utc(2026, 1, 4));
        CHECK(w.of("physics").held() && w.of("chem").held());
        w.facts.history.overrides = {
            {1, "physics", model::Standing::normal, utc(2026, 1, 5), utc(2026, 1, 7), "x", "y"},
            {2, "chem", model::Standing::paused, utc(2026, 1, 5), utc(2026, 1, 7), "x", "y"}};
        CHECK(w.run(utc(2026, 1, 4)).enforced.paused);
        CHECK_EQ(w.row("physics").default_qos, "blocked");
        w.run(utc(2026, 1, 6));
        w.run(utc(2026, 1, 6));
        CHECK(w.of("physics").held());
        CHECK(!w.of("physics").enforced.paused);
        CHECK(!refuses(w, "physics"));
        CHECK(w.row("physics").qos == std::vector<std::string>{"normal"});
        CHECK(w.row("physics", "alice").qos == std::vector<std::string>{"slow2"});
        CHECK(w.of("chem").enforced.paused);
        CHECK_EQ(w.row("chem").default_qos, "blocked");
        w.run(utc(2026, 1, 8));
        w.run(utc(2026, 1, 8));
        CHECK(w.plan.commands.empty());
        CHECK(w.of("physics").enforced.paused);
        CHECK(refuses(w, "physics"));
        CHECK_EQ(w.row("physics").default_qos, "blocked");
        CHECK_EQ(w.row("physics", "alice").default_qos, "blocked");
        CHECK(!w.of("chem").enforced.paused);
        CHECK(w.row("chem").qos.empty());
        CHECK(!w.row("chem").grp_tres_mins.empty());
    }
}

CASE(a_held_account_keeps_the_slow_qos_that_it_had) {
    World w = two_accounts();
    w.set.policies[0].qos_downscaled = "slow2";
    w.use(utc(2026, 1, 3), "chem", 1100);
    w.run(utc(2026, 1, 4), "chem");
    w.run(utc(2026, 1, 4), "chem");
    CHECK_EQ(w.row("chem").default_qos, "slow2");
    w.set.policies.clear();
    w.set.accounts.clear();
    w.facts.history.overrides = {
        {1, "chem", model::Standing::paused, utc(2026, 1, 5), utc(2026, 1, 7), "x", "y"}};
    w.run(utc(2026, 1, 6), "chem");
    w.run(utc(2026, 1, 6), "chem");
    CHECK_EQ(w.row("chem").default_qos, "blocked");
    w.run(utc(2026, 1, 8), "chem");
    CHECK_EQ(w.row("chem").default_qos, "slow2");
}

CASE(a_flag_of_the_source_does_not_pass_the_guard) {
    World w = twenty(0);
    w.facts.rules_version = "2";
    for (int i = 0; i < 12; ++i) {
        model::Override pin{0,
                            "a" + std::to_string(i),
                            model::Standing::paused,
                            utc(2026, 1, 1),
                            utc(2100, 1, 1),
                            "x",
                            "Waldur"};
        pin.foreign = true;
        w.facts.history.overrides.push_back(pin);
    }
    w.run(utc(2026, 1, 5), "a0");
    CHECK_EQ(held(w), 12U);
    CHECK(!w.of("a0").enforced.paused);
}

CASE(usage_and_the_end_of_a_period_are_no_mass_change) {
    World w = twenty(0);
    for (int i = 0; i < 20; ++i)
        w.use(utc(2026, 1, 4), "a" + std::to_string(i), 1500);
    w.run(utc(2026, 1, 5), "a0");
    CHECK_EQ(held(w), 0U);
    CHECK(w.of("a0").enforced.paused);
    w.facts.rules_version = "2";
    w.run(utc(2026, 4, 1), "a0");
    CHECK_EQ(held(w), 0U);
    CHECK(!w.of("a0").enforced.paused);
}

CASE(the_guard_is_the_larger_of_number_and_percent) {
    World w = twenty(12);
    w.facts.guard = {1, 60};
    regrant(w, "2", 12, "2000");
    w.run(utc(2026, 1, 4), "a0");
    CHECK_EQ(held(w), 0U);
    w = twenty(12);
    w.facts.guard = {1, 55};
    regrant(w, "2", 12, "2000");
    w.run(utc(2026, 1, 4), "a0");
    CHECK_EQ(held(w), 12U);
}

namespace {

const std::function<void(World&)> kLosses[] = {
    [](World& w) { w.set.accounts.clear(); },
    [](World& w) { w.set = {}; },
    [](World& w) {
        w.set.accounts["physics"].allocation->erase("gpu_hours");
        w.set.accounts["chem"].allocation->erase("gpu_hours");
    },
    [](World& w) {
        w.set.policies[0].mode = model::Mode::observe;
        w.set.policies[0].mode_missing = true;
    },
    [](World& w) { // the guard
        w.facts.rules_version = "2";
        w.facts.guard = {0, 0};
        w.grant("physics", "9000");
        w.grant("chem", "0");
    },
};

} // namespace

CASE(a_held_account_is_slowed_down_and_paused_by_its_last_rules) {
    for (const auto& lose : kLosses) {
        World w = two_accounts();
        w.facts.rules_version = w.facts.history.rules_version = "1";
        lose(w);
        w.run(utc(2026, 1, 4), "chem");
        CHECK(w.of("chem").held() && w.of("chem").by_last_rules());
        CHECK(w.of("chem").actions_taken.empty());
        CHECK(w.plan.commands.empty());
        w.use(utc(2026, 1, 4), "chem", 850);
        CHECK(w.run(utc(2026, 1, 5), "chem").notify_reached);
        CHECK_EQ(std::string(model::standing_word(w.of("chem"))), "warned");
        w.use(utc(2026, 1, 5), "chem", 200);
        w.run(utc(2026, 1, 6), "chem");
        w.run(utc(2026, 1, 6), "chem");
        CHECK_EQ(w.row("chem").default_qos, "slowdown");
        w.use(utc(2026, 1, 6), "chem", 200);
        w.run(utc(2026, 1, 7), "chem");
        CHECK(w.of("chem").enforced.paused);
        CHECK(w.of("chem").noteworthy);
        CHECK(w.of("chem").actions_taken.front() == "pause");
        CHECK(!w.of("chem").kept);
        CHECK(refuses(w, "chem"));
        CHECK_EQ(w.row("chem").default_qos, "blocked");
        CHECK(w.row("chem").grp_tres_mins == two_accounts().row("chem").grp_tres_mins);
        // Nothing opens while the account is held, whatever its last rules say of a new period.
        // The guard has nothing left to hold: by the new rules the account is paused, too.
        const bool guard = w.facts.rules_version == "2";
        for (const Instant at : {utc(2026, 1, 8), utc(2026, 4, 2), utc(2026, 7, 2)}) {
            w.run(at, "chem");
            CHECK(guard || w.of("chem").held());
            CHECK(w.of("chem").enforced.paused);
            CHECK(guard || refuses(w, "chem"));
            CHECK_EQ(w.row("chem").default_qos, "blocked");
            CHECK(guard || w.of("chem").actions_taken.empty());
        }
        CHECK(guard || w.of("chem").kept);
    }
}

CASE(rules_that_come_back_decide_as_if_they_had_not_gone) {
    World gone = two_accounts(), stayed = two_accounts();
    const auto rules = gone.set;
    gone.set.accounts.erase("chem");
    for (World* w : {&gone, &stayed}) {
        w->run(utc(2026, 1, 4), "chem");
        w->use(utc(2026, 1, 5), "chem", 1300);
        w->run(utc(2026, 1, 6), "chem");
        w->run(utc(2026, 4, 3), "chem");
    }
    CHECK(gone.of("chem").enforced.paused);
    CHECK(!stayed.of("chem").enforced.paused); // by its next period
    gone.set = rules;
    for (World* w : {&gone, &stayed}) {
        w->run(utc(2026, 4, 4), "chem");
        w->run(utc(2026, 4, 4), "chem");
        CHECK(!w->of("chem").enforced.paused);
        CHECK(w->of("chem").memory.grants == stayed.of("chem").memory.grants);
        CHECK(w->row("chem").qos.empty());
    }
}

CASE(steps_of_the_last_rules_only_get_stricter) {
    World w;
    auto& policy = w.policy();
    policy.strategy = model::QosStrategy::progressive;
    policy.steps = {{dec("50"), "slow1"}, {dec("80"), "slow2"}, {dec("120"), "blocked", true}};
    w.facts.rules_version = "1";
    w.account("physics");
    w.grant("physics", "100");
    w.use(utc(2026, 1, 2), "physics", 60);
    w.run(utc(2026, 1, 3));
    w.run(utc(2026, 1, 3));
    CHECK_EQ(w.row("physics").default_qos, "slow1");
    w.set = {};
    w.run(utc(2026, 1, 4));
    CHECK_EQ(w.row("physics").default_qos, "slow1");
    w.use(utc(2026, 1, 4), "physics", 30);
    w.run(utc(2026, 1, 5));
    CHECK_EQ(w.row("physics").default_qos, "slow2");
    for (const Instant at : {utc(2026, 1, 6), utc(2026, 4, 2)}) {
        w.run(at);
        CHECK_EQ(w.row("physics").default_qos, "slow2");
    }
    w.use(utc(2026, 4, 2), "physics", 60); // a milder step of the new period
    w.run(utc(2026, 4, 3));
    w.run(utc(2026, 4, 3));
    CHECK_EQ(w.row("physics").default_qos, "slow2");
    w.use(utc(2026, 4, 3), "physics", 200);
    w.run(utc(2026, 4, 4));
    CHECK_EQ(w.row("physics").default_qos, "blocked");
}

CASE(an_override_leaves_nothing_behind_on_a_held_account) {
    World w = two_accounts();
    w.set.accounts.clear();
    w.facts.history.overrides = {
        {1, "chem", model::Standing::paused, utc(2026, 1, 5), utc(2026, 1, 7), "x", "y"}};
    w.run(utc(2026, 1, 6), "chem");
    CHECK(w.of("chem").enforced.paused);
    w.run(utc(2026, 1, 8), "chem");
    CHECK(!w.of("chem").enforced.paused);
    CHECK(w.row("chem").qos.empty());
}

CASE(a_held_account_without_its_last_rules_keeps_its_standing) {
    World w = two_accounts();
    w.keeps_rules = false;
    w.facts.earlier.clear();
    w.set.accounts.clear();
    w.use(utc(2026, 1, 4), "chem", 5000);
    w.run(utc(2026, 1, 5), "chem");
    CHECK(w.of("chem").held() && !w.of("chem").by_last_rules() && w.of("chem").kept);
    CHECK(!w.of("chem").enforced.paused);
    CHECK(w.of("physics").enforced.paused);
}

CASE(raw_usage_is_not_reset_while_an_account_is_held) {
    World w = two_accounts();
    w.set.policies[0].raw_usage_reset = true;
    w.run(utc(2026, 4, 2), "chem");
    w.run(utc(2026, 4, 2), "chem");
    const auto before = w.facts.history.accounts.at("chem");
    const auto rules = w.set;
    w.set.accounts.clear();
    w.run(utc(2026, 7, 2), "chem");
    CHECK(w.of("chem").held());
    CHECK_EQ(w.of("chem").memory.period, "2026-Q3");
    CHECK(w.of("chem").memory.resets == before.resets);
    CHECK_EQ(w.of("chem").memory.reset_done_for, before.reset_done_for);
    w.set = rules;
    w.cycle(utc(2026, 7, 3), "chem");
    for (const auto& command : w.plan.commands)
        CHECK(command.type != model::CommandType::reset_usage);
}

namespace {

model::SnapshotAccount submitted(const World& w, const std::string& account) {
    for (const auto& one : policy::snapshot(w.set, w.zone, w.facts.structure, w.decision).accounts)
        if (one.name == account)
            return one;
    test::fail("no record of " + account);
}

} // namespace

// Without limits in Slurm, budget_check alone bounds a job.
CASE(a_held_account_keeps_its_budget_check) {
    for (const auto& lose : kLosses) {
        World w;
        w.policy().budget_check = model::BudgetCheck::refuse;
        w.set.policies[0].limits.enabled = false;
        w.set.components.push_back({"gpu_hours", "gres/gpu", Decimal::whole(60)});
        for (const char* name : {"physics", "chem"}) {
            w.account(name);
            w.grant(name, "1000");
            w.grant(name, "10", "gpu_hours");
        }
        w.account("optics", "chem");
        w.facts.rules_version = w.facts.history.rules_version = "1";
        w.use(utc(2026, 1, 2), "chem", 300);
        w.run(utc(2026, 1, 3), "chem");
        const auto before = submitted(w, "chem");
        CHECK_EQ(before.budgets.size(), 2U);
        lose(w);
        for (auto& policy : w.set.policies)
            policy.budget_check = model::BudgetCheck::off; // new rules wait, too
        w.run(utc(2026, 1, 4), "chem");
        CHECK(w.of("chem").held());
        CHECK(submitted(w, "chem").check == model::BudgetCheck::refuse);
        CHECK(submitted(w, "chem").budgets == before.budgets);
        CHECK_EQ(submitted(w, "optics").bounded_by, "chem");
        w.use(utc(2026, 1, 4), "chem", 100);
        w.run(utc(2026, 1, 5), "chem");
        CHECK_EQ(submitted(w, "chem").budgets[0].left, before.budgets[0].left - 100 * 3600);
    }
}

CASE(levels_of_a_held_account_are_told_once) {
    World w = two_accounts();
    w.run(utc(2026, 1, 3), "chem");
    w.set.accounts.clear();
    w.set.policies.clear();
    w.use(utc(2026, 1, 3), "chem", 2000);
    w.run(utc(2026, 1, 4), "chem");
    CHECK(w.of("chem").by_last_rules() && w.of("chem").enforced.paused);
    CHECK(w.facts.history.accounts["chem"].notified.contains("pause"));
}

CASE(what_staff_has_pinned_is_not_checked_while_it_is_held) {
    World w = two_accounts();
    w.set.policies[0].budget_check = model::BudgetCheck::refuse;
    w.run(utc(2026, 1, 3), "chem");
    w.set.accounts.clear();
    w.facts.history.overrides = {
        {1, "chem", model::Standing::normal, utc(2026, 1, 1), utc(2027, 1, 1), "deadline", ""}};
    w.run(utc(2026, 1, 4), "chem");
    CHECK(w.of("chem").by_last_rules());
    CHECK(submitted(w, "chem").check == model::BudgetCheck::off);
}

namespace {

std::vector<std::string> job_lines(const World& w) {
    std::vector<std::string> all;
    for (const auto& command : w.plan.commands)
        if (is_for_job(command.type))
            all.push_back(command.sacctmgr);
    return all;
}

} // namespace

// slurmctld does not test a QOS that Sluice has set, so only a hold keeps such a job from starting.
CASE(jobs_of_a_held_account_are_held_by_its_last_rules) {
    using model::PendingJobs;
    for (const auto pending : {PendingJobs::leave, PendingJobs::hold, PendingJobs::cancel}) {
        World w = two_accounts();
        w.set.policies[0].on_pause = {pending, model::RunningJobs::cancel, {}};
        w.facts.jobs_known = true;
        w.user("ann", "chem");
        w.use(utc(2026, 1, 3), "chem", 1100);
        const auto association = w.row("chem", "ann").id;
        w.facts.jobs = {
            {7, 0, "7", "chem", "ann", model::JobState::pending, false, association, "slowdown"},
            {8, 0, "8", "chem", "ann", model::JobState::running, false, association, "slowdown"}};
        w.run(utc(2026, 1, 4), "chem");
        w.run(utc(2026, 1, 4), "chem");
        CHECK(w.of("chem").enforced.downscaled);
        CHECK(w.of("chem").memory.job_qos.contains(7));
        const auto rules = w.set;
        w.set.accounts.clear();
        w.run(utc(2026, 1, 5), "chem");
        CHECK(job_lines(w).empty());
        w.use(utc(2026, 1, 5), "chem", 500);
        w.run(utc(2026, 1, 6), "chem");
        CHECK(w.of("chem").held() && w.of("chem").enforced.paused);
        CHECK(job_lines(w) == std::vector<std::string>{"scontrol hold 7"}); // 8 runs on
        w.facts.jobs[0].held = true;
        w.facts.jobs[1].state = model::JobState::pending; // requeued by a person
        w.facts.jobs[1].held = true;
        w.run(utc(2026, 1, 7), "chem");
        CHECK(job_lines(w).empty());
        // A person confirms by bringing the rules back: now they act in full.
        w.set = rules;
        w.run(utc(2026, 1, 8), "chem");
        CHECK(w.of("chem").enforced.paused && !w.of("chem").held());
        const auto lines = job_lines(w);
        if (pending == PendingJobs::cancel)
            CHECK(lines == (std::vector<std::string>{"scancel 7", "scancel 8"}));
        else
            CHECK(lines.empty());
    }
}

CASE(a_held_account_without_its_last_rules_keeps_its_held_jobs) {
    World w = two_accounts();
    w.set.policies[0].on_pause.pending = model::PendingJobs::hold;
    w.facts.jobs_known = true;
    w.facts.jobs = {{7, 0, "7", "physics", "ann", model::JobState::pending, false, 0, ""}};
    w.run(utc(2026, 1, 4));
    CHECK(job_lines(w) == std::vector<std::string>{"scontrol hold 7"});
    w.facts.jobs[0].held = true;
    w.keeps_rules = false;
    w.facts.earlier.clear();
    w.set = {};
    w.run(utc(2026, 1, 5));
    CHECK(!w.of("physics").by_last_rules() && w.of("physics").enforced.paused);
    CHECK(job_lines(w).empty());
}
