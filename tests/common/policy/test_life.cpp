// SPDX-License-Identifier: GPL-2.0-or-later
// The life of an account: what holds before its begin and after its end, its clipped periods, and
// the same from the plugin's snapshot while the daemon is away.
#include "common/format/notice.hpp"
#include "common/policy/evaluate/life.hpp"
#include "tests/common/policy/generator.hpp"
#include "tests/common/policy/world.hpp"

#include <algorithm>
#include <string>

using namespace sluice;
using model::AccountLife;
using model::LifeEnd;
using model::Standing;
using test::dec;
using test::utc;
using test::World;

namespace {

std::chrono::local_seconds day(int y, unsigned m, unsigned d) {
    using namespace std::chrono;
    return local_days{year{y} / month{m} / std::chrono::day{d}};
}

Amount hours(std::int64_t n) {
    return n * 3600;
}

// physics has 900 in each quarter, a child optics without an allocation, and chem beside it.
World world(std::optional<std::chrono::local_seconds> from,
            std::optional<std::chrono::local_seconds> until, LifeEnd then = LifeEnd::pause,
            bool prorate = false) {
    World w;
    w.policy();
    for (const char* name : {"physics", "chem"}) {
        w.account(name);
        w.grant(name, "900");
    }
    w.account("optics", "physics");
    w.row("physics").qos = {"normal"};
    AccountLife life;
    life.from = from;
    life.until = until;
    life.then = then;
    life.prorate = prorate;
    w.set.accounts["physics"].life = life;
    return w;
}

model::Snapshot snapshot(const World& w) {
    return policy::snapshot(w.set, w.zone, w.facts.structure, w.decision);
}

// What the plugin has for the account at `at` by this snapshot alone.
model::SnapshotPhase phase(const World& w, const std::string& account, Instant at) {
    for (const auto& one : snapshot(w).accounts) {
        if (one.name != account)
            continue;
        model::SnapshotPhase now{w.decision.now, one.standing, one.text, one.contact};
        for (const auto& next : one.later)
            if (next.from <= at)
                now = next;
        return now;
    }
    return {};
}

std::string joined(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines)
        all += line + '\n';
    return all;
}

bool has(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

} // namespace

CASE(an_account_is_paused_before_its_begin_and_after_its_end) {
    World w = world(day(2026, 2, 1), day(2026, 6, 1));
    w.run(utc(2026, 1, 10));
    CHECK(w.of("physics").flags.paused && w.of("physics").enforced.paused);
    CHECK(w.of("physics").cause.kind == model::CauseKind::life);
    CHECK(w.of("physics").until == utc(2026, 2, 1));
    CHECK(w.of("physics").figures.empty());
    CHECK(has(joined(w.explain()), "The account begins on 2026-02-01 and ends on 2026-06-01."));
    CHECK(has(joined(w.explain()), "The account is paused because it has not begun."));
    CHECK_EQ(w.row("physics").default_qos, "blocked");
    w.use(utc(2026, 1, 20), "physics", 800); // before: not counted
    w.use(utc(2026, 2, 10), "physics", 100);
    w.run(utc(2026, 2, 15));
    CHECK(w.of("physics").flags == model::Flags{});
    CHECK_EQ(w.of("physics").figures[0].used(), hours(100));
    CHECK(w.of("physics").period.begin == utc(2026, 2, 1));
    CHECK_EQ(w.of("physics").figures[0].carryover.reason, "no_previous_period");
    w.run(utc(2026, 5, 31, 23));
    CHECK(w.of("physics").flags == model::Flags{});
    CHECK(w.of("physics").period.end == utc(2026, 6, 1));
    w.run(utc(2026, 6, 1));
    CHECK(w.of("physics").flags.paused);
    CHECK(!w.of("physics").until);
    CHECK(w.of("physics").actions_taken == (std::vector<std::string>{"pause", "downscale"}));
    CHECK(has(joined(w.explain()), "because it has ended."));
    for (const Instant at : {utc(2026, 7, 1), utc(2027, 3, 1)}) {
        w.run(at);
        CHECK(w.of("physics").flags.paused);
        CHECK(w.of("physics").actions_taken.empty());
        CHECK(!w.of("physics").noteworthy);
        for (const auto& command : w.plan.commands)
            CHECK_EQ(command.account, "chem"); // its new period
    }
}

