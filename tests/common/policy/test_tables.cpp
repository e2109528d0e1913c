// SPDX-License-Identifier: GPL-2.0-or-later
// The worked examples of docs/policy.md and of Waldur's SlurmPeriodicUsagePolicy, row by row. Where
// Sluice differs on purpose, the row names Waldur's number and why ours is another.
#include "common/policy/preview.hpp"

#include "tests/common/policy/world.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using test::dec;
using test::utc;
using test::World;

namespace {

using Hours = std::vector<std::pair<const char*, const char*>>;

// Hours as TRES-seconds; the tables have no finer figure than a millionth of an hour.
Amount seconds(const char* hours) {
    return dec(hours).scaled() / 1000 * 3600 / (Decimal::kScale / 1000);
}

World physics(const char* hours = "1000") {
    World w;
    w.policy();
    w.account("physics");
    w.grant("physics", hours);
    return w;
}

void charge(World& w, Instant at, Amount amount, const char* tres = "node") {
    w.charges.push_back({at, "physics", tres, amount});
}

// Components named as their TRES, one unit being an hour, as Waldur's tables have it.
World granted(const Hours& allocation) {
    World w;
    w.policy();
    w.account("physics");
    w.set.components.clear();
    for (const auto& [tres, hours] : allocation) {
        w.set.components.push_back({tres, tres, Decimal::whole(60)});
        w.grant("physics", hours, tres);
    }
    return w;
}

void weigh(World& w, const Hours& weights) {
    auto& billing = w.set.policies[0].billing;
    billing.enabled = true;
    for (const auto& [name, weight] : weights)
        billing.weights[name] = dec(weight);
}

// Waldur's defaults; its memory is in GB.
const Hours kDefaults = {{"CPU", "0.015625"}, {"Mem", "0.001953125"}, {"GRES/gpu", "0.25"}};

// An account that was granted `base` in 2026-Q1, used `used` of it, and now begins Q2.
const model::AccountDecision& second_quarter(World& w, const char* used) {
    w.run(utc(2026, 1, 1));
    charge(w, utc(2026, 1, 2), seconds(used));
    w.run(utc(2026, 1, 3));
    return w.run(utc(2026, 4, 1));
}

} // namespace

CASE(table_of_the_cap_with_its_derivation_and_total) {
    const struct {
        const char *base, *used, *factor, *unused, *cap, *carry, *total;
    } rows[] = {{"1000", "1000", "50", "0", "500", "0", "1000"},
                {"1000", "700", "50", "300", "500", "300", "1300"},
                {"1000", "200", "50", "800", "500", "500", "1500"},
                {"1000", "0", "50", "1000", "500", "500", "1500"},
                {"1000", "1300", "50", "0", "500", "0", "1000"},
                {"64000", "12345.5", "15", "51654.5", "9600", "9600", "73600"},
                {"1000", "900", "100", "100", "1000", "100", "1100"},
                {"7", "1", "33", "6", "2.31", "2.31", "9.31"}};
    for (const auto& row : rows) {
        World w = physics(row.base);
        w.set.policies[0].carryover.factor = dec(row.factor);
        const auto& figure = second_quarter(w, row.used).figures[0];
        CHECK_EQ(figure.carryover.previous_period, "2026-Q1");
        CHECK_EQ(figure.carryover.base, seconds(row.base));
        CHECK_EQ(figure.carryover.used_before, seconds(row.used));
        CHECK_EQ(figure.carryover.unused, seconds(row.unused));
        CHECK_EQ(figure.carryover.cap, seconds(row.cap));
        CHECK_EQ(figure.carryover.carry, seconds(row.carry));
        CHECK_EQ(figure.effective, seconds(row.total));
    }
}

// Waldur's emulator truncates the minutes where ours rounds half up: 119296.875 is 119296 there.
CASE(table_of_the_decay_with_minutes_and_shares) {
    const struct {
        const char *base, *used, *half_life, *total;
        std::int64_t minutes, waldurs_minutes;
        std::uint32_t shares;
    } rows[] = {{"1000", "750", "15", "1988.28125", 119297, 119296, 662},
                {"1000", "300", "15", "1995.3125", 119719, 119718, 665},
                {"1000", "1200", "15", "1981.25", 118875, 118875, 660},
                {"1000", "0", "15", "2000", 120000, 120000, 666},
                {"1000", "500", "30", "1937.5", 116250, 116250, 645},
                {"1000", "70000", "15", "1000", 60000, 60000, 333},
                {"500", "499", "7", "999.93275", 59996, 59995, 333}};
    for (const auto& row : rows) {
        World w = physics(row.base);
        auto& p = w.set.policies[0];
        p.carryover.model = model::CarryoverModel::decay;
        p.carryover.half_life_days = dec(row.half_life);
        p.grace_ratio = Decimal{};
        p.raw_usage_reset = true; // the limit is the budget itself
        p.fairshare.enabled = true;
        const auto& figure = second_quarter(w, row.used).figures[0];
        const Amount off = figure.effective - seconds(row.total);
        CHECK(off >= -1 && off <= 1); // rounded to the TRES-second
        CHECK_EQ(w.row("physics").grp_tres_mins.at("node"), row.minutes);
        CHECK(row.minutes - row.waldurs_minutes <= 1);
        CHECK_EQ(w.row("physics").shares, row.shares);
    }
}

CASE(a_new_account_gets_no_cap_where_waldur_grants_all_of_it) {
    World w = physics();
    CHECK_EQ(w.cycle(utc(2026, 1, 1)).figures[0].effective, seconds("1000")); // Waldur: 1500
    w.set.policies[0].carryover.new_accounts_full = true;
    CHECK_EQ(w.cycle(utc(2026, 1, 1)).figures[0].effective, seconds("1500"));
}

