// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/model/texts.hpp"

#include "tests/common/policy/world.hpp"
#include "tests/support/hostile.hpp"

using namespace sluice;
using test::dec;
using test::utc;
using test::World;

namespace {

using Phases = std::vector<model::SnapshotPhase>;

World physics() {
    World w;
    w.policy();
    w.account("physics");
    w.account("optics", "physics");
    w.grant("physics", "1200");
    w.set.policies[0].grace_ratio = Decimal{};
    return w;
}

model::SnapshotAccount record(World& w, Instant now, const std::string& name) {
    w.collect_and_plan(now);
    const auto all = policy::snapshot(w.set, w.zone, w.facts.structure, w.decision);
    for (const auto& one : all.accounts)
        if (one.name == name)
            return one;
    return {};
}

} // namespace

CASE(a_refusal_tells_figure_period_next_start_and_whom_to_ask) {
    World w = physics();
    w.use(utc(2026, 10, 2), "physics", 1231);
    const auto one = record(w, utc(2026, 11, 3), "physics");
    CHECK(one.standing == model::Standing::paused);
    CHECK_EQ(one.text, "account physics is paused: 1231 of 1200 node_hours used in 2026-Q4 (102.58 "
                       "%, grace to 100 %).\nNext period starts 2027-01-01.");
    CHECK_EQ(one.contact, "hpc-admin@example.org");
    CHECK(one.later == Phases({{utc(2027, 1, 1), model::Standing::normal, ""}}));
    CHECK_EQ(*one.percent, 10258);
}

CASE(an_account_below_a_paused_one_names_it) {
    World w = physics();
    w.use(utc(2026, 10, 2), "optics", 1231);
    const auto one = record(w, utc(2026, 11, 3), "optics");
    CHECK(one.standing == model::Standing::paused);
    CHECK(one.text.starts_with("account optics is paused with account physics: 1231 of 1200"));
}

// What the plugin does by itself while sluiced is away, with the usage of now.
CASE(what_follows_an_override_comes_with_the_account) {
    using model::Standing;
    const Instant now = utc(2026, 11, 3);
    const Instant fri = utc(2026, 11, 6), sat = utc(2026, 11, 7), year = utc(2027, 1, 1);
    struct Entry {
        const char* account;
        Standing standing;
        Instant from, until;
        bool at_least = false;
    };
    struct Row {
        const char* what;
        int used; // of 1200; the grace limit is 120 %
        std::vector<Entry> entries;
        const char* account;
        Standing first;
        std::vector<std::pair<Instant, Standing>> later;
    };
    const auto N = Standing::normal, D = Standing::downscaled, P = Standing::paused;
    const Instant old = utc(2026, 10, 1);
    for (const auto& row : std::vector<Row>{
             {"no override", 100, {}, "physics", N, {}},
             {"pause by usage", 2000, {}, "physics", P, {{year, N}}},
             {"paused by staff", 100, {{"physics", P, old, fri}}, "physics", P, {{fri, N}}},
             {"lifted until Friday",
              2000,
              {{"physics", N, old, fri}},
              "physics",
              N,
              {{fri, P}, {year, N}}},
             {"slowed down only, until Friday",
              2000,
              {{"physics", D, old, fri}},
              "physics",
              D,
              {{fri, P}, {year, N}}},
             {"lifted from downscaled", 1300, {{"physics", N, old, fri}}, "physics", N, {{fri, D}}},
             {"lifted beyond the period",
              2000,
              {{"physics", N, old, year + std::chrono::days(9)}},
              "physics",
              N,
              {}},
             {"the later entry first, then the earlier",
              2000,
              {{"physics", N, old, sat}, {"physics", P, old, fri}},
              "physics",
              P,
              {{fri, N}, {sat, P}, {year, N}}},
             {"paused again by an entry for later",
              100,
              {{"physics", P, old, fri}, {"physics", P, fri, sat}},
              "physics",
              P,
              {{sat, N}}},
             {"a pause that begins on Friday",
              100,
              {{"physics", P, fri, sat}},
              "physics",
              N,
              {{fri, P}, {sat, N}}},
             {"lifted above: the account below",
              2000,
              {{"physics", N, old, fri}},
              "optics",
              N,
              {{fri, P}, {year, N}}},
             {"lifted above, its own pause stays",
              2000,
              {{"physics", N, old, fri}, {"optics", P, old, sat}},
              "optics",
              P,
              {{year, N}}},
             {"paused above until Friday, below until Saturday",
              100,
              {{"physics", P, old, fri}, {"optics", P, old, sat}},
              "optics",
              P,
              {{sat, N}}},
             {"lifted below only: the pause above holds",
              2000,
              {{"optics", N, old, fri}},
              "optics",
              P,
              {{year, N}}},
             {"at least paused, beyond the pause by usage",
              2000,
              {{"physics", P, old, year + std::chrono::days(9), true}},
              "physics",
              P,
              {{year + std::chrono::days(9), N}}},
         }) {
        World w = physics();
        w.grant("optics", "1200");
        w.set.policies[0].grace_ratio = dec("0.2");
        w.use(utc(2026, 10, 2), "physics", row.used);
        std::int64_t id = 0;
        for (const auto& entry : row.entries) {
            w.facts.history.overrides.push_back(
                {++id, entry.account, entry.standing, entry.from, entry.until, "reason", "root"});
            w.facts.history.overrides.back().at_least = entry.at_least;
        }
        const auto one = record(w, now, row.account);
        std::vector<std::pair<Instant, Standing>> later;
        for (const auto& phase : one.later) {
            // Texts may change where standings do not: told with what came before.
            if (phase.standing != (later.empty() ? one.standing : later.back().second))
                later.emplace_back(phase.from, phase.standing);
            if ((phase.standing == P) != (phase.text.find(" is paused") != std::string::npos))
                test::fail(std::string(row.what) + ": text " + phase.text);
        }
        if (one.standing != row.first || later != row.later)
            test::fail(row.what);
    }
}

