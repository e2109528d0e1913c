// SPDX-License-Identifier: GPL-2.0-or-later
// Rows of the standing's table that test_decide.cpp does not have: edges of the thresholds, who is
// stricter, what overrides one flag.
#include "tests/common/policy/world.hpp"

#include <string>
#include <vector>

using namespace sluice;
using test::dec;
using test::utc;
using test::World;

namespace {

World physics() {
    World w;
    w.policy();
    w.account("physics");
    w.grant("physics", "1000");
    return w;
}

// Whole hours as TRES-seconds.
Amount seconds(const char* hours) {
    return dec(hours).scaled() / Decimal::kScale * 3600;
}

void charge(World& w, Instant at, Amount amount) {
    w.charges.push_back({at, "physics", "node", amount});
}

} // namespace

CASE(the_grace_limit_is_exact_to_the_second) {
    World w = physics();
    w.set.policies[0].grace_ratio = dec("0.15"); // in binary 114.99999999999999
    charge(w, utc(2026, 1, 2), seconds("1150") - 1);
    CHECK(!w.cycle(utc(2026, 1, 3)).flags.paused);
    w.charges.back().amount += 1;
    CHECK(w.cycle(utc(2026, 1, 3)).flags.paused);
}

CASE(creation_is_blocked_where_pausing_begins) {
    World w = physics();
    w.set.policies[0].actions.push_back(model::Action::block_creation_of_new_resources);
    charge(w, utc(2026, 1, 2), seconds("1200") - 1);
    CHECK(!w.cycle(utc(2026, 1, 3)).block_creation);
    w.charges.back().amount += 1;
    CHECK(w.cycle(utc(2026, 1, 3)).block_creation);
}

CASE(either_notification_is_taken_at_the_level_of_the_policy) {
    World w = physics();
    w.set.policies[0].actions = {model::Action::notify_external_user};
    w.set.policies[0].notify_at = dec("50");
    charge(w, utc(2026, 1, 2), seconds("500"));
    const auto& d = w.run(utc(2026, 1, 3));
    CHECK(d.actions_taken == std::vector<std::string>{"notify"});
    CHECK(d.flags == model::Flags{});
    w.set.policies[0].actions.clear();
    charge(w, utc(2026, 4, 2), seconds("1400"));
    CHECK(w.run(utc(2026, 4, 3)).actions_taken.empty());
}

CASE(each_notify_level_is_taken_once_a_period) {
    World w = physics();
    auto& policy = w.set.policies[0];
    policy.notify_at = dec("50");
    policy.notify_more = {dec("70"), dec("90")};
    charge(w, utc(2026, 1, 2), seconds("500"));
    CHECK(w.run(utc(2026, 1, 3)).notice_at == dec("50"));
    CHECK(!w.run(utc(2026, 1, 4)).notice_at);
    charge(w, utc(2026, 1, 5), seconds("420")); // passes two levels: one notice, of the higher
    const auto& d = w.run(utc(2026, 1, 6));
    CHECK(d.notice_at == dec("90"));
    CHECK(d.actions_taken == std::vector<std::string>{"notify"});
    w.charges.back().amount = 0;
    CHECK(w.run(utc(2026, 1, 7)).actions_taken.empty());
    w.charges.back().amount = seconds("420");
    CHECK(w.run(utc(2026, 1, 8)).actions_taken.empty());
    charge(w, utc(2026, 4, 2), seconds("600"));
    CHECK(w.run(utc(2026, 4, 3)).notice_at == dec("50"));
}

CASE(each_further_step_is_an_action) {
    World w = physics();
    auto& policy = w.set.policies[0];
    policy.strategy = model::QosStrategy::progressive;
    policy.steps = {{dec("60"), "slow", false}, {dec("80"), "slower", false}};
    policy.notify_at = dec("1000");
    charge(w, utc(2026, 1, 2), seconds("650"));
    const auto& first = w.run(utc(2026, 1, 3));
    CHECK(first.actions_taken == std::vector<std::string>{"downscale"});
    CHECK_EQ(first.notice_step, "");
    CHECK(w.run(utc(2026, 1, 4)).actions_taken.empty());
    charge(w, utc(2026, 1, 5), seconds("200"));
    const auto& second = w.run(utc(2026, 1, 6));
    CHECK(second.actions_taken == std::vector<std::string>{"downscale"});
    CHECK_EQ(second.notice_step, "slower");
    CHECK(w.run(utc(2026, 1, 7)).actions_taken.empty());
}

CASE(restore_stands_last_among_the_actions) {
    World w = physics();
    charge(w, utc(2026, 1, 2), seconds("1300"));
    w.run(utc(2026, 1, 3));
    charge(w, utc(2026, 4, 1), seconds("1100"));
    const auto& d = w.run(utc(2026, 4, 2));
    CHECK(d.actions_taken == (std::vector<std::string>{"notify", "restore"}));
    CHECK(d.flags == (model::Flags{false, true})); // one flag was lifted
}

CASE(without_hysteresis_a_flag_ends_right_below_its_threshold) {
    World w = physics();
    charge(w, utc(2026, 1, 2), seconds("1000"));
    CHECK(w.run(utc(2026, 1, 3)).flags.downscaled);
    w.charges.back().amount -= 1;
    CHECK(!w.run(utc(2026, 1, 4)).flags.downscaled);
}

CASE(a_descendant_has_the_stricter_of_its_own_flags_and_its_ancestors) {
    World w = physics();
    w.account("optics", "physics");
    w.grant("optics", "100");
    w.use(utc(2026, 1, 2), "optics", 120);
    w.use(utc(2026, 1, 2), "physics", 880);
    w.cycle(utc(2026, 1, 3));
    CHECK(w.of("physics").flags == (model::Flags{false, true}));
    CHECK(w.of("optics").flags.paused);
    CHECK(w.of("optics").cause.kind == model::CauseKind::own);
    w.grant("optics", "115"); // above 100 %, below the grace limit
    w.use(utc(2026, 1, 2), "physics", 200);
    w.cycle(utc(2026, 1, 3));
    CHECK(w.of("optics").own == (model::Flags{false, true}));
    CHECK(w.of("optics").flags.paused);
    CHECK_EQ(w.of("optics").cause.account, "physics");
}

CASE(an_override_may_downscale_from_either_side) {
    for (const char* used : {"0", "1300"}) {
        World w = physics();
        charge(w, utc(2026, 1, 2), seconds(used));
        w.facts.history.overrides.push_back({1, "physics", model::Standing::downscaled,
                                             utc(2026, 1, 1), utc(2026, 1, 10), "courtesy",
                                             "root"});
        const auto& d = w.run(utc(2026, 1, 3));
        CHECK(d.flags == (model::Flags{false, true}));
        CHECK_EQ(w.row("physics").default_qos, "slowdown");
    }
}

CASE(the_strictest_of_several_policies_wins) {
    World w = physics();
    w.set.policies[0].actions = {model::Action::request_slurm_resource_downscaling};
    w.policy("hard").actions = {model::Action::request_slurm_resource_pausing};
    charge(w, utc(2026, 1, 2), seconds("1200"));
    CHECK(w.run(utc(2026, 1, 3)).flags == (model::Flags{true, true}));
    CHECK_EQ(w.row("physics").default_qos, "blocked");
}
