// SPDX-License-Identifier: GPL-2.0-or-later
// Usage by day: days of the zone from rollups and evaluations, earlier periods, what is missing.
#include "daemon/core/operator.hpp"
#include "daemon/core/usage_history.hpp"
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

namespace {

constexpr Instant kJanuary = instant(1'767'225'600); // 2026-01-01, the period's begin

struct Rollups final : ports::RolledUsage {
    Result<ports::RolledRows> read(const model::Structure& structure, const std::string&,
                                   Window window, Instant) override {
        ++calls;
        seen = window;
        CHECK_EQ(structure.cluster, "c1");
        if (away)
            return Error{Errc::unavailable, "slurmdbd: usage by day: no figures"};
        return answer;
    }
    ports::RolledRows answer;
    Window seen{};
    int calls = 0;
    bool away = false;
};

// Before the loop below takes the rules.
struct Lived : Bench {
    explicit Lived(const std::optional<model::AccountLife>& life) {
        rules.set.accounts["physics"].life = life;
    }
};

struct Serving : Lived {
    explicit Serving(const std::optional<model::AccountLife>& life = std::nullopt) : Lived(life) {
        use_hours(100);
        loop.start();
        CHECK(actions.evaluate({false, {}, false}));
    }
    ~Serving() { loop.stop(60s); }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

    core::Loop loop{ports, sources, std::make_shared<core::Rules>(rules)};
    core::DaemonOperator actions{loop, ports, nullptr, 5s};
    Rollups rollups;
    core::DaemonUsageHistory history{loop, sources, journal, rollups};
};

} // namespace

CASE(days_have_what_rollups_and_evaluations_know) {
    Serving bench;
    bench.rollups.answer.known = Window{kJanuary + 48h, kJanuary + 96h};
    bench.rollups.answer.rows[kJanuary + 48h]["node"] = 5 * kHour;
    bench.rollups.answer.rows[kJanuary + 72h]["node"] = 2 * kHour;
    bench.rollups.answer.rows[kJanuary + 75h]["node"] = kHour; // an hour of the same day
    const auto known = bench.history.by_day("physics", "");
    CHECK(known);
    CHECK_EQ(known->period.label, "2026-Q1");
    CHECK_EQ(known->days.size(), 40U); // up to 10 February
    CHECK(known->days[0].time.begin == kJanuary);
    CHECK(!known->days[1].used);
    CHECK_EQ(known->days[2].used->at("node"), 5 * kHour);
    CHECK_EQ(known->days[3].used->at("node"), 3 * kHour);
    CHECK(!known->days[4].used);
    CHECK_EQ(known->effective.at("node_hours"), 1000 * kHour);
    CHECK(known->error.empty());
    CHECK(!known->cut);
    CHECK(bench.rollups.seen.begin == kJanuary);
    CHECK(bench.history.by_day("physics", "2026-Q1"));
    CHECK_EQ(bench.rollups.calls, 1); // the same question within a minute
}

CASE(earlier_periods_can_be_asked_for_and_others_are_named) {
    Serving bench;
    const auto before = bench.history.by_day("physics", "2025-Q4");
    CHECK(before);
    CHECK_EQ(before->days.size(), 92U);
    CHECK(before->effective.empty()); // never evaluated in that period
    CHECK_EQ(before->periods.size(), 13U);
    CHECK_EQ(before->periods.at(1), "2025-Q4");
    const auto wrong = bench.history.by_day("physics", "2026-Q2");
    CHECK(wrong.error().code == Errc::malformed);
    CHECK(wrong.error().context.starts_with("period must be one of 2026-Q1, 2025-Q4, "));
    CHECK(bench.history.by_day("nobody", "").error().code == Errc::not_found);
}

CASE(earlier_periods_begin_with_the_account) {
    using namespace std::chrono;
    model::AccountLife life;
    life.from = local_days{year{2025} / November / 1};
    Serving bench(life);
    const auto before = bench.history.by_day("physics", "2025-Q4");
    CHECK(before);
    CHECK_EQ(before->days.size(), 61U);
    CHECK((before->periods == std::vector<std::string>{"2026-Q1", "2025-Q4"}));
}

CASE(without_slurmdbd_the_days_remain_and_the_reason_is_named) {
    Serving bench;
    bench.rollups.away = true;
    const auto failed = bench.history.by_day("physics", "");
    CHECK(failed);
    CHECK_EQ(failed->days.size(), 40U);
    CHECK_EQ(failed->error, "slurmdbd: usage by day: no figures");
    bench.rollups.away = false;
    CHECK(bench.history.by_day("physics", "")->error.empty()); // a failure is not remembered
    bench.sources.down("slurmdbd", {Errc::unavailable, "x"}, kFebruary);
    CHECK_EQ(bench.history.by_day("physics", "2025-Q4")->error, "slurmdbd does not answer");
    CHECK_EQ(bench.rollups.calls, 2); // not asked while it is away
}
