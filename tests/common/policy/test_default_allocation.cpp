// SPDX-License-Identifier: GPL-2.0-or-later
// Whom the allocation of a policy is for, what an account and those below it have together.
#include "common/policy/evaluate/subjects.hpp"
#include "tests/common/policy/world.hpp"

#include <algorithm>

using namespace sluice;
using test::utc;
using test::World;

namespace {

// univ > science > physics > optics; univ > arts
World university() {
    World w;
    w.account("univ");
    w.account("science", "univ");
    w.account("physics", "science");
    w.account("optics", "physics");
    w.account("arts", "univ");
    w.policy().allocation = model::Allocation{{"node_hours", test::dec("100")}};
    return w;
}

std::string evaluated(World& w) {
    w.collect_and_plan(utc(2026, 1, 2));
    std::string out;
    for (const auto& account : w.decision.accounts)
        out += (out.empty() ? "" : " ") + account.account;
    return out;
}

bool explains(const World& w, const std::string& account, const std::string& line) {
    const auto lines = w.explain(account);
    return std::find(lines.begin(), lines.end(), line) != lines.end();
}

} // namespace

CASE(the_allocation_of_a_policy_goes_to_accounts_without_sub_accounts) {
    World w = university();
    CHECK_EQ(evaluated(w), "arts optics");
    w.set.policies[0].match.subtrees = {"science"};
    CHECK_EQ(evaluated(w), "optics");
}

CASE(the_allocation_of_a_policy_goes_where_accounts_says) {
    World w = university();
    auto& match = w.set.policies[0].match;
    match.grants_parents = true;
    CHECK_EQ(evaluated(w), "arts optics physics science univ");
    match.subtrees = {"physics"};
    CHECK_EQ(evaluated(w), "optics physics");
    match = {};
    match.below = {"science"};
    CHECK_EQ(evaluated(w), "optics physics");
    match = {};
    match.accounts = {"science"};
    CHECK_EQ(evaluated(w), "science");
}

CASE(a_parent_with_an_allocation_of_its_own_is_covered) {
    World w = university();
    w.grant("univ", "1000");
    CHECK_EQ(evaluated(w), "arts optics univ");
    CHECK_EQ(w.of("univ").figures[0].allocation, 1000 * 3600);
}

// A first sub-account takes the default allocation away: nothing opens by that.
CASE(a_paused_account_that_gets_a_sub_account_stays_paused) {
    World w = university();
    w.use(utc(2026, 1, 1), "arts", 130);
    w.run(utc(2026, 1, 2), "arts");
    w.run(utc(2026, 1, 2), "arts");
    CHECK(w.of("arts").enforced.paused);
    w.account("music", "arts");
    w.run(utc(2026, 1, 3), "arts");
    CHECK(w.of("arts").enforced.paused);
    CHECK(w.of("arts").fault == model::Fault::rules);
    CHECK(w.of("music").enforced.paused);
}

CASE(an_account_explains_what_those_next_below_have_together) {
    World w = university();
    w.grant("univ", "150");
    w.use(utc(2026, 1, 1), "arts", 20);
    w.use(utc(2026, 1, 1), "optics", 5);
    w.collect_and_plan(utc(2026, 1, 2));
    CHECK_EQ(w.of("univ").below.accounts, 2U);
    CHECK(explains(w, "univ",
                   "node_hours: 2 accounts next below with an allocation: 200 together, 25 used; "
                   "together they are granted more than this account, whose allocation bounds them "
                   "all."));
    w.grant("univ", "200");
    w.collect_and_plan(utc(2026, 1, 2));
    CHECK(explains(w, "univ",
                   "node_hours: 2 accounts next below with an allocation: 200 together, 25 used."));
    w.grant("physics", "70"); // between univ and optics
    w.collect_and_plan(utc(2026, 1, 2));
    CHECK_EQ(w.of("univ").below.figures[0].allocation, 170 * 3600);
    CHECK_EQ(w.of("physics").below.figures[0].allocation, 100 * 3600);
    CHECK_EQ(w.of("optics").below.accounts, 0U);
}

CASE(accounts_that_are_granted_more_than_their_parent_are_named) {
    World w = university();
    w.grant("univ", "150");
    const auto found = [&] {
        std::string out;
        const model::AccountTree tree(w.facts.structure);
        for (const auto& one : policy::over_granted(w.set, tree))
            out += one.account + ' ' + one.component + ' ' + one.own.text() + ' ' +
                   one.together.text() + '\n';
        return out;
    };
    CHECK_EQ(found(), "univ node_hours 150 200\n");
    w.grant("univ", "200");
    CHECK_EQ(found(), "");
    w.grant("physics", "70");
    CHECK_EQ(found(), "physics node_hours 70 100\n");
}
