// SPDX-License-Identifier: GPL-2.0-or-later
// One allocation on two clusters: sums, and what happens while the other one's figures are missing
// or old.
#include "tests/common/policy/world.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <memory>

using namespace sluice;
using test::dec;
using test::utc;
using test::World;

namespace {

// Cluster `lab`, as seen by the core, and `beta`, whose last turn it knows.
struct Two {
    World lab;
    World beta;

    Two() {
        for (World* world : {&lab, &beta}) {
            auto& policy = world->policy();
            policy.clusters = {"lab", "beta"};
            policy.spans = true;
            world->account("physics");
            world->grant("physics", "1000");
        }
        beta.facts.structure.cluster = "beta";
    }
    model::Policy& policy() { return lab.set.policies[0]; }
    // What a cycle of beta at `at` leaves for lab.
    void tell(Instant at, std::int64_t age = 0, bool stale = false) {
        beta.run(at);
        auto figures = std::make_shared<model::SharedFigures>();
        figures->cluster = "beta";
        figures->at = at;
        figures->policies = {"quarterly"};
        figures->usage = beta.facts.usage;
        figures->history = beta.facts.history;
        lab.facts.others = {{"beta", std::move(figures), age, stale}};
    }
    void forget() { lab.facts.others = {{"beta", nullptr, 0, false}}; }
};

bool says(const std::vector<std::string>& lines, const std::string& text) {
    return join(lines, "\n").find(text) != std::string::npos;
}

} // namespace

CASE(usage_of_both_clusters_counts_against_one_allocation) {
    Two two;
    two.lab.use(utc(2026, 1, 2), "physics", 500);
    two.beta.use(utc(2026, 1, 3), "physics", 499);
    two.tell(utc(2026, 1, 4));
    CHECK(!two.lab.cycle(utc(2026, 1, 4)).flags.downscaled);
    two.beta.use(utc(2026, 1, 4), "physics", 1);
    two.tell(utc(2026, 1, 5));
    const auto& d = two.lab.cycle(utc(2026, 1, 5));
    CHECK(d.flags.downscaled);
    CHECK_EQ(*d.percent, 10000);
    const auto& figure = d.figures.front();
    CHECK_EQ(figure.used(), 1000 * 3600);
    CHECK_EQ(figure.by_cluster.at("lab").total(), 500 * 3600);
    CHECK_EQ(figure.by_cluster.at("beta").total(), 500 * 3600);
    CHECK_EQ(d.span.size(), 2U);
    CHECK_EQ(d.span[0].cluster, "lab");
    CHECK(says(two.lab.explain(), "Clusters lab, beta share the allocation."));
    CHECK(says(two.lab.explain(), "of this, 500 on cluster beta."));
}

CASE(a_policy_that_does_not_span_looks_at_one_cluster) {
    Two two;
    two.policy().spans = false;
    two.beta.use(utc(2026, 1, 3), "physics", 5000);
    two.tell(utc(2026, 1, 4));
    const auto& d = two.lab.cycle(utc(2026, 1, 4));
    CHECK_EQ(*d.percent, 0);
    CHECK(d.span.empty());
    CHECK(d.figures.front().by_cluster.empty());
}

CASE(what_is_granted_by_cluster_is_not_shared) {
    Two two;
    two.lab.set.accounts.at("physics").apart = true;
    two.beta.use(utc(2026, 1, 3), "physics", 5000);
    two.tell(utc(2026, 1, 4));
    CHECK_EQ(*two.lab.cycle(utc(2026, 1, 4)).percent, 0);
}

CASE(missing_figures_of_another_cluster_lift_no_pause) {
    Two two;
    two.lab.use(utc(2026, 1, 2), "physics", 700);
    two.beta.use(utc(2026, 1, 3), "physics", 500);
    two.tell(utc(2026, 1, 4));
    CHECK(two.lab.run(utc(2026, 1, 4)).flags.paused);
    two.forget();
    const auto& d = two.lab.cycle(utc(2026, 1, 5));
    CHECK(d.flags.paused);
    CHECK(d.incomplete());
    CHECK(two.lab.plan.commands.empty());
    CHECK(says(d.notes, "usage on cluster beta is not known"));
    CHECK(!d.noteworthy); // the percentage moved because a part is missing
    CHECK(says(two.lab.explain(), "nothing is lifted"));
}

CASE(missing_figures_do_not_keep_an_account_from_being_paused) {
    Two two;
    two.forget();
    two.lab.use(utc(2026, 1, 2), "physics", 1200);
    CHECK(two.lab.cycle(utc(2026, 1, 4)).flags.paused);
}

