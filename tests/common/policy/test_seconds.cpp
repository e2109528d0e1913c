// SPDX-License-Identifier: GPL-2.0-or-later
// What must hold at the hard instants of a calendar and for any figures: 10,000 generated cases
// with fixed seeds for each property, all without a cluster around them.
#include "common/policy/evaluate/carryover.hpp"
#include "common/policy/evaluate/thresholds.hpp"
#include "common/policy/meter.hpp"
#include "common/policy/periods.hpp"

#include "tests/common/policy/generator.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono;
using test::Generator;
using test::utc;

namespace {

constexpr std::uint64_t kCases = 10000;

struct Place {
    Zone zone;
    std::vector<Instant> hard; // clock changes, leap days, year ends
};

// The first instant after `low` with another offset; the offset at `high` is another one.
Instant change_between(const Zone& zone, Instant low, Instant high) {
    const auto before = zone.local(low).offset;
    while (high - low > seconds{1}) {
        const Instant middle = low + (high - low) / 2;
        (zone.local(middle).offset == before ? low : high) = middle;
    }
    return high;
}

Place place(const char* name) {
    auto loaded = Zone::load(name);
    if (!loaded)
        test::fail(loaded.error().context);
    Place out{*loaded, {}};
    for (Instant day = utc(2010, 1, 1); day < utc(2038, 1, 1); day += days{1})
        if (out.zone.local(day).offset != out.zone.local(day + days{1}).offset)
            out.hard.push_back(change_between(out.zone, day, day + days{1}));
    for (int y = 2010; y < 2038; ++y) {
        out.hard.push_back(out.zone.start_of_day(year{y} / 1 / 1));
        if (year{y}.is_leap())
            for (const auto day : {year{y} / 2 / 29, year{y} / 3 / 1})
                out.hard.push_back(out.zone.start_of_day(day));
    }
    return out;
}

const std::vector<Place>& places() {
    static const auto* all = new std::vector<Place>{
        place("UTC"),          place("Europe/Tallinn"),      place("America/New_York"),
        place("Asia/Kolkata"), place("Australia/Lord_Howe"), place("Pacific/Apia")};
    return *all;
}

// A job around a hard instant, and a rule whose period may begin on that very day.
struct Job {
    const Zone* zone = nullptr;
    model::PeriodRule rule;
    Instant start{};
    Instant end{};
    std::int64_t rate = 1;
};

Job job_at_a_hard_instant(Generator& g, std::uint64_t seed) {
    const Place& where = places()[seed % places().size()];
    const Instant hard =
        where.hard[static_cast<std::size_t>(g.number(0, std::ssize(where.hard) - 1))];
    Job job;
    job.zone = &where.zone;
    job.rule = g.period();
    if (job.rule.kind == model::PeriodKind::total || g.one_in(2))
        job.rule = {model::PeriodKind::custom, static_cast<int>(g.number(1, 12)),
                    where.zone.local(hard).date()};
    job.start = hard - seconds{g.number(0, 2 * 86400)};
    job.end = job.start + seconds{g.number(1, 4 * 86400)};
    job.rate = g.number(1, 1000);
    return job;
}

// What each period gets of the pieces [cuts[i], cuts[i + 1]) of the job.
std::vector<Wide> by_period(const Job& job, const std::vector<Instant>& cuts) {
    std::vector<Wide> out;
    auto period = policy::period_at(job.rule, *job.zone, job.start);
    policy::Meter meter(1, period.begin);
    meter.mark(period.begin);
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i)
        meter.job(0, job.rate, cuts[i], cuts[i + 1]);
    while (period.begin < job.end) {
        meter.mark(*period.end);
        out.push_back(meter.between(0, period.begin, *period.end));
        period = policy::period_at(job.rule, *job.zone, *period.end);
    }
    return out;
}

[[noreturn]] void fail(const char* what, std::uint64_t seed) {
    test::fail(std::string(what) + ", seed " + std::to_string(seed));
}

} // namespace

