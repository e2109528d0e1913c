// SPDX-License-Identifier: GPL-2.0-or-later
// An account that cannot be evaluated goes on being checked against the budgets of its last good
// evaluation: without them jobs of any size would be admitted. They are in its memory, which the
// journal keeps, so that they outlive a restart. An override of staff acts on it, too.
#include "common/base/text.hpp"

#include "tests/common/policy/world.hpp"

#include <set>

using namespace sluice;
using model::BudgetCheck;
using test::utc;
using test::World;

namespace {

World checked() {
    World w;
    w.policy().budget_check = BudgetCheck::refuse;
    w.account("chem");
    w.account("optics", "chem");
    w.account("physics");
    w.grant("chem", "1000");
    w.grant("physics", "500");
    w.use(utc(2026, 3, 2), "chem", 300);
    w.run(utc(2026, 3, 3), "chem");
    return w;
}

model::Snapshot taken(const World& w) {
    return policy::snapshot(w.set, w.zone, w.facts.structure, w.decision);
}

const model::SnapshotAccount& of(const model::Snapshot& snapshot, const std::string& account) {
    for (const auto& one : snapshot.accounts)
        if (one.name == account)
            return one;
    test::fail("no record of " + account);
}

void distrust_clock(World& w) {
    w.facts.clock = {model::ClockState::forward, 86400 * 90, "elapsed", {}};
}

void lose_tres(World& w) {
    std::erase_if(w.facts.structure.tres, [](const auto& tres) { return tres.name == "node"; });
}

} // namespace

CASE(an_account_that_cannot_be_evaluated_keeps_its_budgets) {
    const struct {
        void (*fault)(World&);
        Instant then;
    } kFaults[] = {{distrust_clock, utc(2026, 4, 1)}, {lose_tres, utc(2026, 3, 4)}};
    for (const auto& row : kFaults) {
        World w = checked();
        const auto good = taken(w);
        CHECK_EQ(of(good, "chem").budgets.size(), 1U);
        row.fault(w);
        w.run(row.then, "chem");
        CHECK(!w.of("chem").error.empty());
        const auto kept = taken(w);
        const auto again = taken(w);
        for (const auto* snapshot : {&kept, &again}) {
            CHECK(of(*snapshot, "chem").check == BudgetCheck::refuse);
            CHECK(of(*snapshot, "chem").budgets == of(good, "chem").budgets);
            CHECK(snapshot->measures == good.measures);
            CHECK_EQ(of(*snapshot, "optics").bounded_by, "chem");
            CHECK_EQ(of(*snapshot, "chem").waits, of(good, "chem").waits);
        }
    }
}

CASE(kept_budgets_end_with_the_period_or_the_fault) {
    World w = checked();
    const auto good = taken(w);
    lose_tres(w);
    w.run(utc(2026, 4, 2), "chem"); // the old figures say nothing of the new quarter
    CHECK(of(taken(w), "chem").check == BudgetCheck::off);
    w.facts.structure.tres.push_back({4, "node"});
    w.run(utc(2026, 4, 3), "chem");
    CHECK(of(taken(w), "chem").budgets[0].left > of(good, "chem").budgets[0].left);
}

CASE(kept_budgets_are_within_a_hundredth_of_what_is_left) {
    World w = checked();
    std::set<std::int64_t> kept{w.of("chem").memory.budgets.list[0].left};
    const Amount start = 900 * 3600; // 300 of 1,200 hours are used
    CHECK_EQ(*kept.begin(), start);
    for (int i = 1; i <= 100; ++i) {
        w.charges.push_back({utc(2026, 3, 3), "chem", "node", 900 * 36 / 10});
        w.run(utc(2026, 3, 4), "chem");
        const std::int64_t exact = start - i * (900 * 36 / 10);
        const std::int64_t left = w.of("chem").memory.budgets.list[0].left;
        CHECK(left >= exact && left - exact <= exact / 100);
        kept.insert(left);
    }
    CHECK(kept.size() > 5 && kept.size() < 20); // not one for each evaluation
}

CASE(kept_budgets_end_with_the_policy_that_checked) {
    const struct {
        const char* what;
        void (*change)(World&);
        bool kept;
    } kRows[] = {
        {"nothing", [](World&) {}, true},
        {"warn only", [](World& w) { w.set.policies[0].budget_check = BudgetCheck::warn; }, true},
        {"check off", [](World& w) { w.set.policies[0].budget_check = BudgetCheck::off; }, false},
        {"another policy", [](World& w) { w.set.policies[0].name = "monthly"; }, false},
        {"observe", [](World& w) { w.set.policies[0].mode = model::Mode::observe; }, false},
        {"an override",
         [](World& w) {
             w.facts.history.overrides = {{1, "chem", model::Standing::normal, utc(2026, 3, 3),
                                           utc(2026, 3, 20), "test", "root"}};
         },
         false},
    };
    for (const auto& row : kRows) {
        World w = checked();
        lose_tres(w);
        row.change(w);
        w.run(utc(2026, 3, 4), "chem");
        const auto text = [&](bool kept) { return row.what + std::string(kept ? ": kept" : ""); };
        CHECK_EQ(text(of(taken(w), "chem").check != BudgetCheck::off), text(row.kept));
    }
}