CASE(the_snapshot_begins_and_ends_an_account_while_the_daemon_is_away) {
    World w = world(day(2026, 2, 1), day(2026, 3, 11));
    w.run(utc(2026, 1, 10));
    for (const char* account : {"physics", "optics"}) {
        CHECK(phase(w, account, utc(2026, 1, 31, 23)).standing == Standing::paused);
        CHECK(phase(w, account, utc(2026, 2, 1)).standing == Standing::normal);
        CHECK(phase(w, account, utc(2026, 3, 10, 23)).standing == Standing::normal);
        CHECK(phase(w, account, utc(2026, 3, 11)).standing == Standing::paused);
    }
    CHECK(has(phase(w, "physics", utc(2026, 1, 11)).text,
              "account physics is paused: account physics begins on 2026-02-01."));
    CHECK(has(phase(w, "optics", utc(2026, 4, 1)).text,
              "account optics is paused with account physics: account physics ended on "
              "2026-03-11."));
    CHECK(policy::next_event(w.set, w.zone, utc(2026, 1, 10), {}) == utc(2026, 2, 1));
    CHECK(policy::next_event(w.set, w.zone, utc(2026, 3, 1), {}) == utc(2026, 3, 11));
    w.use(utc(2026, 2, 2), "physics", 2000);
    w.run(utc(2026, 2, 3)); // paused by usage: its end does not open it
    CHECK(phase(w, "physics", utc(2026, 2, 4)).standing == Standing::paused);
    CHECK(phase(w, "physics", utc(2026, 3, 11)).standing == Standing::paused);
    CHECK(phase(w, "physics", utc(2026, 4, 1)).standing == Standing::paused);
}

CASE(without_anything_granted_the_begin_opens_nothing_by_itself) {
    World w = world(day(2026, 2, 1), std::nullopt);
    w.set.accounts["physics"].allocation = model::Allocation{{"node_hours", dec("0")}};
    w.run(utc(2026, 1, 10));
    CHECK(phase(w, "physics", utc(2026, 2, 1)).standing == Standing::paused);
}

CASE(then_downscale_slows_the_account_down) {
    World w = world(std::nullopt, day(2026, 3, 1), LifeEnd::downscale);
    w.run(utc(2026, 2, 1));
    CHECK(phase(w, "physics", utc(2026, 3, 1)).standing == Standing::downscaled);
    CHECK(has(phase(w, "physics", utc(2026, 3, 1)).text, "account physics ended on 2026-03-01"));
    w.run(utc(2026, 3, 1));
    CHECK(w.of("physics").enforced == (model::Flags{false, true}));
    CHECK_EQ(w.of("physics").enforced_qos, "slowdown");
}

CASE(then_release_leaves_a_pause_by_staff) {
    World w = world(std::nullopt, day(2026, 3, 1), LifeEnd::release);
    w.facts.history.overrides.push_back(
        {1, "physics", Standing::paused, utc(2026, 2, 1), utc(2026, 4, 1), "report", "root"});
    w.run(utc(2026, 2, 28));
    w.run(utc(2026, 2, 28));
    CHECK_EQ(w.row("physics").default_qos, "blocked");
    w.run(utc(2026, 3, 1));
    w.run(utc(2026, 3, 2));
    CHECK(w.of("physics").enforced.paused);
    CHECK_EQ(w.row("physics").default_qos, "blocked");
}

CASE(then_release_restores_what_sluice_had_set) {
    World w = world(std::nullopt, day(2026, 3, 1), LifeEnd::release);
    const auto before = w.facts.structure.associations;
    w.use(utc(2026, 1, 2), "physics", 2000);
    w.run(utc(2026, 2, 1));
    w.run(utc(2026, 2, 1));
    CHECK_EQ(w.row("physics").default_qos, "blocked");
    CHECK(!w.row("physics").grp_tres_mins.empty());
    CHECK(phase(w, "physics", utc(2026, 3, 1)).standing == Standing::normal);
    w.collect_and_plan(utc(2026, 3, 1));
    w.apply();
    CHECK(w.decision.find("physics") == nullptr);
    w.collect_and_plan(utc(2026, 3, 1, 1));
    w.apply();
    CHECK(w.row("physics").qos == std::vector<std::string>{"normal"});
    CHECK(w.row("physics").default_qos.empty());
    CHECK(w.row("physics").grp_tres_mins.empty());
    CHECK_EQ(w.row("chem").account, "chem");
    w.collect_and_plan(utc(2026, 3, 2));
    CHECK(w.plan.commands.empty());
    w.set.accounts.erase("physics"); // its line goes, too: no rule is lost
    w.collect_and_plan(utc(2026, 3, 3));
    CHECK(w.decision.find("physics") == nullptr);
}