CASE(each_zone_has_its_hard_instants) {
    const std::size_t calendar = 28 + 2 * 7;     // year ends; leap days and the days after them
    CHECK_EQ(places()[0].hard.size(), calendar); // UTC
    CHECK_EQ(places()[1].hard.size(), calendar + 2 * 28); // Europe/Tallinn
    CHECK_EQ(places()[3].hard.size(), calendar);          // Asia/Kolkata
    const Zone& apia = places()[5].zone;                  // had no 30 December 2011
    CHECK_EQ(epoch(apia.start_of_day(year{2011} / 12 / 30)),
             epoch(apia.start_of_day(year{2011} / 12 / 31)));
}

CASE(around_clock_changes_leap_days_and_year_ends_no_second_is_lost) {
    std::uint64_t several = 0;
    for (std::uint64_t seed = 0; seed < kCases; ++seed) {
        Generator g(seed);
        const Job job = job_at_a_hard_instant(g, seed);
        Wide sum = 0;
        const auto parts = by_period(job, {job.start, job.end});
        for (const Wide part : parts)
            sum += part;
        if (sum != Wide{job.rate} * (job.end - job.start).count())
            fail("lost or counted twice", seed);
        several += parts.size() > 1 ? 1 : 0;
    }
    CHECK(several > kCases / 4); // the boundaries were met
}

CASE(each_period_gets_the_same_of_a_job_split_at_any_instant) {
    for (std::uint64_t seed = 0; seed < kCases; ++seed) {
        Generator g(seed + kCases);
        const Job job = job_at_a_hard_instant(g, seed);
        const Instant cut = g.within(job.start, job.end);
        if (by_period(job, {job.start, job.end}) != by_period(job, {job.start, cut, job.end}))
            fail("split", seed);
    }
}

CASE(any_carryover_is_within_its_cap_and_not_below_zero) {
    for (std::uint64_t seed = 0; seed < kCases; ++seed) {
        Generator g(seed);
        model::Policy p;
        g.shape(p);
        const Amount most = g.one_in(2) ? Amount{1} << 50 : 100'000;
        policy::Past past;
        past.period = model::Period{"2026-Q1", utc(2026, 1, 1), utc(2026, 4, 1)};
        past.had_allocation = !g.one_in(5);
        past.base = past.own = g.number(0, most);
        past.used = g.number(0, most);
        const Amount base = g.number(0, most);
        const auto got = policy::carryover(p.carryover, base, past);
        if (!got || got->carry < 0 || got->carry > base)
            fail("below zero or above the base", seed);
        // carry <= base * factor / 100, rounded to the TRES-second
        const Wide hundred = Wide{100} * Decimal::kScale;
        if (p.carryover.model == model::CarryoverModel::cap &&
            Wide{got->carry} * hundred > Wide{base} * p.carryover.factor.scaled() + hundred / 2)
            fail("above the cap", seed);
        past.used += g.number(0, most);
        if (policy::carryover(p.carryover, base, past)->carry > got->carry)
            fail("more used, more carried", seed);
    }
}

CASE(any_standing_is_monotone_in_usage) {
    for (std::uint64_t seed = 0; seed < kCases; ++seed) {
        Generator g(seed);
        model::Policy p;
        g.shape(p);
        const Wide effective = g.one_in(20) ? 0 : g.number(1, 1'000'000);
        const Wide less = g.number(0, 2'000'000), more = less + g.number(0, 2'000'000);
        policy::PreviousState held; // as the last evaluation left it
        held.flags = {g.one_in(2), g.one_in(2)};
        held.stale = g.one_in(4);
        const auto mild = policy::check_thresholds(p, {less, effective, "", 0, 1}, held);
        const auto strict = policy::check_thresholds(p, {more, effective, "", 0, 1}, held);
        if (standing(strict.flags) < standing(mild.flags) ||
            strict.notify_reached < mild.notify_reached ||
            strict.block_creation < mild.block_creation)
            fail("milder", seed);
    }
}
