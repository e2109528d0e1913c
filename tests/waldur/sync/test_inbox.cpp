// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of Waldur's broker: what they ask for, when they are settled, which verdict goes back.
#include "tests/support/case.hpp"
#include "tests/support/fake_outbox.hpp"
#include "tests/support/fixed_clock.hpp"
#include "waldur/sync/inbox.hpp"

using namespace sluice;
using app::PortalEvent;
using app::PortalInbox;

namespace {

constexpr Instant kNow = instant(1'795'400'000); // 2026-11-23 02:13:20 UTC
const std::string kOne(32, '1');
const std::string kPolicy(32, 'c');

std::string order(const std::string& more = "") {
    return R"({"resource_uuid": "11111111-1111-1111-1111-111111111111", "backend_id": "Physics",)"
           R"( "policy_uuid": ")" +
           kPolicy +
           R"(", "action": "apply_periodic_settings", "timestamp": "2026-11-23T03:00:00",)"
           R"( "settings": {"grp_tres_mins": {"node_hours": 720}, "fairshare": 3})" +
           more + '}';
}

PortalEvent event(const std::string& kind, const std::string& body) {
    const auto read = app::portal_event(kind, body);
    if (!read)
        test::fail(read.error().context);
    return *read;
}

class Settled final : public ports::Inbox {
public:
    void settle(const ports::InboxToken& token, ports::Ack verdict) override {
        done.push_back(token.id + (verdict == ports::Ack::done ? " done" : " bad"));
    }
    std::vector<std::string> done;
};

struct World {
    test::FixedClock clock{kNow};
    test::FakeOutbox outbox;
    app::Sources sources;
    Settled broker;
    int asked = 0;
    ports::PortalView view;
    app::AccountResources roster;
    app::Rules rules;
    ports::CycleReport report;
    std::map<std::string, std::string> noted;
    PortalInbox inbox{{outbox, sources, clock, true, "production", [this] { ++asked; }}};

    World() {
        rules.partial = true;
        rules.set.components = {{"node_hours", "node", Decimal::whole(60)}};
        ports::PortalResource resource;
        resource.uuid = kOne;
        resource.account = "physics";
        resource.state = "OK";
        view.resources = {resource};
        roster = app::roster(view);
        model::AccountDecision decision;
        decision.account = "physics";
        decision.mode = model::Mode::enforce;
        report.cluster = "c1";
        report.decision.accounts = {decision};
    }
    app::ReportInput telling() { return {view, roster, rules, report, noted, kNow}; }
    void come(const std::string& id, const std::string& kind, const std::string& body) {
        inbox.came(broker, {{1, id}, kind, body});
    }
    void ask_and_tell() {
        inbox.asking();
        inbox.answered();
        inbox.told(telling());
    }
    std::string fault(const std::string& body) {
        return app::order_fault(telling(), event("resource_periodic_limits", body));
    }
};

} // namespace

CASE(a_message_says_its_kind_where_its_queue_does_not) {
    CHECK(event("", R"({"object_type": "resource", "resource_uuid": ")" + kOne + "\"}").kind ==
          PortalEvent::Kind::resource);
    CHECK(event("offering_resources_sync", "{}").kind == PortalEvent::Kind::resync);
    CHECK(event("", "{}").kind == PortalEvent::Kind::unknown);
    CHECK_EQ(event("", R"({"object_type": "or\nder"})").name, "or?der");
}

CASE(an_order_is_read_with_both_forms_of_uuids) {
    const auto read = event("resource_periodic_limits", order());
    CHECK_EQ(read.resource, kOne);
    CHECK_EQ(read.policy, kPolicy);
    CHECK_EQ(read.account, "physics");
    CHECK_EQ(read.limits.at("node_hours"), 720);
    CHECK_EQ(read.fault, "");
}

CASE(what_nobody_can_be_told_about_is_malformed) {
    CHECK(!app::portal_event("resource", "{"));
    CHECK(!app::portal_event("resource", "[]"));
    CHECK(!app::portal_event("resource", R"({"resource_uuid": "physics"})"));
    CHECK(!app::portal_event("resource_periodic_limits", R"({"backend_id": "physics"})"));
}

CASE(a_wrong_order_has_a_fault_that_waldur_can_be_told) {
    World world;
    CHECK_EQ(world.fault(R"({"resource_uuid": ")" + kOne + R"(", "action": "reboot"})"),
             "unknown action reboot");
    CHECK_EQ(
        world.fault(R"({"resource_uuid": ")" + kOne + R"(", "action": "apply_periodic_settings"})"),
        "backend_id is missing");
    CHECK_EQ(world.fault(R"({"resource_uuid": ")" + kOne +
                         R"(", "action": "apply_periodic_settings", "backend_id": "physics",)"
                         R"( "settings": {"grp_tres_mins": {"node": -1}}})"),
             "grp_tres_mins: node is no limit");
    const auto with = [&](const std::string& settings) {
        return world.fault(R"({"resource_uuid": ")" + kOne +
                           R"(", "action": "apply_periodic_settings", "backend_id": "physics",)"
                           R"( "settings": )" +
                           settings + '}');
    };
    CHECK_EQ(with(R"({"grp_tres_mins": {"node": 0, "billing": 0}})"),
             "grp_tres_mins: node would be 0, which stops every job");
    CHECK_EQ(with(R"({"max_tres_mins": {"node": 553402322161}})"),
             "max_tres_mins: node is no limit");
    CHECK_EQ(with(R"({"grp_tres": {"node": 1}, "limit_type": "GrpTRESMins"})"),
             "grp_tres does not go with limit_type GrpTRESMins");
    CHECK_EQ(with(R"({"fairshare": 2147483648})"), "fairshare is not from 0 to 2147483647");
    CHECK_EQ(with(R"({"fairshare": "3"})"), "fairshare is not from 0 to 2147483647");
    CHECK_EQ(with("[]"), "settings are missing");
}

