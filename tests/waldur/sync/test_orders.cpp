// SPDX-License-Identifier: GPL-2.0-or-later
// What the figures of apply_periodic_settings tell about what was granted, and for how long that
// counts.
#include "tests/support/case.hpp"
#include "waldur/sync/granted.hpp"
#include "waldur/sync/orders.hpp"

using namespace sluice;
using app::Limits;
using app::PortalEvent;

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

class Held final : public ports::Notes {
public:
    Result<std::map<std::string, std::string>> notes(const std::string& kind) override {
        return kept[kind];
    }
    Result<void> put(std::span<const ports::Note> notes) override {
        for (const auto& note : notes)
            if (note.value.empty())
                kept[note.kind].erase(note.key);
            else
                kept[note.kind][note.key] = note.value;
        return {};
    }
    std::map<std::string, std::map<std::string, std::string>> kept;
};

struct World {
    Held notes;
    ports::PortalView view;
    PortalEvent event;
    app::PortalOrders orders{notes};

    World() {
        view.began = view.taken = kNow;
        view.components = {{"node_hours", "limit", "quarterly"}, {"storage", "usage", ""}};
        view.policy.emplace();
        view.policy->uuid = kPolicy;
        view.policy->limit_type = "GrpTRESMins";
        view.policy->grace_ratio = decimal("0.2");
        view.policy->carryover = false;
        ports::PortalResource resource;
        resource.uuid = kOne;
        resource.account = "physics";
        resource.limits = {{"node_hours", decimal("10")}};
        view.resources = {resource};
        event.kind = PortalEvent::Kind::limits;
        event.resource = kOne;
        event.account = "physics";
        event.policy = kPolicy;
        event.limit_type = "GrpTRESMins";
        event.timestamp = "2026-11-23T02:14:00.123456";
        event.limits = {{"node_hours", 3600}};
    }
    std::string granted() {
        const auto limits = app::granted_by(event, view, view.resources[0]);
        return limits ? limits->at("node_hours").text() : limits.error().context;
    }
    bool take() { return orders.take(event, Zone(), kNow, view); }
    std::string limit() { return view.resources[0].limits.at("node_hours").text(); }
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
        world.view.policy->grace_ratio = decimal(grace);
        world.event.limits["node_hours"] = figure(std::stod(hours), std::stod(grace));
        CHECK_EQ(world.granted(), hours);
    }
}

CASE(a_limit_that_is_known_explains_its_figure) {
    World world;
    world.view.resources[0].limits["node_hours"] = decimal("33.333");
    world.event.limits["node_hours"] = figure(33.333, 0.2);
    CHECK_EQ(world.granted(), "33.333");
    CHECK(!world.take()); // nothing new
}

CASE(what_was_carried_over_is_not_granted_again) {
    World world;
    world.view.policy->carryover = true;
    CHECK_EQ(world.granted(), "it does not say what was carried over");
    world.event.carried = PortalEvent::Carried::nothing;
    CHECK_EQ(world.granted(), "50");
    world.event.carried = PortalEvent::Carried::something;
    CHECK_EQ(world.granted(), "it does not say what is granted of node_hours");
    world.event.granted["node_hours"] = decimal("40");
    CHECK_EQ(world.granted(), "40");
    world.event.granted["node_hours"] = decimal("51");
    CHECK_EQ(world.granted(), "less of node_hours than is granted");
}

CASE(figures_of_another_policy_than_the_known_one_wait_for_waldur) {
    World world;
    world.event.limit_type = "GrpTRES";
    CHECK_EQ(world.granted(), "limit_type is GrpTRES there, GrpTRESMins in the policy");
    world.event.limit_type = "GrpTRESMins";
    world.event.threshold = 3000;
    world.event.grace_limit = 3900;
    CHECK_EQ(world.granted(), "grace_ratio is not 0.2 there");
    world.event.grace_limit = 3600;
    CHECK_EQ(world.granted(), "50");
    world.event.limits["storage"] = 60;
    CHECK_EQ(world.granted(), "storage is no limited component of the offering");
    world.event.limits = {{"billing", 0}};
    CHECK_EQ(world.granted(), "it has no limits");
    world.event.policy = kOne;
    CHECK_EQ(world.granted(), "its policy is not known yet");
}

CASE(an_order_counts_when_it_is_newer_than_what_is_known) {
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

CASE(an_order_counts_for_the_account_of_its_resource_only) {
    World world;
    world.event.account = "chem";
    CHECK(!world.take());
    world.event.account = "physics";
    world.event.resource = kPolicy;
    CHECK(!world.take());
    CHECK_EQ(world.limit(), "10");
}

CASE(an_order_outlives_a_restart_until_waldur_answers) {
    World world;
    CHECK(world.take());
    world.orders.keep();
    World again;
    again.notes.kept = world.notes.kept;
    again.orders.load(again.view);
    CHECK_EQ(again.limit(), "50");
    again.orders.answered();
    World later;
    later.notes.kept = again.notes.kept;
    later.orders.load(later.view);
    CHECK_EQ(later.limit(), "10");
    CHECK(!later.orders.any());
}

CASE(an_order_over_an_older_answer_is_forgotten) {
    World world;
    CHECK(world.take());
    world.orders.keep();
    World again;
    again.notes.kept = world.notes.kept;
    again.view.began = kNow + std::chrono::seconds(1);
    again.orders.load(again.view);
    CHECK_EQ(again.limit(), "10");
}