CASE(a_clipped_period_has_its_share_of_the_allocation) {
    const struct {
        std::optional<std::chrono::local_seconds> from;
        std::optional<std::chrono::local_seconds> until;
        Instant now;
        bool prorate;
        Amount base;
    } rows[] = {
        {day(2026, 2, 1), {}, utc(2026, 3, 1), true, hours(590)}, // 59 of 90 days
        {day(2026, 2, 1), {}, utc(2026, 3, 1), false, hours(900)},
        {day(2026, 2, 1), {}, utc(2026, 5, 1), true, hours(900)}, // whole
        {{}, day(2026, 1, 2), utc(2026, 1, 1, 5), true, hours(10)},
        {day(2026, 1, 31), day(2026, 2, 1), utc(2026, 1, 31, 5), true, hours(10)},
        {day(2025, 1, 1), day(2027, 1, 1), utc(2026, 1, 31), true, hours(900)},
    };
    for (const auto& row : rows) {
        World w = world(row.from, row.until, LifeEnd::pause, row.prorate);
        CHECK_EQ(w.run(row.now).figures[0].allocation, row.base);
    }
    const model::Period whole{"q", utc(2026, 1, 1), utc(2026, 4, 1)};
    CHECK_EQ(*policy::prorated(1, {"q", utc(2026, 1, 1), utc(2026, 2, 15)}, whole), 1); // 0.5: up
    CHECK_EQ(*policy::prorated(1, {"q", utc(2026, 1, 1), utc(2026, 2, 14)}, whole), 0);
    CHECK_EQ(*policy::prorated(900, whole, whole), 900);
}

CASE(carryover_compares_the_clipped_period_with_its_share) {
    World w = world(day(2026, 2, 1), std::nullopt, LifeEnd::pause, true);
    w.use(utc(2026, 1, 20), "physics", 800);
    w.use(utc(2026, 2, 10), "physics", 290);
    w.run(utc(2026, 3, 30));
    const auto& carry = w.run(utc(2026, 4, 2)).figures[0].carryover;
    CHECK(carry.applied);
    CHECK_EQ(carry.base, hours(590));
    CHECK_EQ(carry.used_before, hours(290));
    CHECK_EQ(carry.unused, hours(300));
    CHECK_EQ(carry.cap, hours(450));
    CHECK_EQ(carry.carry, hours(300));
}

CASE(a_life_that_ends_lends_nothing) {
    World w = world(std::nullopt, day(2026, 6, 1));
    w.set.policies[0].borrow.factor = Decimal::whole(10);
    CHECK_EQ(w.run(utc(2026, 1, 10)).figures[0].borrowed, hours(90));
    CHECK_EQ(w.run(utc(2026, 4, 10)).figures[0].borrowed, 0);
    World first = world(day(2026, 2, 1), std::nullopt);
    first.set.policies[0].borrow.factor = Decimal::whole(10);
    CHECK_EQ(first.run(utc(2026, 2, 10)).figures[0].borrowed, hours(90));
}

CASE(an_override_opens_an_account_that_has_ended) {
    World w = world(std::nullopt, day(2026, 3, 1));
    w.run(utc(2026, 2, 1));
    w.facts.history.overrides.push_back(
        {1, "physics", Standing::normal, utc(2026, 3, 5), utc(2026, 3, 10), "report", "root"});
    w.run(utc(2026, 3, 6));
    CHECK(!w.of("physics").flags.paused);
    CHECK(w.of("physics").cause.kind == model::CauseKind::override_);
    CHECK(phase(w, "physics", utc(2026, 3, 9)).standing == Standing::normal);
    CHECK(phase(w, "physics", utc(2026, 3, 10)).standing == Standing::paused);
    w.run(utc(2026, 3, 6)); // no limit keeps its jobs from starting, and its shares stay
    CHECK(w.row("physics").grp_tres_mins.empty());
    CHECK_EQ(w.row("physics").shares, 1U);
    w.run(utc(2026, 3, 10));
    CHECK(w.of("physics").flags.paused);
    CHECK(w.of("physics").cause.kind == model::CauseKind::life);
}

CASE(accounts_below_end_with_the_account_above) {
    World w = world(std::nullopt, day(2026, 3, 1));
    w.grant("optics", "100");
    w.run(utc(2026, 2, 1));
    CHECK(phase(w, "optics", utc(2026, 3, 1)).standing == Standing::paused);
    w.run(utc(2026, 3, 1));
    CHECK(w.of("optics").flags.paused);
    CHECK(w.of("optics").cause.kind == model::CauseKind::ancestor);
    CHECK(!w.of("chem").flags.paused);
}