CASE(a_verdict_is_true) {
    World world;
    CHECK_EQ(world.fault(order()), "");
    model::Command command;
    command.type = model::CommandType::limits;
    command.account = "physics";
    command.description = "set limits";
    world.report.plan.withheld = {command};
    CHECK_EQ(world.fault(order()), "not applied: set limits");
    world.report.applied.resize(1);
    world.report.applied[0].command = command;
    world.report.applied[0].success = false;
    world.report.applied[0].error = "denied";
    CHECK_EQ(world.fault(order()), "denied");
    world.report.decision.accounts[0].mode = model::Mode::observe;
    CHECK_EQ(world.fault(order()), "account physics is only observed");
    world.report.decision.accounts[0].error = "no figures";
    CHECK_EQ(world.fault(order()), "no figures");
    world.report.decision.accounts.clear();
    CHECK_EQ(world.fault(order()), "no policy judges account physics");
    auto elsewhere = order();
    elsewhere.insert(1, "\"offering_uuid\": \"" + kOne + "\", ");
    CHECK_EQ(world.fault(elsewhere), "offering " + kOne + " is not the one of this cluster");
    world.roster.accounts.clear();
    CHECK_EQ(world.fault(order()), "account physics is not that resource's");
    world.rules.partial = false;
    CHECK_EQ(world.fault(order()), "allocations stand in sluiced.yaml here (source: file)");
}

CASE(a_message_is_settled_after_a_cycle_by_an_answer_that_was_asked_for_after_it) {
    World world;
    world.inbox.asking();
    world.come("a", "offering_resources_sync", "{}");
    CHECK_EQ(world.asked, 1);
    world.inbox.answered();
    world.inbox.told(world.telling());
    CHECK(world.broker.done.empty()); // the answer may be older than the message
    world.inbox.asking();
    world.inbox.told(world.telling());
    CHECK(world.broker.done.empty()); // not answered
    CHECK(world.inbox.waits());
    world.ask_and_tell();
    CHECK(world.broker.done == std::vector<std::string>{"a done"});
    CHECK(!world.inbox.waits());
}

CASE(a_message_whose_figures_were_taken_waits_for_no_answer) {
    World world;
    world.come("a", "resource_periodic_limits", order());
    world.inbox.orders(1, [](const PortalEvent&) { return true; });
    world.inbox.orders(2, [](const PortalEvent&) { return true; }); // asked once of each
    world.inbox.asking();
    world.inbox.told(world.telling());
    CHECK(world.broker.done.empty()); // a cycle by older rules
    world.rules.portal_orders = 1;
    world.inbox.told(world.telling());
    CHECK(world.broker.done == std::vector<std::string>{"a done"});
    CHECK_EQ(world.outbox.held.size(), 1U);
}

CASE(unknown_messages_are_acked_without_a_cycle) {
    World world;
    world.come("b", "", R"({"object_type": "user_role"})");
    CHECK((world.broker.done == std::vector<std::string>{"b done"}));
    CHECK_EQ(world.asked, 0);
}

CASE(for_bad_messages_which_are_parked_waldur_is_asked) {
    World world;
    world.come("a", "resource", "{");
    CHECK_EQ(world.asked, 1);
    world.inbox.came(world.broker, {{1, "b"}, "resource", "", "2000000 bytes are too many"});
    CHECK_EQ(world.asked, 2);
    CHECK((world.broker.done == std::vector<std::string>{"a bad", "b bad"}));
    CHECK(!world.inbox.waits());
}

CASE(what_a_lost_connection_brought_comes_again) {
    World world;
    world.come("a", "offering_resources_sync", "{}");
    world.inbox.away(world.broker, {Errc::unavailable, "gone"});
    CHECK(!world.inbox.waits());
    CHECK((world.sources.away() == std::vector<std::string>{"waldur-events"}));
    world.inbox.connected(world.broker);
    CHECK(world.sources.away().empty());
}

CASE(an_order_gets_one_verdict_and_its_repeat_the_same) {
    World world;
    for (const char* id : {"a", "b"}) {
        world.come(id, "resource_periodic_limits", order());
        world.ask_and_tell();
    }
    CHECK((world.broker.done == std::vector<std::string>{"a done", "b done"}));
    CHECK_EQ(world.outbox.held.size(), 2U);
    const auto& message = world.outbox.held[0].message;
    CHECK_EQ(message.kind, "report-command-result");
    CHECK_EQ(message.correlation, "order:" + kOne + ":2026-11-23T03:00:00");
    CHECK_EQ(message.correlation, world.outbox.held[1].message.correlation);
    CHECK(message.body.find(R"("success":true)") != std::string::npos);
}

CASE(commands_of_the_cycle_are_their_own_verdict) {
    World world;
    world.report.applied.resize(1);
    world.report.applied[0].command.account = "physics";
    world.report.applied[0].success = true;
    world.come("a", "resource_periodic_limits", order());
    world.ask_and_tell();
    CHECK_EQ(world.broker.done.size(), 1U);
    CHECK(world.outbox.held.empty());
}

CASE(a_source_is_up_when_all_its_connections_are) {
    World world;
    Settled other;
    world.inbox.away(world.broker, {Errc::unavailable, "gone"});
    world.inbox.away(other, {Errc::timeout, "silent"});
    world.inbox.connected(other);
    CHECK(!world.sources.away().empty());
    world.inbox.connected(world.broker);
    CHECK(world.sources.away().empty());
}
