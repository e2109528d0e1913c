// SPDX-License-Identifier: GPL-2.0-or-later
// What was granted, by the figures of apply_periodic_settings, and for how long that
// counts.
#include "tests/support/case.hpp"
#include "waldur/sync/event.hpp"

using namespace sluice;
using waldur::Event;
using waldur::Limits;

namespace {

constexpr Instant kNow = instant(1'795'400'000); // 2026-11-23 02:13:20 UTC
const std::string kOne(32, '1');
const std::string kPolicy(32, 'c');

Decimal decimal(const char* text) {
    return *Decimal::parse(text);
}

// Waldur's own calculation of the figure, in its floating point.
std::int64_t figure(double hours, double grace) {
    const auto minutes = static_cast<std::int64_t>(hours * 60);
    return static_cast<std::int64_t>(static_cast<double>(minutes) * (1 + grace));
}

struct World {
    waldur::Offering offering;
    Event event;
    waldur::AnnouncedLimits announced;

    World() {
        offering.began = offering.taken = kNow;
        offering.components = {{"node_hours", "limit", "quarterly"}, {"storage", "usage", ""}};
        offering.policy.emplace();
        offering.policy->uuid = kPolicy;
        offering.policy->limit_type = "GrpTRESMins";
        offering.policy->grace_ratio = decimal("0.2");
        offering.policy->carryover = false;
        waldur::Resource resource;
        resource.uuid = kOne;
        resource.account = "physics";
        resource.limits = {{"node_hours", decimal("10")}};
        offering.resources = {resource};
        event.kind = Event::Kind::limits;
        event.resource = kOne;
        event.account = "physics";
        event.policy = kPolicy;
        event.limit_type = "GrpTRESMins";
        event.timestamp = "2026-11-23T02:14:00.123456";
        event.limits = {{"node_hours", 3600}};
    }
    std::string granted() {
        const auto limits = waldur::granted_by(event, offering, offering.resources[0]);
        return limits ? limits->at("node_hours").text() : limits.error().context;
    }
    bool take() { return announced.take(event, Zone(), kNow, offering); }
    std::string limit() { return offering.resources[0].limits.at("node_hours").text(); }
};

} // namespace

CASE(what_is_granted_follows_from_the_figure_and_the_grace) {
    struct Row {
        const char* hours;
        const char* grace;
    };
    for (const auto& [hours, grace] :
         {Row{"50", "0.2"}, Row{"100", "0.15"}, Row{"64000", "0.2"}, Row{"1", "0.3"},
          Row{"10", "0.5"}, Row{"7", "0"}, Row{"33.5", "0.1"}, Row{"5000000", "0.15"}}) {
        World world;
        world.offering.policy->grace_ratio = decimal(grace);
        world.event.limits["node_hours"] = figure(std::stod(hours), std::stod(grace));
        CHECK_EQ(world.granted(), hours);
    }
}

CASE(a_limit_that_is_known_explains_its_figure) {
    World world;
    world.offering.resources[0].limits["node_hours"] = decimal("33.333");
    world.event.limits["node_hours"] = figure(33.333, 0.2);
    CHECK_EQ(world.granted(), "33.333");
    CHECK(!world.take()); // nothing new
}

CASE(what_was_carried_over_is_not_granted_again) {
    World world;
    world.offering.policy->carryover = true;
    CHECK_EQ(world.granted(), "the message does not state the carryover");
    world.event.carried = Event::Carried::nothing;
    CHECK_EQ(world.granted(), "50");
    world.event.carried = Event::Carried::something;
    CHECK_EQ(world.granted(), "the message does not state the allocation of node_hours");
    world.event.granted["node_hours"] = decimal("40");
    CHECK_EQ(world.granted(), "40");
    world.event.granted["node_hours"] = decimal("51");
    CHECK_EQ(world.granted(), "the limit of node_hours is below its allocation");
}

CASE(figures_of_another_policy_than_the_known_one_wait_for_waldur) {
    World world;
    world.event.limit_type = "GrpTRES";
    CHECK_EQ(world.granted(), "limit_type is GrpTRES in the message and GrpTRESMins in the policy");
    world.event.limit_type = "GrpTRESMins";
    world.event.threshold = 3000;
    world.event.grace_limit = 3900;
    CHECK_EQ(world.granted(),
             "the grace limit of the message does not match grace_ratio 0.2 of the policy");
    world.event.grace_limit = 3600;
    CHECK_EQ(world.granted(), "50");
    world.event.limits["storage"] = 60;
    CHECK_EQ(world.granted(), "storage is not a limited component of the offering");
    world.event.limits = {{"billing", 0}};
    CHECK_EQ(world.granted(), "the message has no limits");
    world.event.policy = kOne;
    CHECK_EQ(world.granted(), "the policy of the message is not known yet");
}

CASE(limits_of_a_message_count_when_newer_than_the_known_ones) {
    World world;
    world.event.timestamp = "2026-11-23T02:13:19.9";
    CHECK(!world.take());
    world.event.timestamp = "";
    CHECK(!world.take());
    world.event.timestamp = "2026-11-23T02:14:00+00:00";
    CHECK(world.take());
    CHECK_EQ(world.limit(), "50");
    world.event.timestamp = "2026-11-23T02:13:30"; // one before that
    world.event.limits["node_hours"] = 720;
    CHECK(!world.take());
    CHECK_EQ(world.limit(), "50");
}

CASE(limits_of_a_message_count_for_the_account_of_its_resource_only) {
    World world;
    world.event.account = "chem";
    CHECK(!world.take());
    world.event.account = "physics";
    world.event.resource = kPolicy;
    CHECK(!world.take());
    CHECK_EQ(world.limit(), "10");
}