// Waldur's preview leaves the carryover out when nothing was used (1000), though its policy grants
// the cap then; ours gives the policy's figure.
CASE(a_preview_carries_what_the_policy_would) {
    policy::PreviewInput in;
    in.today = std::chrono::year{2026} / 2 / 20;
    CHECK_EQ(policy::preview(in)->effective, seconds("1500"));
}

// Waldur truncates twice and in binary: 6000 * 1.15 is 6899 there. A component without weight is
// refused here; the rows give it the weight 0 with which Waldur counts it.
CASE(table_of_the_settings_that_waldur_sends) {
    const struct {
        Hours allocation;
        const char* grace;
        Hours weights;
        std::map<std::string, std::int64_t> minutes;
        std::uint32_t shares;
    } rows[] = {
        {{{"cpu", "64000"}, {"mem", "512000"}},
         "0.2",
         kDefaults,
         {{"cpu", 4608000}, {"mem", 36864000}, {"billing", 144000}},
         192000},
        {{{"node", "1"}}, "0.3", {}, {{"node", 78}}, 1},
        {{{"node", "10"}}, "0.5", {}, {{"node", 900}}, 3},
        {{{"node", "100"}}, "0.15", {}, {{"node", 6900}}, 33}, // Waldur: 6899
        {{{"cpu", "1000"}, {"gres/gpu", "100"}},
         "0.2",
         {{"CPU", "0.015625"}, {"gres/gpu", "0"}},
         {{"cpu", 72000}, {"gres/gpu", 7200}, {"billing", 1125}}, // Waldur: 1124
         366},
        {{{"cpu", "1000"}, {"gres/gpu", "100"}},
         "0.2",
         kDefaults,
         {{"cpu", 72000}, {"gres/gpu", 7200}, {"billing", 2925}}, // Waldur: 2924
         366},
        {{{"cpu", "33.333"}}, "0.2", kDefaults, {{"cpu", 2400}, {"billing", 37}}, 11}, // 2398
    };
    for (const auto& row : rows) {
        World w = granted(row.allocation);
        w.set.policies[0].grace_ratio = dec(row.grace);
        w.set.policies[0].fairshare.enabled = true;
        if (!row.weights.empty())
            weigh(w, row.weights);
        CHECK_EQ(w.run(utc(2026, 1, 1)).error, "");
        CHECK(w.row("physics").grp_tres_mins == row.minutes);
        CHECK_EQ(w.row("physics").shares, row.shares);
        CHECK_EQ(w.plan.commands.back().limits.size(), row.minutes.size()); // all at once
    }
}

// Waldur would send GrpTRESMins=billing=0 for node hours with its default weights: all jobs stop.
CASE(no_weight_never_becomes_a_budget_of_zero) {
    World w = granted({{"node", "1000"}});
    weigh(w, kDefaults);
    CHECK(w.cycle(utc(2026, 1, 1)).error.find("node has no weight") != std::string::npos);
    CHECK(w.plan.commands.empty());
}

CASE(table_of_percentages) {
    const struct {
        Hours allocation, usage, weights;
        std::int64_t percent;
    } rows[] = {
        {{{"cpu", "64000"}, {"mem", "512000"}},
         {{"cpu", "32000"}, {"mem", "256000"}},
         kDefaults,
         5000},
        {{{"node", "100"}}, {{"node", "85"}}, {}, 8500},
        // Waldur: 13.51, as it adds raw hours of what has no weight.
        {{{"cpu", "1000"}, {"node", "100"}},
         {{"cpu", "1000"}},
         {{"cpu", "0.015625"}, {"node", "0"}},
         10000},
        // Waldur: 128.0, as usage counts there for which nothing was ever granted.
        {{{"cpu", "1000"}}, {{"gres/gpu", "20"}}, kDefaults, 0},
        {{{"cpu", "1500"}}, {{"cpu", "1200"}}, kDefaults, 8000},
    };
    for (const auto& row : rows) {
        World w = granted(row.allocation);
        for (const auto& [tres, hours] : row.usage)
            charge(w, utc(2026, 1, 2), seconds(hours), tres);
        if (!row.weights.empty())
            weigh(w, row.weights);
        CHECK_EQ(*w.cycle(utc(2026, 1, 3)).percent, row.percent);
    }
}

CASE(the_percentage_is_of_what_was_granted_and_carried) {
    World w = granted({{"cpu", "1000"}});
    weigh(w, kDefaults);
    w.run(utc(2026, 1, 1));
    charge(w, utc(2026, 4, 1), seconds("1200"), "cpu");
    CHECK_EQ(*w.run(utc(2026, 4, 2)).percent, 8000); // of 1000 + 500
}

CASE(a_component_that_is_absent_is_not_limited) {
    World w = physics();
    w.set.components.push_back({"gpu_hours", "gres/gpu", Decimal::whole(60)});
    charge(w, utc(2026, 1, 2), seconds("90000"), "gres/gpu");
    CHECK(w.run(utc(2026, 1, 3)).flags == model::Flags{});
    CHECK_EQ(w.row("physics").grp_tres_mins.size(), 1U);
    w.grant("physics", "0", "gpu_hours"); // nothing granted is something else
    CHECK(w.run(utc(2026, 1, 4)).flags.paused);
    CHECK_EQ(w.row("physics").grp_tres_mins.at("gres/gpu"), 0);
}
