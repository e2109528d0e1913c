// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/carryover.hpp"

#include "tests/common/policy/world.hpp"

using namespace sluice;
using namespace sluice::policy;
using test::dec;

namespace {

Amount hours(const char* text) {
    return dec(text).scaled() / 1000 * 3600 / (Decimal::kScale / 1000);
}

Past past(const char* base, const char* used) {
    Past p;
    p.period = model::Period{"2026-Q1", test::utc(2026, 1, 1), test::utc(2026, 4, 1)};
    p.had_allocation = true;
    p.base = p.own = hours(base);
    p.used = hours(used);
    return p;
}

model::Carryover cap(const char* factor) {
    model::Carryover rule;
    rule.factor = dec(factor);
    return rule;
}

model::Carryover decay(const char* half_life) {
    model::Carryover rule;
    rule.model = model::CarryoverModel::decay;
    rule.half_life_days = dec(half_life);
    return rule;
}

} // namespace

CASE(cap_carries_what_is_unused_up_to_the_factor) {
    const struct {
        const char *base, *used, *factor, *carry;
    } rows[] = {{"1000", "700", "50", "300"}, {"1000", "200", "50", "500"},
                {"1000", "1300", "50", "0"},  {"64000", "12345.5", "15", "9600"},
                {"7", "1", "33", "2.31"},     {"1000", "1000", "50", "0"},
                {"1000", "0", "50", "500"},   {"1000", "900", "100", "100"},
                {"1000", "0", "0", "0"},      {"0", "0", "50", "0"}};
    for (const auto& row : rows) {
        const auto got = carryover(cap(row.factor), hours(row.base), past(row.base, row.used));
        CHECK(got && got->applied);
        CHECK_EQ(got->carry, hours(row.carry));
    }
}

CASE(decay_halves_the_previous_usage_each_half_life_for_90_days) {
    const struct {
        const char *base, *used, *half_life, *carry;
    } rows[] = {{"1000", "750", "15", "988.28125"}, {"1000", "500", "30", "937.5"},
                {"1000", "70000", "15", "0"},       {"1000", "300", "15", "995.3125"},
                {"1000", "1200", "15", "981.25"},   {"1000", "0", "15", "1000"}};
    for (const auto& row : rows) {
        const auto got = carryover(decay(row.half_life), hours(row.base), past(row.base, row.used));
        CHECK(got && got->applied);
        // To the TRES-second: the table's figures are not whole seconds.
        const Amount expected = hours(row.carry);
        CHECK(got->carry - expected <= 1 && expected - got->carry <= 1);
    }
    const auto waldur = carryover(decay("7"), hours("500"), past("500", "499"));
    CHECK_EQ(waldur->carry, 1'799'758); // 499.93275 h
}

CASE(decay_with_exact_days_uses_the_length_of_the_period) {
    auto rule = decay("15");
    rule.days_exact = true; // 2026-Q1 in UTC: 90 days
    auto before = past("1000", "750");
    CHECK_EQ(carryover(rule, hours("1000"), before)->carry,
             carryover(decay("15"), hours("1000"), before)->carry);
    before.period->end = test::utc(2026, 1, 16); // 15 days: one half-life
    CHECK_EQ(carryover(rule, hours("1000"), before)->carry, hours("625"));
}

CASE(no_carryover_names_its_reason) {
    auto off = cap("50");
    off.enabled = false;
    CHECK_EQ(carryover(off, 1000, past("1", "0"))->reason, "disabled");
    CHECK_EQ(carryover(cap("50"), 1000, Past{})->reason, "no_previous_period");
    auto fresh = past("0", "0");
    fresh.had_allocation = false;
    CHECK_EQ(carryover(cap("50"), 1000, fresh)->reason, "no_previous_allocation");
    // Waldur grants the full cap to an account that did not exist before.
    auto waldur = cap("50");
    waldur.new_accounts_full = true;
    CHECK_EQ(carryover(waldur, 1000, fresh)->carry, 500);
}

CASE(figures_that_do_not_fit_are_refused) {
    CHECK(!carryover(cap("9000000000"), INT64_MAX, past("1", "0")));
    CHECK(!carryover(decay("0"), 1000, past("1", "0")));
}

CASE(what_was_borrowed_is_repaid_in_the_next_period) {
    const model::Borrow rule{dec("20")};
    auto before = past("1000", "1100");
    auto loan = borrow(rule, hours("1000"), before);
    CHECK_EQ(loan->taken, hours("200"));
    CHECK_EQ(loan->repaid, hours("100"));
    before.used = hours("5000"); // never more than could be borrowed
    CHECK_EQ(borrow(rule, hours("1000"), before)->repaid, hours("200"));
    before.used = hours("900");
    CHECK_EQ(borrow(rule, hours("1000"), before)->repaid, 0);
    CHECK_EQ(borrow({}, hours("1000"), before)->taken, 0);
    CHECK_EQ(borrow(rule, hours("1000"), Past{})->taken, 0); // `total`: there is no next one
}

// Else an account that gives its allocation away would get it once more.
CASE(what_was_moved_to_another_account_is_not_carried_over) {
    for (const bool decays : {false, true}) {
        test::World w;
        w.policy().carryover = decays ? decay("15") : cap("50");
        for (const char* name : {"physics", "chem"}) {
            w.account(name);
            w.grant(name, "1000");
        }
        w.run(test::utc(2026, 1, 2));
        w.facts.history.adjustments = {
            {1, "physics", "2026-Q1", {{"node_hours", dec("-999")}}, "", "", {}, 0, 2},
            {2, "chem", "2026-Q1", {{"node_hours", dec("999")}}, "", "", {}, 0, 1}};
        w.run(test::utc(2026, 1, 3));
        CHECK_EQ(w.of("physics").figures[0].effective, hours("1"));
        w.run(test::utc(2026, 4, 2));
        const auto& carry = w.of("physics").figures[0].carryover;
        CHECK_EQ(carry.given, -hours("999"));
        CHECK_EQ(carry.carry, hours("1"));
        CHECK_EQ(w.of("chem").figures[0].carryover.carry, hours(decays ? "1000" : "500"));
        CHECK_EQ(w.of("chem").figures[0].carryover.given, 0);
    }
}
