// SPDX-License-Identifier: GPL-2.0-or-later
// An account that cannot be evaluated goes on being checked against the budgets of its last good
// evaluation: without them jobs of any size would be admitted.
#include "tests/common/policy/world.hpp"

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

model::Snapshot taken(const World& w, const model::Snapshot* before) {
    return policy::snapshot(w.set, w.zone, w.facts.structure, w.decision,
                            policy::SnapshotFor::submissions, before);
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
        const auto good = taken(w, nullptr);
        CHECK_EQ(of(good, "chem").budgets.size(), 1U);
        row.fault(w);
        w.run(row.then, "chem");
        CHECK(!w.of("chem").error.empty());
        const auto kept = taken(w, &good);
        const auto again = taken(w, &kept);
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
    const auto good = taken(w, nullptr);
    lose_tres(w);
    w.run(utc(2026, 4, 2), "chem"); // the old figures say nothing of the new quarter
    CHECK(of(taken(w, &good), "chem").check == BudgetCheck::off);
    w.facts.structure.tres.push_back({4, "node"});
    w.run(utc(2026, 4, 3), "chem");
    CHECK(of(taken(w, &good), "chem").budgets[0].left > of(good, "chem").budgets[0].left);
}
