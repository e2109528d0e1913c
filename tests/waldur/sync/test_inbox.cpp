// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of Waldur's broker: what they ask for, when they are settled, which result goes back.
#include "tests/support/case.hpp"
#include "tests/support/fake_outbox.hpp"
#include "tests/support/fixed_clock.hpp"
#include "waldur/sync/inbox.hpp"

using namespace sluice;
using waldur::Event;
using waldur::MessageInbox;

namespace {

constexpr Instant kNow = instant(1'795'400'000); // 2026-11-23 02:13:20 UTC
const std::string kOne(32, '1');
const std::string kPolicy(32, 'c');

std::string limits_message(const std::string& more = "") {
    return R"({"resource_uuid": "11111111-1111-1111-1111-111111111111", "backend_id": "Physics",)"
           R"( "policy_uuid": ")" +
           kPolicy +
           R"(", "action": "apply_periodic_settings", "timestamp": "2026-11-23T03:00:00",)"
           R"( "settings": {"grp_tres_mins": {"node_hours": 720}, "fairshare": 3})" +
           more + '}';
}

Event event(const std::string& kind, const std::string& body) {
    const auto read = waldur::read_event(kind, body);
    if (!read)
        test::fail(read.error().context);
    return *read;
}

class Settled final : public stomp::Inbox {
public:
    void settle(const stomp::InboxToken& token, stomp::Ack outcome) override {
        done.push_back(token.id + (outcome == stomp::Ack::done ? " done" : " bad"));
    }
    std::vector<std::string> done;
};

struct World {
    test::FixedClock clock{kNow};
    test::FakeOutbox outbox;
    core::Sources sources;
    Settled broker;
    int asked = 0;
    waldur::Offering offering;
    waldur::Answers answers;
    waldur::AccountResources resources;
    core::Rules rules;
    ports::CycleReport report;
    waldur::Sent sent;
    MessageInbox inbox{
        {outbox, sources, clock, "waldur-events", "", true, "production", [this] { ++asked; }}};

    World() {
        rules.grants = true;
        rules.set.components = {{"node_hours", "node", Decimal::whole(60)}};
        waldur::Resource resource;
        resource.uuid = kOne;
        resource.account = "physics";
        resource.state = "OK";
        offering.resources = {resource};
        answers = {std::make_shared<const waldur::Offering>(offering)};
        resources = waldur::account_resources(answers).front();
        model::AccountDecision decision;
        decision.account = "physics";
        decision.mode = model::Mode::enforce;
        report.cluster = "c1";
        report.decision.accounts = {decision};
    }
    waldur::ReportInput input() { return {offering, resources, rules, report, sent, kNow}; }
    void come(const std::string& id, const std::string& kind, const std::string& body) {
        inbox.came(broker, {{1, id}, kind, body});
    }
    void ask_and_settle() {
        inbox.asking();
        inbox.answered();
        inbox.settle(input());
    }
    std::string fault(const std::string& body) {
        return waldur::limits_fault(input(), event("resource_periodic_limits", body), "");
    }
};

} // namespace

CASE(a_message_states_its_kind_where_its_queue_does_not) {
    CHECK(event("", R"({"object_type": "resource", "resource_uuid": ")" + kOne + "\"}").kind ==
          Event::Kind::resource);
    CHECK(event("offering_resources_sync", "{}").kind == Event::Kind::resync);
    CHECK(event("", "{}").kind == Event::Kind::unknown);
    CHECK_EQ(event("", R"({"object_type": "or\nder"})").name, "or?der");
}

CASE(limits_are_read_with_both_forms_of_uuids) {
    const auto read = event("resource_periodic_limits", limits_message());
    CHECK_EQ(read.resource, kOne);
    CHECK_EQ(read.policy, kPolicy);
    CHECK_EQ(read.account, "physics");
    CHECK_EQ(read.limits.at("node_hours"), 720);
    CHECK_EQ(read.fault, "");
}

CASE(a_message_without_a_resource_is_malformed) {
    CHECK(!waldur::read_event("resource", "{"));
    CHECK(!waldur::read_event("resource", "[]"));
    CHECK(!waldur::read_event("resource", R"({"resource_uuid": "physics"})"));
    CHECK(!waldur::read_event("resource_periodic_limits", R"({"backend_id": "physics"})"));
}