CASE(the_text_after_an_override_is_that_of_the_usage) {
    World w = physics();
    w.use(utc(2026, 10, 2), "physics", 1231);
    const std::string paused = record(w, utc(2026, 11, 3), "physics").text;
    w.facts.history.overrides.push_back({1, "physics", model::Standing::normal, utc(2026, 1, 1),
                                         utc(2026, 11, 6), "deadline", "root"});
    const auto one = record(w, utc(2026, 11, 3), "physics");
    CHECK_EQ(one.later.size(), 2U);
    CHECK_EQ(one.later[0].text, paused);
    CHECK_EQ(one.later[1].text, "");
    // Below it, an account that has no allocation of its own.
    const auto optics = record(w, utc(2026, 11, 3), "optics");
    CHECK(optics.standing == model::Standing::normal);
    CHECK(optics.later.at(0).text.starts_with(
        "account optics is paused with account physics: 1231 of 1200"));
}

CASE(a_downscaled_account_is_warned_with_its_qos) {
    World w = physics();
    w.set.policies[0].grace_ratio = dec("0.2");
    w.use(utc(2026, 10, 2), "physics", 1231);
    const auto one = record(w, utc(2026, 11, 3), "physics");
    CHECK(one.standing == model::Standing::downscaled);
    CHECK(one.text.find("QOS slowdown") != std::string::npos);
    CHECK(one.text.find("2027-01-01") != std::string::npos);
    CHECK(one.later.empty());
}

// The figures of the account itself would name the wrong cause.
CASE(a_warning_names_the_account_above_that_slows_it_down) {
    World w = physics();
    w.set.policies[0].grace_ratio = dec("0.2");
    w.grant("optics", "1000");
    w.use(utc(2026, 10, 2), "physics", 1000);
    w.use(utc(2026, 10, 2), "optics", 250);
    CHECK_EQ(
        record(w, utc(2026, 11, 3), "optics").text,
        "account optics is slowed down with account physics: 1250 of 1200 node_hours used in "
        "2026-Q4 (104.16 %, grace to 120 %).\nJobs run with QOS slowdown. Jobs are refused from "
        "120 % on, about 2026-11-08. Next period starts 2027-01-01.");
    // Also where it has no allocation of its own.
    w.set.accounts.erase("optics");
    CHECK(
        record(w, utc(2026, 11, 3), "optics")
            .text.starts_with("account optics is slowed down with account physics: 1250 of 1200"));
}