// After a restart the first cycle does not know what beta used before: the account must not lose
// its carryover for that.
CASE(missing_figures_of_the_period_before_take_nothing_away) {
    Two two;
    two.policy().carryover.factor = Decimal::whole(50);
    two.tell(utc(2026, 3, 31));
    two.lab.run(utc(2026, 3, 31));
    two.tell(utc(2026, 4, 1, 1));
    CHECK_EQ(two.lab.run(utc(2026, 4, 1, 1)).figures.front().effective, 1500 * 3600);
    two.lab.use(utc(2026, 4, 1, 2), "physics", 1400);
    two.forget();
    const auto& d = two.lab.cycle(utc(2026, 4, 2));
    CHECK_EQ(d.figures.front().effective, 1500 * 3600);
    CHECK(!d.flags.downscaled);
}

CASE(a_cluster_whose_policy_did_not_span_yet_counts_as_missing) {
    Two two;
    two.tell(utc(2026, 1, 4));
    auto figures = std::make_shared<model::SharedFigures>(*two.lab.facts.others[0].figures);
    figures->policies.clear();
    two.lab.facts.others[0].figures = figures;
    CHECK(two.lab.cycle(utc(2026, 1, 4)).incomplete());
}

CASE(old_figures_of_another_cluster_pause_but_lift_nothing) {
    Two two;
    two.lab.use(utc(2026, 1, 2), "physics", 700);
    two.beta.use(utc(2026, 1, 3), "physics", 500);
    two.tell(utc(2026, 1, 4), 900, true);
    CHECK(two.lab.run(utc(2026, 1, 4)).flags.paused);
    two.lab.grant("physics", "5000");
    const auto& d = two.lab.cycle(utc(2026, 1, 5));
    CHECK(d.flags.paused);
    CHECK(says(d.notes, "usage on cluster beta is 900 s old: nothing is lifted until it is fresh"));
    two.lab.facts.others[0].stale = false;
    CHECK(!two.lab.cycle(utc(2026, 1, 5)).flags.paused);
}

CASE(no_pause_outlives_its_period_though_figures_are_missing) {
    Two two;
    two.beta.use(utc(2026, 1, 3), "physics", 1200);
    two.tell(utc(2026, 1, 4));
    CHECK(two.lab.run(utc(2026, 1, 4)).flags.paused);
    two.tell(utc(2026, 3, 31)); // beta has not turned since
    CHECK(!two.lab.cycle(utc(2026, 4, 1, 1)).flags.paused);
    CHECK(two.lab.of("physics").incomplete());
    CHECK(!two.lab.cycle(utc(2026, 4, 1)).incomplete()); // nobody has used anything of it yet
}

CASE(what_was_left_on_all_clusters_together_is_carried_over) {
    Two two;
    two.lab.use(utc(2026, 1, 2), "physics", 400);
    two.beta.use(utc(2026, 1, 3), "physics", 300);
    two.tell(utc(2026, 3, 31));
    two.lab.run(utc(2026, 3, 31));
    two.tell(utc(2026, 4, 1, 1));
    const auto& carry = two.lab.cycle(utc(2026, 4, 1, 1)).figures.front().carryover;
    CHECK(carry.applied);
    CHECK_EQ(carry.used_before, 700 * 3600);
    CHECK_EQ(carry.carry, 300 * 3600);
}

CASE(an_account_that_is_new_here_keeps_what_it_had_elsewhere) {
    Two two;
    two.beta.use(utc(2026, 1, 3), "physics", 300);
    two.tell(utc(2026, 3, 31));
    two.tell(utc(2026, 4, 1, 1));
    CHECK_EQ(two.lab.cycle(utc(2026, 4, 1, 1)).figures.front().carryover.carry, 500 * 3600);
}

CASE(what_was_borrowed_on_any_cluster_is_paid_back_on_all) {
    Two two;
    for (World* world : {&two.lab, &two.beta}) {
        world->set.policies[0].carryover.enabled = false;
        world->set.policies[0].borrow.factor = Decimal::whole(20);
    }
    two.lab.use(utc(2026, 1, 2), "physics", 600);
    two.beta.use(utc(2026, 1, 3), "physics", 500);
    two.tell(utc(2026, 3, 31));
    two.lab.run(utc(2026, 3, 31));
    two.tell(utc(2026, 4, 1, 1));
    CHECK_EQ(two.lab.cycle(utc(2026, 4, 1, 1)).figures.front().borrowed, (200 - 100) * 3600);
}