namespace {

World paused() {
    World w = checked();
    w.use(utc(2026, 3, 3), "chem", 1000);
    w.run(utc(2026, 3, 4), "chem");
    CHECK_EQ(w.row("chem").qos, std::vector<std::string>{"blocked"});
    return w;
}

void pin(World& w, model::Standing standing, Instant from, Instant until) {
    w.facts.history.overrides.push_back(
        {static_cast<std::int64_t>(w.facts.history.overrides.size()) + 1, "chem", standing, from,
         until, "ticket", "root"});
}

} // namespace

CASE(an_override_acts_on_an_account_that_cannot_be_evaluated) {
    const struct {
        void (*fault)(World&);
        Instant then;
        bool ends_with_period; // the fault does not hide that the period has ended
    } kFaults[] = {{distrust_clock, utc(2026, 4, 1), false},
                   {lose_tres, utc(2026, 3, 5), false},
                   {lose_tres, utc(2026, 4, 2), true}};
    for (const auto& row : kFaults) {
        const Instant hour = row.then + std::chrono::hours(1);
        const Instant later = row.then + std::chrono::hours(3);
        World w = checked(); // normal: paused by the override, and normal again
        row.fault(w);
        pin(w, model::Standing::paused, row.then, hour);
        w.run(row.then, "chem");
        CHECK(w.of("chem").enforced.paused && !w.of("chem").error.empty());
        CHECK(of(taken(w), "chem").standing == model::Standing::paused);
        CHECK_EQ(w.row("chem").qos, std::vector<std::string>{"blocked"});
        const auto text = join(w.explain("chem"), "\n");
        CHECK(text.find("Override 1 sets the account to paused") != std::string::npos);
        w.run(later, "chem");
        CHECK(!w.of("chem").enforced.paused);
        CHECK(w.row("chem").qos.empty());
        w.run(later, "chem");
        CHECK(w.plan.commands.empty());

        World p = paused(); // lifted by the override, and paused again
        row.fault(p);
        pin(p, model::Standing::normal, row.then, hour);
        p.run(row.then, "chem");
        CHECK(!p.of("chem").enforced.paused);
        CHECK(of(taken(p), "chem").standing == model::Standing::normal);
        CHECK(p.row("chem").qos.empty());
        p.run(later, "chem");
        CHECK_EQ(p.of("chem").enforced.paused, !row.ends_with_period);
        CHECK_EQ(p.row("chem").qos.empty(), row.ends_with_period);
    }
}

CASE(without_an_override_an_account_that_cannot_be_evaluated_keeps_its_qos) {
    for (auto* fault : {distrust_clock, lose_tres})
        for (const Instant then : {utc(2026, 3, 5), utc(2026, 4, 2)}) {
            World w = paused();
            fault(w);
            w.run(then, "chem");
            CHECK(w.plan.commands.empty());
            CHECK_EQ(w.row("chem").qos, std::vector<std::string>{"blocked"});
        }
}

CASE(an_account_that_only_observed_is_not_paused_by_a_fault) {
    World w = checked();
    w.use(utc(2026, 3, 3), "chem", 1000);
    w.set.policies[0].mode = model::Mode::observe;
    w.facts.history.accounts.clear();
    w.run(utc(2026, 3, 4), "chem");
    CHECK(w.of("chem").flags.paused && !w.of("chem").enforced.paused);
    w.set.policies[0].mode = model::Mode::enforce;
    lose_tres(w);
    w.run(utc(2026, 3, 5), "chem");
    CHECK(!w.of("chem").enforced.paused);
    CHECK(w.plan.commands.empty());
}

CASE(an_account_above_pauses_one_that_cannot_be_evaluated) {
    World w = checked();
    w.set.components.push_back({"gpu_hours", "gres/gpu", Decimal::whole(60)});
    w.grant("optics", "10", "gpu_hours");
    w.run(utc(2026, 3, 3), "optics");
    std::erase_if(w.facts.structure.tres, [](const auto& tres) { return tres.name == "gres/gpu"; });
    w.use(utc(2026, 3, 3), "chem", 1000);
    w.run(utc(2026, 3, 4), "optics");
    CHECK(w.of("chem").enforced.paused);
    CHECK(!w.of("optics").error.empty() && w.of("optics").enforced.paused);
    CHECK(of(taken(w), "optics").standing == model::Standing::paused);
}

CASE(jobs_of_an_account_that_cannot_be_evaluated_are_held_and_not_cancelled) {
    World w = checked();
    w.set.policies[0].on_pause = {model::PendingJobs::cancel, model::RunningJobs::cancel, {}};
    w.facts.jobs_known = true;
    model::Job waits;
    waits.id = 7;
    waits.name = "7";
    waits.account = "chem";
    waits.user = "ada";
    waits.state = model::JobState::pending;
    model::Job runs = waits;
    runs.id = 8;
    runs.name = "8";
    runs.state = model::JobState::running;
    w.facts.jobs = {waits, runs};
    lose_tres(w);
    pin(w, model::Standing::paused, utc(2026, 3, 4), utc(2026, 3, 20));
    w.run(utc(2026, 3, 4), "chem");
    w.cycle(utc(2026, 3, 6), "chem");
    std::vector<std::string> all;
    for (const auto& command : w.plan.commands)
        if (is_for_job(command.type))
            all.emplace_back(model::name(command.type));
    CHECK_EQ(all, std::vector<std::string>{"hold_job"});
}