CASE(a_warning_tells_what_follows_and_about_when) {
    World w = physics();
    w.set.policies[0].grace_ratio = dec("0.2");
    w.use(utc(2026, 10, 2), "physics", 1100);
    const std::string text = record(w, utc(2026, 11, 3), "physics").text;
    CHECK(text.starts_with("account physics: 1100 of 1200 node_hours used in 2026-Q4 (91.66 %, "
                           "grace to 120 %).\nJobs are slower from 100 % on, about 2026-11-0"));
    CHECK(text.find(". Jobs are refused from 120 % on, about 2026-11-1") != std::string::npos);
    CHECK(text.ends_with(". Next period starts 2027-01-01."));
    w.set.policies[0].mode = model::Mode::observe;
    CHECK_EQ(record(w, utc(2026, 11, 3), "physics").text, "");
}

CASE(a_warning_names_staff_and_the_end_of_what_staff_has_set) {
    World w = physics();
    w.set.policies[0].grace_ratio = dec("0.2");
    w.use(utc(2026, 10, 2), "physics", 1300);
    w.facts.history.overrides.push_back({1, "physics", model::Standing::normal, utc(2026, 1, 1),
                                         utc(2026, 11, 6), "deadline", "root"});
    CHECK_EQ(record(w, utc(2026, 11, 3), "physics").text,
             "account physics: 1300 of 1200 node_hours used in 2026-Q4 (108.33 %, grace to 120 "
             "%).\nThe account is kept open by staff (root) until 2026-11-06. Next period starts "
             "2027-01-01.");
    auto& entry = w.facts.history.overrides[0];
    entry.standing = model::Standing::downscaled;
    CHECK_EQ(record(w, utc(2026, 11, 3), "optics").text,
             "account optics is slowed down with account physics by staff (root) until "
             "2026-11-06.\nJobs run with QOS slowdown.");
    entry.standing = model::Standing::paused;
    CHECK_EQ(record(w, utc(2026, 11, 3), "optics").text,
             "account optics is paused with account physics by staff (root) until 2026-11-06.");
    entry.show_reason = true;
    CHECK_EQ(record(w, utc(2026, 11, 3), "physics").text,
             "account physics is paused by staff (root) until 2026-11-06: deadline.");
}

CASE(no_next_period_is_promised_that_brings_nothing) {
    World w = physics();
    w.grant("physics", "0");
    CHECK_EQ(record(w, utc(2026, 11, 3), "physics").text,
             "account physics is paused: 0 of 0 node_hours used in 2026-Q4 (no allocation).");
    w.use(utc(2026, 10, 2), "physics", 17);
    CHECK_EQ(record(w, utc(2026, 11, 3), "physics").text,
             "account physics is paused: 17 of 0 node_hours used in 2026-Q4 (no allocation).");
    CHECK(record(w, utc(2026, 11, 3), "optics").text.find("Next period") == std::string::npos);
    // A loan of the whole next period: it begins as this one ends.
    w.grant("physics", "10");
    w.set.policies[0].borrow.factor = Decimal::whole(100);
    w.use(utc(2026, 10, 2), "physics", 17);
    const auto borrowed = record(w, utc(2026, 11, 3), "physics");
    CHECK(borrowed.standing == model::Standing::paused);
    CHECK(borrowed.text.find("Next period") == std::string::npos);
}

CASE(an_observed_account_is_normal_without_text) {
    World w = physics();
    w.set.policies[0].mode = model::Mode::observe;
    w.use(utc(2026, 10, 2), "physics", 1231);
    const auto one = record(w, utc(2026, 11, 3), "physics");
    CHECK(one.standing == model::Standing::normal);
    CHECK_EQ(one.text, "");
    CHECK_EQ(*one.percent, 10258);
}

CASE(texts_are_bounded) {
    World w = physics();
    w.set.contact = std::string(1000, 'x');
    w.facts.history.overrides.push_back({1, "physics", model::Standing::paused, utc(2026, 1, 1),
                                         utc(2027, 1, 1), std::string(5000, 'r') + "\n", "", false,
                                         false, true});
    const auto one = record(w, utc(2026, 11, 3), "physics");
    CHECK((one.text + "\nAsk " + one.contact + ".").size() <= model::kMaxTextBytes);
    CHECK(one.text.find("by staff until 2027-01-01") != std::string::npos);
}