CASE(wrong_limits_have_a_fault_for_waldur) {
    World world;
    CHECK_EQ(world.fault(R"({"resource_uuid": ")" + kOne + R"(", "action": "reboot"})"),
             "unknown action reboot");
    CHECK_EQ(
        world.fault(R"({"resource_uuid": ")" + kOne + R"(", "action": "apply_periodic_settings"})"),
        "backend_id is missing");
    CHECK_EQ(world.fault(R"({"resource_uuid": ")" + kOne +
                         R"(", "action": "apply_periodic_settings", "backend_id": "physics",)"
                         R"( "settings": {"grp_tres_mins": {"node": -1}}})"),
             "grp_tres_mins.node is not a valid limit");
    const auto with = [&](const std::string& settings) {
        return world.fault(R"({"resource_uuid": ")" + kOne +
                           R"(", "action": "apply_periodic_settings", "backend_id": "physics",)"
                           R"( "settings": )" +
                           settings + '}');
    };
    CHECK_EQ(with(R"({"grp_tres_mins": {"node": 0, "billing": 0}})"),
             "grp_tres_mins.node is 0, which would stop every job");
    CHECK_EQ(with(R"({"max_tres_mins": {"node": 553402322161}})"),
             "max_tres_mins.node is not a valid limit");
    CHECK_EQ(with(R"({"grp_tres": {"node": 1}, "limit_type": "GrpTRESMins"})"),
             "grp_tres does not match limit_type GrpTRESMins");
    CHECK_EQ(with(R"({"fairshare": 2147483648})"),
             "fairshare is not a whole number from 0 to 2147483647");
    CHECK_EQ(with(R"({"fairshare": "3"})"), "fairshare is not a whole number from 0 to 2147483647");
    CHECK_EQ(with("[]"), "settings are missing");
}

CASE(the_result_for_waldur_is_true) {
    World world;
    CHECK_EQ(world.fault(limits_message()), "");
    model::Command command;
    command.type = model::CommandType::limits;
    command.account = "physics";
    command.description = "set limits";
    world.report.plan.withheld = {command};
    CHECK_EQ(world.fault(limits_message()), "not applied: set limits");
    world.report.applied.resize(1);
    world.report.applied[0].command = command;
    world.report.applied[0].success = false;
    world.report.applied[0].error = "denied";
    CHECK_EQ(world.fault(limits_message()), "denied");
    world.report.decision.accounts[0].mode = model::Mode::observe;
    CHECK_EQ(world.fault(limits_message()), "the policy of account physics is in mode observe");
    world.report.decision.accounts[0].error = "no figures";
    CHECK_EQ(world.fault(limits_message()), "no figures");
    world.report.decision.accounts.clear();
    CHECK_EQ(world.fault(limits_message()), "no policy applies to account physics");
    auto elsewhere = limits_message();
    elsewhere.insert(1, "\"offering_uuid\": \"" + kOne + "\", ");
    CHECK_EQ(world.fault(elsewhere), "offering " + kOne + " is not the offering of this cluster");
    world.resources.by_account.clear();
    CHECK_EQ(world.fault(limits_message()), "account physics does not belong to resource " + kOne);
    world.rules.grants = false;
    CHECK_EQ(world.fault(limits_message()),
             "allocations are set in sluiced.yaml on this cluster (waldur.source: file)");
}

CASE(a_message_is_settled_after_a_cycle_by_an_answer_that_was_asked_for_after_it) {
    World world;
    world.inbox.asking();
    world.come("a", "offering_resources_sync", "{}");
    CHECK_EQ(world.asked, 1);
    world.inbox.answered();
    world.inbox.settle(world.input());
    CHECK(world.broker.done.empty()); // the answer may be older than the message
    world.inbox.asking();
    world.inbox.settle(world.input());
    CHECK(world.broker.done.empty()); // not answered
    CHECK(world.inbox.waits());
    world.ask_and_settle();
    CHECK(world.broker.done == std::vector<std::string>{"a done"});
    CHECK(!world.inbox.waits());
}

CASE(a_message_whose_figures_were_taken_waits_for_no_answer) {
    World world;
    world.come("a", "resource_periodic_limits", limits_message());
    world.inbox.take_limits(1, [](const Event&) { return true; });
    world.inbox.take_limits(2, [](const Event&) { return true; }); // asked once of each
    world.inbox.asking();
    world.inbox.settle(world.input());
    CHECK(world.broker.done.empty()); // a cycle by older rules
    world.rules.source_version = 1;
    world.inbox.settle(world.input());
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
    world.inbox.came(world.broker, {{1, "b"}, "resource", "", "2000000 bytes are more than 1 MiB"});
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

CASE(limits_that_come_twice_get_one_result) {
    World world;
    for (const char* id : {"a", "b"}) {
        world.come(id, "resource_periodic_limits", limits_message());
        world.ask_and_settle();
    }
    CHECK((world.broker.done == std::vector<std::string>{"a done", "b done"}));
    CHECK_EQ(world.outbox.held.size(), 1U);
    const auto& message = world.outbox.held[0].message;
    CHECK_EQ(message.kind, "report-command-result");
    CHECK_EQ(message.correlation, "limits:" + kOne + ":2026-11-23T03:00:00");
    CHECK(message.body.find(R"("success":true)") != std::string::npos);
}

CASE(commands_of_the_cycle_are_the_result) {
    World world;
    world.report.applied.resize(1);
    world.report.applied[0].command.account = "physics";
    world.report.applied[0].success = true;
    world.come("a", "resource_periodic_limits", limits_message());
    world.ask_and_settle();
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