CASE(an_adjustment_on_either_cluster_counts_once) {
    Two two;
    two.beta.facts.history.adjustments = {
        {1, "physics", "2026-Q1", {{"node_hours", Decimal::whole(100)}}, "", "", utc(2026, 1, 2)}};
    two.lab.facts.history.adjustments = {
        {2, "physics", "2026-Q1", {{"node_hours", Decimal::whole(10)}}, "", "", utc(2026, 1, 2)}};
    two.tell(utc(2026, 1, 4));
    CHECK_EQ(two.lab.cycle(utc(2026, 1, 4)).figures.front().effective, 1110 * 3600);
    two.policy().spans = false;
    CHECK_EQ(two.lab.cycle(utc(2026, 1, 4)).figures.front().effective, 1010 * 3600);
}

CASE(the_latest_override_of_any_cluster_decides) {
    Two two;
    const auto until = utc(2026, 2, 1);
    two.beta.facts.history.overrides = {
        {7, "physics", model::Standing::paused, utc(2026, 1, 1), until, "audit", "root"}};
    two.tell(utc(2026, 1, 4));
    CHECK(two.lab.cycle(utc(2026, 1, 4)).flags.paused);
    CHECK_EQ(two.lab.of("physics").in_force->id, 7);
    two.lab.facts.history.overrides = {
        {8, "physics", model::Standing::normal, utc(2026, 1, 1), until, "audit is over", "root"}};
    CHECK(!two.lab.cycle(utc(2026, 1, 4)).flags.paused);
}

CASE(the_limit_is_this_clusters_raw_usage_and_what_is_left_of_the_whole) {
    Two two;
    two.lab.use(utc(2026, 1, 2), "physics", 400);
    two.beta.use(utc(2026, 1, 3), "physics", 300);
    two.tell(utc(2026, 1, 4));
    two.lab.run(utc(2026, 1, 4));
    CHECK_EQ(two.lab.row("physics").grp_tres_mins.at("node"), (400 + 1200 - 700) * 60);
    // Though raw usage begins at zero with the period: the limit is not the whole grant.
    two.policy().raw_usage_reset = true;
    two.lab.facts.history.accounts.at("physics").reset_done_for = "2026-Q1";
    two.lab.cycle(utc(2026, 1, 4));
    CHECK(two.lab.plan.commands.empty());
    two.forget();
    two.lab.cycle(utc(2026, 1, 5));
    CHECK(two.lab.plan.commands.empty()); // not loosened
}

CASE(an_account_of_the_other_cluster_alone_is_not_reported_as_unknown) {
    Two two;
    for (World* world : {&two.lab, &two.beta})
        world->grant("optics", "10");
    two.beta.account("optics");
    two.tell(utc(2026, 1, 4));
    two.lab.cycle(utc(2026, 1, 4));
    CHECK(two.lab.decision.problems.empty());
    CHECK(two.lab.plan.problems.empty());
    two.lab.grant("nobody", "10");
    two.lab.cycle(utc(2026, 1, 4));
    CHECK_EQ(two.lab.plan.problems.size(), 1U);
}

CASE(a_sum_that_does_not_fit_is_an_error_and_no_wrap) {
    Two two;
    const Amount half = INT64_MAX / 2 + 1;
    two.lab.charges.push_back({utc(2026, 1, 2), "physics", "node", half});
    two.tell(utc(2026, 1, 4));
    auto figures = std::make_shared<model::SharedFigures>(*two.lab.facts.others[0].figures);
    for (auto& window : figures->usage)
        window.accounts["physics"].tres["node"].settled = half;
    two.lab.facts.others[0].figures = figures;
    const auto& d = two.lab.cycle(utc(2026, 1, 4));
    CHECK_EQ(d.error, "the usage of node_hours does not fit");
}

// However usage is spread over the two, both come to the standing of one cluster that has it all.
CASE(how_usage_is_spread_over_the_clusters_decides_nothing) {
    for (Amount all = 700; all <= 1300; all += 50)
        for (Amount here = 0; here <= all; here += 175) {
            World one;
            one.policy();
            one.account("physics");
            one.grant("physics", "1000");
            one.use(utc(2026, 1, 2), "physics", all);
            Two two;
            two.lab.use(utc(2026, 1, 2), "physics", here);
            two.beta.use(utc(2026, 1, 2), "physics", all - here);
            two.tell(utc(2026, 1, 4));
            const auto& whole = one.cycle(utc(2026, 1, 4));
            const auto& part = two.lab.cycle(utc(2026, 1, 4));
            CHECK(part.flags == whole.flags);
            CHECK(part.percent == whole.percent);
            CHECK(part.notify_reached == whole.notify_reached);
        }
}