CASE(users_come_with_their_accounts_by_uid) {
    World w = physics();
    w.facts.structure.users = {{"bob", 7, "physics", {"physics", "chem"}},
                               {"ghost", 4294967294, "", {}},
                               {"alice", 5, "chem", {"chem"}}};
    w.cycle(utc(2026, 11, 3));
    const auto all = policy::snapshot(w.set, w.zone, w.facts.structure, w.decision).users;
    CHECK_EQ(all.size(), 2U);
    CHECK_EQ(all[0].uid, 5U);
    CHECK_EQ(all[1].accounts[0], "chem");
}

CASE(an_explanation_has_every_step_of_the_derivation) {
    World w = physics();
    w.run(utc(2026, 7, 1));
    w.use(utc(2026, 7, 2), "physics", 1000);
    w.use(utc(2026, 10, 2), "physics", 1500);
    w.cycle(utc(2026, 11, 3));
    std::string text;
    for (const auto& line : w.explain())
        text += line + "\n";
    for (const char* part :
         {"Period 2026-Q4 runs from 2026-10-01 to 2027-01-01 (UTC).", "the allocation is 1200",
          "1000 of 1200 were used in 2026-Q3, 200 were left", "effective allocation is 1400",
          "settled 1500 + finished 0 + running 0",
          "Threshold pause at 100 %: reached, first seen on ", "paused by its own usage",
          "Planned: Set QOS of account physics to blocked"})
        if (text.find(part) == std::string::npos)
            test::fail(std::string("missing: ") + part + " in\n" + text);
}