CASE(limits_and_shares_of_an_account_that_has_ended_stay) {
    World w = world(std::nullopt, day(2026, 3, 1));
    w.set.policies[0].fairshare.enabled = true;
    w.run(utc(2026, 2, 1));
    w.run(utc(2026, 2, 1));
    const auto limits = w.row("physics").grp_tres_mins;
    const auto shares = w.row("physics").shares;
    CHECK(!limits.empty());
    for (int i = 0; i < 3; ++i)
        w.run(utc(2026, 3, 1 + static_cast<unsigned>(i)));
    CHECK(w.row("physics").grp_tres_mins == limits);
    CHECK_EQ(w.row("physics").shares, shares);
}

CASE(an_end_that_is_not_given_any_more_opens_nothing) {
    for (const auto& [now, paused] :
         {std::pair{utc(2026, 3, 5), true}, std::pair{utc(2026, 2, 5), false}}) {
        for (const bool all : {true, false}) {
            World w = world(std::nullopt, day(2026, 3, 1));
            w.run(utc(2026, 2, 1));
            w.run(now - std::chrono::hours(1));
            if (all)
                w.set.accounts["physics"].life.reset();
            else
                w.set.accounts["physics"].life->until.reset();
            for (const Instant at : {now, utc(2026, 3, 20), utc(2026, 4, 2)}) {
                w.run(at);
                CHECK(w.of("physics").fault == model::Fault::rules);
                CHECK_EQ(w.of("physics").enforced.paused, paused || at >= utc(2026, 3, 1));
            }
            CHECK(has(w.of("physics").error, "its end (until) is not given any more"));
            model::release(w.facts.history.accounts.at("physics"));
            CHECK(!w.run(utc(2026, 4, 3)).flags.paused);
        }
        World w = world(std::nullopt, day(2026, 3, 1)); // a person writes that it has no end
        w.run(utc(2026, 2, 1));
        w.run(now);
        w.set.accounts["physics"].life = AccountLife{};
        w.set.accounts["physics"].life->endless = true;
        CHECK(w.run(now).error.empty());
        CHECK(!w.of("physics").flags.paused);
    }
    World w = world(day(2026, 3, 1), std::nullopt);
    w.run(utc(2026, 2, 1));
    w.set.accounts["physics"].life.reset();
    w.run(utc(2026, 2, 2));
    CHECK(w.of("physics").fault == model::Fault::rules);
    CHECK(w.of("physics").enforced.paused);
}

CASE(nothing_that_is_missing_keeps_an_account_from_ending) {
    World w = world(std::nullopt, day(2026, 3, 1));
    w.run(utc(2026, 2, 1));
    std::erase_if(w.facts.structure.tres, [](const auto& tres) { return tres.name == "node"; });
    w.run(utc(2026, 2, 20));
    CHECK(w.of("physics").fault == model::Fault::missing_tres);
    CHECK(phase(w, "physics", utc(2026, 2, 28)).standing == Standing::normal);
    CHECK(phase(w, "physics", utc(2026, 3, 1)).standing == Standing::paused);
    w.run(utc(2026, 3, 2));
    CHECK(w.of("physics").error.empty());
    CHECK(w.of("physics").enforced.paused);
}

CASE(an_untrusted_clock_ends_an_account_but_begins_none) {
    for (const LifeEnd then : {LifeEnd::pause, LifeEnd::release}) {
        World w = world(std::nullopt, day(2026, 3, 1), then);
        w.use(utc(2026, 1, 2), "physics", 2000);
        w.run(utc(2026, 2, 1));
        w.facts.clock.state = model::ClockState::forward;
        w.cycle(utc(2026, 3, 2));
        CHECK(w.of("physics").enforced.paused);
    }
    World w = world(day(2026, 3, 1), std::nullopt);
    w.run(utc(2026, 2, 1));
    w.facts.clock.state = model::ClockState::forward;
    w.cycle(utc(2026, 3, 2));
    CHECK(w.of("physics").enforced.paused);
}

