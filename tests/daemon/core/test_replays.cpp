// SPDX-License-Identifier: GPL-2.0-or-later
// Replays: what may be asked for, progress by requests, slurmdbd away in the middle.
#include "daemon/core/operator.hpp"
#include "daemon/core/replays.hpp"
#include "tests/daemon/core/bench.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
using Phase = ports::ReplayState::Phase;

namespace {

// 20 node-hours on each of the first 70 days of 2026.
struct Rollups final : ports::RolledUsage {
    Result<ports::RolledRows> read(const model::Structure&, const std::string& account, Window time,
                                   Instant) override {
        names.push_back(account);
        if (away)
            return Error{Errc::unavailable, "slurmdbd: usage by day: no figures"};
        ports::RolledRows out;
        if (!empty)
            out.known = time;
        for (int day = 0; day < 70; ++day)
            out.rows[kFebruary + (day - 40) * 24h]["node"] = 20 * kHour;
        return out;
    }
    std::vector<std::string> names;
    bool away = false;
    bool empty = false;
};

struct Serving : Bench {
    Serving() {
        slurm.add_account("chem");
        rules.set.policies[0].carryover.enabled = false;
        rules.set.accounts["chem"].allocation = {{"node_hours", Decimal::whole(10'000)}};
        loop.use(std::make_shared<core::Rules>(rules));
        loop.start();
        CHECK(actions.evaluate({false, {}, false}));
    }
    ~Serving() { loop.stop(60s); }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

    Result<ports::ReplayState> begin(const std::string& from, const std::string& until = "",
                                     const std::string& by = "ann") {
        return replays.begin({std::nullopt, from, until, by});
    }
    std::string refused(const std::string& from, const std::string& until = "") {
        const auto answer = begin(from, until);
        CHECK(!answer);
        CHECK(answer.error().code == Errc::malformed);
        return answer.error().context;
    }

    core::Loop loop{ports, sources, std::make_shared<core::Rules>(rules)};
    core::DaemonOperator actions{loop, ports, nullptr, 5s};
    Rollups rollups;
    core::DaemonReplays replays{loop, sources, rollups, 0ms}; // one account or day a request
};

} // namespace

CASE(each_request_goes_a_step_further_until_the_result_is_there) {
    Serving bench;
    const auto begun = bench.begin("2026-01-01", "2026-02-10");
    CHECK(begun);
    CHECK(begun->phase == Phase::usage);
    CHECK_EQ(begun->total, 2U);
    CHECK(bench.rollups.names.empty()); // nothing is read before the client asks
    CHECK(bench.replays.proceed(begun->id)->done == 1);
    const auto read = bench.replays.proceed(begun->id);
    CHECK(read->phase == Phase::days);
    CHECK_EQ(bench.rollups.names, (std::vector<std::string>{"chem", "physics"}));
    CHECK_EQ(read->total, 132U); // with the quarter before
    auto state = bench.replays.proceed(begun->id);
    for (int i = 0; i < 200 && state->phase != Phase::done; ++i)
        state = bench.replays.proceed(begun->id);
    CHECK(state->phase == Phase::done);
    CHECK_EQ(state->accounts, 2U);
    CHECK_EQ(state->normal, 1U);
    CHECK_EQ(state->standings->size(), 1U); // 800 of 1000 on 9 February
    CHECK_EQ(state->standings->front().account, "physics");
    CHECK_EQ(state->standings->front().standing, "warned");
    CHECK_EQ(state->standings->front().days, 1);
    CHECK(bench.replays.proceed(begun->id)->standings); // stays
    CHECK_EQ(bench.rollups.names.size(), 2U);
}

CASE(a_time_that_cannot_be_replayed_is_refused_with_its_name) {
    Serving bench;
    CHECK_EQ(bench.refused(""), "from is missing; name the first day, such as 2026-01-01");
    CHECK(bench.refused("never").starts_with("from: "));
    CHECK(bench.refused("2026-01-01", "never").starts_with("until: "));
    CHECK_EQ(bench.refused("2027-01-01"), "from 2027-01-01 is not before now");
    CHECK_EQ(bench.refused("2026-02-01", "2026-01-01"), "until 2026-01-01 is not after from");
    CHECK(bench.refused("2020-01-01").find("1100 days before the end") != std::string::npos);
    CHECK(bench.begin("2026-01-01", "2030-01-01")->time.end == kFebruary); // no future
    CHECK(bench.replays.begin({"x", "2026-01-01", "", "ann"}).error().code == Errc::unavailable);
}

CASE(slurmdbd_away_keeps_what_was_read) {
    Serving bench;
    const auto id = bench.begin("2026-01-01")->id;
    CHECK(bench.replays.proceed(id));
    bench.rollups.away = true;
    CHECK(bench.replays.proceed(id).error().code == Errc::unavailable);
    bench.rollups.away = false;
    bench.sources.down("slurmdbd", {Errc::unavailable, "x"}, kFebruary);
    CHECK_EQ(bench.replays.proceed(id).error().context, "slurmdbd does not answer");
    bench.sources.up("slurmdbd", kFebruary);
    CHECK(bench.replays.proceed(id)->phase == Phase::days);
    CHECK_EQ(bench.rollups.names, (std::vector<std::string>{"chem", "physics", "physics"}));
}

CASE(without_rollups_a_replay_is_refused) {
    Serving bench;
    bench.rollups.empty = true;
    const auto answer = bench.replays.proceed(bench.begin("2026-01-01")->id);
    CHECK(answer.error().context.find("no rolled-up usage since 2025-10-01") != std::string::npos);
}

CASE(one_replay_at_a_time) {
    Serving bench;
    const auto first = bench.begin("2026-01-01")->id;
    const auto other = bench.begin("2026-01-01", "", "bob");
    CHECK(other.error().code == Errc::conflict);
    CHECK(other.error().context.starts_with("a replay by ann is under way"));
    const auto second = bench.begin("2026-02-01"); // the same person begins again
    CHECK(second);
    CHECK(bench.replays.proceed(first).error().code == Errc::not_found);
    CHECK(bench.replays.proceed(second->id));
}

CASE(a_replay_that_is_left_is_forgotten_without_another_request) {
    Serving bench;
    const auto now = [] { return std::chrono::steady_clock::now(); };
    bench.replays.forget_abandoned(now()); // none
    const auto left = bench.begin("2026-01-01")->id;
    bench.replays.forget_abandoned(now() + 9min);
    CHECK(bench.replays.proceed(left));
    bench.replays.forget_abandoned(now() + 10min);
    const auto gone = bench.replays.proceed(left);
    CHECK(gone.error().code == Errc::not_found);
    CHECK(gone.error().context.find("for 10 min after it was left") != std::string::npos);
    CHECK(bench.begin("2026-01-01", "", "bob")); // the abandoned one is gone

    const auto done = bench.begin("2026-02-01", "2026-02-03", "bob")->id;
    auto state = bench.replays.proceed(done);
    for (int i = 0; i < 200 && state->phase != Phase::done; ++i)
        state = bench.replays.proceed(done);
    bench.replays.forget_abandoned(now() + 24h);
    CHECK(bench.replays.proceed(done)->standings); // a result is small, and has an address
}