namespace {

std::string explanation(const World& w, const std::string& account) {
    std::string text;
    for (const auto& line : w.explain(account))
        text += line + "\n";
    return text;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

} // namespace

CASE(an_explanation_names_the_account_above_or_staff_as_the_cause) {
    World w = physics();
    w.grant("optics", "1000");
    w.use(utc(2026, 10, 2), "physics", 1231);
    w.cycle(utc(2026, 11, 3));
    CHECK(has(explanation(w, "optics"),
              "The account is paused because account physics above it is: 1231 of 1200 node_hours "
              "used in 2026-Q4 (102.58 %, grace to 100 %).\n"));
    w.facts.history.overrides.push_back({3, "physics", model::Standing::paused, utc(2026, 1, 1),
                                         utc(2026, 11, 6, 1), "ticket 4711", "anna"});
    w.cycle(utc(2026, 11, 3));
    CHECK(has(explanation(w, "optics"),
              "The account is paused because account physics above it is, by staff (anna) until "
              "2026-11-06T01:00:00+00:00.\n"));
    CHECK(has(explanation(w, "physics"), "Override 3 sets the account to paused by staff (anna) "));
    CHECK(!has(explanation(w, "physics"), "4711"));
}

CASE(an_explanation_of_an_observed_account_says_what_would_be) {
    World w = physics();
    w.set.policies[0].mode = model::Mode::observe;
    w.use(utc(2026, 10, 2), "physics", 1231);
    w.cycle(utc(2026, 11, 3));
    const std::string text = explanation(w, "physics");
    CHECK(has(text, "The account would be paused by its own usage, but its policy only observes."));
    CHECK(has(text, "The pause would end by itself on 2027-01-01.\n"));
    CHECK(!has(text, "The account is paused"));
}

// What is in force from above, not what would be.
CASE(an_observed_account_below_one_that_is_slowed_down_names_it) {
    World w = physics();
    w.set.policies[0].grace_ratio = dec("0.2");
    w.set.policies[0].match.accounts = {"physics"};
    w.policy("watch").mode = model::Mode::observe;
    w.set.policies[1].match.accounts = {"optics"};
    w.set.policies[1].grace_ratio = dec("0.2");
    w.grant("optics", "100");
    w.use(utc(2026, 10, 2), "physics", 1100);
    w.use(utc(2026, 10, 2), "optics", 150);
    const auto one = record(w, utc(2026, 11, 3), "optics");
    CHECK(one.standing == model::Standing::downscaled);
    CHECK(one.text.starts_with(
        "account optics is slowed down with account physics: 1250 of 1200 node_hours"));
    CHECK_EQ(model::standing_text(w.of("optics")), "downscaled");
    CHECK_EQ(model::would_be(w.of("optics")), "paused");
}

CASE(each_standing_has_one_word) {
    const Instant now = utc(2026, 11, 3);
    struct Row {
        int used; // of 1200; the grace limit is 120 %
        model::Mode mode;
        const char* word;
        const char* text;
    };
    using model::Mode;
    for (const auto& row :
         {Row{100, Mode::enforce, "normal", "normal"}, Row{959, Mode::enforce, "normal", "normal"},
          Row{960, Mode::enforce, "warned", "warned"},
          Row{1200, Mode::enforce, "downscaled", "downscaled"},
          Row{1440, Mode::enforce, "paused", "paused"}, Row{100, Mode::observe, "normal", "normal"},
          Row{960, Mode::observe, "normal", "would be warned"},
          Row{1200, Mode::observe, "normal", "would be downscaled"},
          Row{1440, Mode::observe, "normal", "would be paused"}}) {
        World w = physics();
        w.set.policies[0].grace_ratio = dec("0.2");
        w.set.policies[0].mode = row.mode;
        w.use(utc(2026, 10, 2), "physics", row.used);
        const auto& physics = w.cycle(now);
        CHECK_EQ(model::standing_word(physics), row.word);
        CHECK_EQ(model::standing_text(physics), row.text);
    }
    // An override says how the account stands.
    World w = physics();
    w.use(utc(2026, 10, 2), "physics", 1300);
    w.facts.history.overrides.push_back({1, "physics", model::Standing::normal, utc(2026, 1, 1),
                                         utc(2026, 11, 6), "deadline", "root"});
    CHECK_EQ(model::standing_text(w.cycle(now)), "normal");
}

// Owners are written to when the pause is real, not when it would have been.
CASE(an_account_that_is_enforced_from_now_on_starts_as_if_normal) {
    World w = physics();
    w.set.policies[0].mode = model::Mode::observe;
    w.use(utc(2026, 10, 2), "physics", 1231);
    w.run(utc(2026, 11, 3));
    CHECK(w.run(utc(2026, 11, 4)).actions_taken.empty());
    w.set.policies[0].mode = model::Mode::enforce;
    const auto& enforced = w.run(utc(2026, 11, 5));
    CHECK_EQ(enforced.actions_taken, (std::vector<std::string>{"pause", "downscale", "notify"}));
    CHECK(enforced.previous_flags == model::Flags{});
    CHECK(enforced.noteworthy);
    CHECK(w.run(utc(2026, 11, 6)).actions_taken.empty());
}

CASE(the_sites_own_words_are_filled_in) {
    World w = physics();
    w.set.texts.refusal = "Konto {account} on peatatud ({cause}, {reason}): {used}/{granted} "
                          "{component} = {tres} {unit}, {percent} of {grace}, left {left} in "
                          "{period}. Next {next_reset}, {until}. {contact} {{{policy}}} {cluster} "
                          "{standing} {qos} {source}";
    w.use(utc(2026, 10, 2), "optics", 1231);
    CHECK_EQ(record(w, utc(2026, 11, 3), "optics").text,
             "Konto optics on peatatud (the usage of account physics, -): 1231/1200 node_hours = "
             "node hours, 102.58 % of 100 %, left 0 in 2026-Q4. Next 2027-01-01, 2027-01-01. "
             "hpc-admin@example.org {quarterly} lab paused blocked physics");
    CHECK_EQ(record(w, utc(2026, 11, 3), "optics").contact, "");
}

CASE(a_policys_words_go_before_the_files) {
    World w = physics();
    w.set.texts.refusal = "no";
    w.set.policies[0].texts.refusal = "not {account}: {cause}, {reason}";
    w.facts.history.overrides.push_back(
        {1, "physics", model::Standing::paused, utc(2026, 1, 1), utc(2027, 1, 1), "audit", "root"});
    CHECK_EQ(record(w, utc(2026, 11, 3), "physics").text,
             "not physics: staff (root) until 2027-01-01, -");
    w.facts.history.overrides[0].show_reason = true;
    CHECK_EQ(record(w, utc(2026, 11, 3), "physics").text,
             "not physics: staff (root) until 2027-01-01, audit");
}

CASE(a_warning_has_words_of_its_own) {
    World w = physics();
    w.set.texts.warning = "{account}: {used} of {granted}, {left} left\n";
    w.use(utc(2026, 10, 2), "physics", 1000);
    CHECK_EQ(record(w, utc(2026, 11, 3), "physics").text, "physics: 1000 of 1200, 200 left");
}

CASE(own_words_are_bounded_too) {
    World w = physics();
    for (int i = 0; i < 40; ++i)
        w.set.texts.refusal += "{contact} ";
    w.set.contact = std::string(99, 'x');
    w.use(utc(2026, 10, 2), "physics", 1231);
    CHECK_EQ(record(w, utc(2026, 11, 3), "physics").text.size(), model::kMaxTextBytes);
}

CASE(a_weighted_sum_is_told_in_percent) {
    World w = physics();
    w.set.policies[0].billing.enabled = true;
    w.set.policies[0].billing.weights["node_hours"] = dec("2");
    w.set.texts.refusal = "{used} of {granted} {component}";
    w.set.components.push_back({"gpu_hours", "gres/gpu", Decimal::whole(60)});
    w.set.policies[0].billing.weights["gpu_hours"] = dec("1");
    w.grant("physics", "10", "gpu_hours");
    w.use(utc(2026, 10, 2), "physics", 2410);
    CHECK_EQ(record(w, utc(2026, 11, 3), "physics").text, "200.00 % of 100 % billing");
}

namespace {

World checked(model::BudgetCheck check) {
    World w = physics();
    w.set.policies[0].grace_ratio = dec("0.5");
    w.set.policies[0].budget_check = check;
    w.account("lasers", "optics");
    w.use(utc(2026, 10, 2), "physics", 800);
    return w;
}

model::Snapshot whole(World& w, Instant now) {
    w.cycle(now);
    return policy::snapshot(w.set, w.zone, w.facts.structure, w.decision);
}

} // namespace

CASE(a_budget_is_what_is_left_to_the_grace_limit) {
    World w = checked(model::BudgetCheck::refuse);
    const auto snapshot = whole(w, utc(2026, 11, 3));
    CHECK_EQ(snapshot.accounts.size(), 3U); // those below physics are bounded by it
    CHECK_EQ(snapshot.accounts[0].name, "lasers");
    CHECK_EQ(snapshot.accounts[0].bounded_by, "physics");
    CHECK(snapshot.accounts[0].check == model::BudgetCheck::off);
    const auto& own = snapshot.accounts[2];
    CHECK(own.check == model::BudgetCheck::refuse);
    CHECK_EQ(own.bounded_by, "");
    CHECK_EQ(own.budgets.size(), 1U);
    CHECK_EQ(own.budgets[0].left, (1800 - 800) * 3600);
    CHECK_EQ(snapshot.measures.size(), 1U);
    CHECK_EQ(snapshot.measures[0].name, "node_hours");
    CHECK_EQ(snapshot.measures[0].per_unit, 3600);
}

CASE(an_evaluated_account_names_the_next_one_that_checks) {
    World w = checked(model::BudgetCheck::warn);
    w.grant("lasers", "10");
    const auto snapshot = whole(w, utc(2026, 11, 3));
    CHECK_EQ(snapshot.accounts[0].budgets[0].left, 15 * 3600);
    CHECK_EQ(snapshot.accounts[0].bounded_by, "physics");
    CHECK_EQ(snapshot.measures.size(), 1U);
}

CASE(nothing_is_checked_unless_a_policy_enforces_it) {
    World off = checked(model::BudgetCheck::off);
    CHECK_EQ(whole(off, utc(2026, 11, 3)).accounts.size(), 1U);
    World observed = checked(model::BudgetCheck::refuse);
    observed.set.policies[0].mode = model::Mode::observe;
    for (const auto& account : whole(observed, utc(2026, 11, 3)).accounts)
        CHECK(account.budgets.empty() && account.bounded_by.empty());
}

CASE(usage_factors_are_in_the_snapshot_where_usage_counts_them) {
    World w = checked(model::BudgetCheck::refuse);
    w.facts.structure.qos.push_back({90, "free", 0});
    w.facts.structure.qos.push_back({91, "dear", 2'000'000});
    const auto factors = whole(w, utc(2026, 11, 3)).factors;
    CHECK_EQ(factors.size(), 2U); // without those of factor 1
    CHECK_EQ(factors[0].qos, "dear");
    CHECK_EQ(factors[0].millionths, 2'000'000);
    CHECK_EQ(factors[1].millionths, 0);
    w.set.counting.factor = false;
    CHECK(whole(w, utc(2026, 11, 3)).factors.empty());
    w.set.counting.factor = true;
    w.set.policies[0].budget_check = model::BudgetCheck::off;
    CHECK(whole(w, utc(2026, 11, 3)).factors.empty());
}

// In the order of slurmctld: the association of the user and partition, then that of the user. Its
// default QOS, own or inherited; the only one of its list; "normal".
CASE(factors_of_default_qos_are_in_the_snapshot_where_they_differ) {
    World w = checked(model::BudgetCheck::refuse);
    auto& structure = w.facts.structure;
    structure.qos.push_back({90, "free", 0});
    structure.qos.push_back({91, "dear", 2'000'000});
    structure.users = {{"ada", 1001, "physics", {"physics"}},
                       {"bob", 1002, "physics", {"physics"}},
                       {"eve", 0xfffffffe, "physics", {"physics"}}};
    const auto factors = [&] {
        std::string text;
        for (const auto& one : whole(w, utc(2026, 11, 3)).default_factors)
            text += one.account + "|" +
                    (one.uid == model::DefaultFactor::kAnyUser ? "" : std::to_string(one.uid)) +
                    "|" + one.partition + "=" + std::to_string(one.millionths) + " ";
        return text;
    };
    for (const char* user : {"ada", "bob", "eve"})
        w.user(user, "physics");
    CHECK_EQ(factors(), "");
    w.row("root").qos = {"normal", "free", "dear"};
    w.row("physics").default_qos = "dear";
    CHECK_EQ(factors(), "lasers||=2000000 optics||=2000000 physics||=2000000 ");
    w.row("optics").default_qos = "normal";
    CHECK_EQ(factors(), "physics||=2000000 ");
    w.row("physics", "ada").default_qos = "free";
    w.row("physics", "bob").default_qos = "dear"; // as the account
    w.row("physics", "eve").default_qos = "free"; // slurmctld does not know her
    CHECK_EQ(factors(), "physics|1001|=0 physics||=2000000 ");
    w.user("ada", "physics");
    structure.associations.back().partition = "long"; // inherits from the account
    CHECK_EQ(factors(), "physics|1001|=0 physics|1001|long=2000000 physics||=2000000 ");
    structure.associations.back().qos = {"normal"};
    structure.associations.back().default_qos = "normal";
    w.row("physics").default_qos.clear();
    w.row("physics", "bob").default_qos.clear();
    CHECK_EQ(factors(), "physics|1001|=0 physics|1001|long=1000000 ");
    w.row("physics").qos = {"dear"}; // the only one
    CHECK_EQ(factors().substr(factors().size() - 18), "physics||=2000000 ");
    w.row("physics").qos = {"free", "dear"}; // no default, and no "normal": slurmctld refuses
    CHECK_EQ(factors(), "physics|1001|=0 physics|1001|long=1000000 ");
    w.set.counting.factor = false;
    CHECK_EQ(factors(), "");
}

CASE(quotes_have_the_budgets_of_all_policies) {
    const auto quoted = [](World& w) {
        w.cycle(utc(2026, 11, 3));
        return policy::snapshot(w.set, w.zone, w.facts.structure, w.decision,
                                policy::SnapshotFor::quotes);
    };
    World off = checked(model::BudgetCheck::off);
    off.facts.structure.partitions = {{"main", true, false, 60, {}}};
    off.set.policies[0].limits.enabled = false;
    CHECK(whole(off, utc(2026, 11, 3)).partitions.empty());
    const auto unchecked = quoted(off);
    CHECK_EQ(unchecked.accounts.size(), 3U);
    CHECK_EQ(unchecked.accounts[0].bounded_by, "physics");
    CHECK(unchecked.accounts[2].check == model::BudgetCheck::off);
    CHECK(!unchecked.accounts[2].waits);
    CHECK_EQ(unchecked.accounts[2].budgets[0].left, (1800 - 800) * 3600);
    CHECK_EQ(unchecked.partitions.size(), 1U);
    off.set.policies[0].limits.enabled = true;
    CHECK(quoted(off).accounts[2].waits);
    World observed = checked(model::BudgetCheck::refuse);
    observed.set.policies[0].mode = model::Mode::observe;
    const auto observing = quoted(observed);
    CHECK(observing.accounts[2].check == model::BudgetCheck::off);
    CHECK_EQ(observing.accounts[2].budgets.size(), 1U);
}

// Slurm keeps a job that does not fit within the limits waiting, without a message.
CASE(where_limits_hold_jobs_are_checked_by_default) {
    World w = checked(model::BudgetCheck::off);
    auto& policy = w.set.policies[0];
    policy.budget_check.reset();
    const auto physics_ = [&] { return whole(w, utc(2026, 11, 3)).accounts.back(); };
    policy.limits.enabled = true;
    CHECK(physics_().check == model::BudgetCheck::warn);
    CHECK(physics_().waits);
    CHECK_EQ(physics_().budgets.size(), 1U);
    policy.limits.enabled = false;
    CHECK(physics_().check == model::BudgetCheck::off);
    policy.limits = {};
    policy.limits.enabled = true;
    policy.limits.type = model::LimitType::grp_tres;
    CHECK(physics_().check == model::BudgetCheck::off);
    policy.budget_check = model::BudgetCheck::refuse;
    CHECK(physics_().check == model::BudgetCheck::refuse);
    CHECK(!physics_().waits);
    policy.limits.type = model::LimitType::grp_tres_mins;
    CHECK(physics_().waits);
    policy.budget_check = model::BudgetCheck::off;
    CHECK(physics_().check == model::BudgetCheck::off);
}

CASE(what_staff_has_pinned_is_not_checked) {
    World w = checked(model::BudgetCheck::refuse);
    w.facts.history.overrides.push_back(
        {1, "physics", model::Standing::normal, utc(2026, 1, 1), utc(2027, 1, 1), "deadline", ""});
    for (const auto& account : whole(w, utc(2026, 11, 3)).accounts)
        CHECK(account.budgets.empty() && account.bounded_by.empty());
}

CASE(a_weighted_budget_has_the_scale_of_its_weights) {
    World w = checked(model::BudgetCheck::refuse);
    auto& billing = w.set.policies[0].billing;
    billing.enabled = true;
    billing.weights = {{"node_hours", dec("2")}, {"gpu_hours", dec("0.5")}};
    w.set.components.push_back({"gpu_hours", "gres/gpu", Decimal::whole(60)});
    w.grant("physics", "400", "gpu_hours");
    const auto snapshot = whole(w, utc(2026, 11, 3));
    // Granted 2 x 1200 + 0.5 x 400 = 2600, limit 3900, used 1600: 2300 units of 4 points an hour.
    CHECK_EQ(snapshot.measures.size(), 1U);
    const auto& measure = snapshot.measures[0];
    CHECK_EQ(measure.name, "billing");
    CHECK_EQ(measure.terms.size(), 2U);
    CHECK_EQ(measure.terms[0].weight, 4);
    CHECK_EQ(measure.terms[1].weight, 1);
    CHECK_EQ(measure.per_unit, 2 * 3600);
    const auto& physics_ = snapshot.accounts.back();
    CHECK_EQ(physics_.budgets[0].left, std::int64_t{2300} * measure.per_unit);
}

CASE(what_slurm_prices_itself_is_not_checked) {
    World w = checked(model::BudgetCheck::refuse);
    w.set.components = {{"billing_hours", "billing", Decimal::whole(60)}};
    w.set.accounts.clear();
    w.grant("physics", "10", "billing_hours");
    for (const auto& account : whole(w, utc(2026, 11, 3)).accounts)
        CHECK(account.budgets.empty());
}

CASE(no_text_for_submitters_steers_their_terminal) {
    const std::string name = "physics" + test::kHostile;
    const std::string below = "optics" + test::kHostile;
    for (const bool own_words : {false, true})
        for (const std::int64_t hours : {1300, 1100, 0}) {
            World w;
            w.policy();
            w.account(name);
            w.account(below, name);
            w.grant(name, "1000");
            w.set.contact = "hpc" + test::kHostile;
            if (own_words)
                w.set.texts.refusal = w.set.texts.warning =
                    "{account} {source} {cluster} {cause} {reason} {contact} {qos} {component}";
            if (hours == 0)
                w.facts.history.overrides = {{1, name, model::Standing::paused, utc(2026, 1, 1),
                                              utc(2027, 1, 1), "x" + test::kHostile, "ann"}};
            w.use(utc(2026, 10, 2), name, hours);
            for (const auto& account : {name, below}) {
                const auto one = record(w, utc(2026, 11, 3), account);
                CHECK(!one.text.empty());
                CHECK(one.text.starts_with("account ") || own_words);
                CHECK_EQ(test::harm_in(one.text) + test::harm_in(one.contact), "");
                CHECK(one.text.size() <= model::kMaxTextBytes);
            }
        }
}