CASE(many_new_ends_wait_for_a_person) {
    for (const LifeEnd then : {LifeEnd::pause, LifeEnd::release}) {
        World w = world(std::nullopt, std::nullopt);
        w.set.accounts["physics"].life.reset();
        w.facts.guard = {0, 0};
        w.facts.rules_version = "1";
        w.run(utc(2026, 2, 1));
        AccountLife life;
        life.until = day(2026, 1, 1);
        life.then = then;
        w.set.accounts["physics"].life = life;
        w.facts.rules_version = "2";
        for (int hour = 0; hour < 3; ++hour) {
            w.run(utc(2026, 2, 2, hour));
            CHECK(w.of("physics").fault == model::Fault::guard);
            CHECK(!w.of("physics").flags.paused);
        }
        model::release(w.facts.history.accounts.at("physics"));
        w.collect_and_plan(utc(2026, 2, 3));
        w.apply();
        const auto* out = w.decision.find("physics");
        CHECK(then == LifeEnd::pause ? out != nullptr && out->flags.paused : out == nullptr);
    }
}

CASE(the_end_is_announced_twice_and_once_each) {
    World w = world(std::nullopt, day(2026, 4, 11)); // a period begins in between
    std::vector<int> announced;
    for (Instant at = utc(2026, 3, 20); at < utc(2026, 4, 12); at += std::chrono::hours(6)) {
        const auto& out = w.run(at);
        if (out.ends_within == 0)
            continue;
        announced.push_back(out.ends_within);
        CHECK(out.actions_taken == std::vector<std::string>{"notify"});
        const auto notice = format::notice(w.set, {}, w.zone, w.decision, out, {});
        CHECK(notice && notice->level == "ending");
        CHECK(has(notice->subject, "Account physics on lab ends on 2026-04-11"));
        CHECK(has(notice->text, "From then on new jobs are refused."));
    }
    CHECK(announced == (std::vector<int>{14, 3}));
    World late = world(std::nullopt, day(2026, 4, 11));
    CHECK_EQ(late.run(utc(2026, 4, 10)).ends_within, 3); // 14 is passed: one notice
    CHECK_EQ(late.run(utc(2026, 4, 10, 1)).ends_within, 0);
}

// Second by second: an account with a life stands as one that was made at its begin, with the usage
// from there on, and is paused outside.
CASE(a_life_is_an_account_that_exists_for_so_long) {
    for (std::uint64_t seed = 1; seed <= 400; seed += test::kStride) {
        test::Generator random(seed);
        const Instant from = random.within(utc(2026, 1, 1), utc(2026, 9, 1));
        const Instant until = random.within(from + std::chrono::hours(1), utc(2027, 3, 1));
        const Instant now = random.within(utc(2026, 1, 1), utc(2027, 6, 1));
        const auto local = [](Instant at) {
            return std::chrono::local_seconds{at.time_since_epoch()};
        };
        World w = world(local(from), local(until), LifeEnd::pause, random.one_in(2));
        w.set.policies[0].period = random.period();
        World other = world(std::nullopt, std::nullopt);
        other.set.accounts["physics"].life.reset();
        other.set.policies[0].period = w.set.policies[0].period;
        for (int i = 0; i < 30; ++i) {
            const Instant at = random.within(utc(2025, 12, 1), utc(2027, 6, 1));
            const auto amount = random.number(1, 200);
            w.use(at, "physics", amount);
            if (at >= from)
                other.use(at, "physics", amount);
        }
        const auto& got = w.run(now);
        CHECK_EQ(got.enforced.paused, got.closed() || got.by_usage.flags.paused);
        CHECK_EQ(got.closed(), now < from || now >= until);
        if (got.closed())
            continue;
        const auto& want = other.run(now);
        CHECK_EQ(got.figures[0].used(), want.figures[0].used());
        const auto whole = policy::period_at(w.set.policies[0].period, w.zone, now);
        const Instant begin = std::max(whole.begin, from);
        Amount base = hours(900);
        if (w.set.accounts["physics"].life->prorate && whole.end) {
            const Instant end = std::min(*whole.end, until);
            const Wide parts = Wide{base} * (end - begin).count();
            const Wide all = (*whole.end - whole.begin).count();
            base = static_cast<Amount>((2 * parts + all) / (2 * all));
        }
        CHECK_EQ(got.figures[0].allocation, base);
        CHECK(got.period.begin == begin);
        CHECK(got.period.label == whole.label);
        // A second evaluation on the same facts changes nothing, and the snapshot ends it on time.
        const auto flags = got.flags;
        CHECK(w.run(now).flags == flags);
        w.run(now);
        CHECK(w.plan.commands.empty());
        CHECK(phase(w, "physics", until).standing == Standing::paused);
    }
}
