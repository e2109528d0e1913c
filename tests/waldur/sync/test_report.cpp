// SPDX-License-Identifier: GPL-2.0-or-later
// Reports to Waldur: flags, usage, results; owners.
#include "tests/waldur/sync/world.hpp"

using namespace sluice;
using namespace sluice::test::waldur_world;
using waldur::AskedFlag;

namespace {

const waldur::FlagKey kPaused{kOne, waldur::Flag::paused};

} // namespace

CASE(flags_are_sent_with_the_same_correlation_until_waldur_has_them) {
    World world;
    world.make();
    model::AccountDecision decision;
    decision.account = "physics";
    decision.mode = model::Mode::enforce;
    decision.enforced = {true, false};
    world.report.decision.accounts = {decision};
    const auto first = waldur::make_flag_messages(world.input());
    CHECK_EQ(first.messages.size(), 1U);
    CHECK_EQ(first.messages[0].kind, "set_paused");
    CHECK_EQ(first.messages[0].body, R"({"path":"/api/marketplace-provider-resources/)" +
                                         waldur::dashed(kOne) +
                                         R"(/set_paused/","body":{"paused":true}})");
    world.sent.update(first.sent);
    const auto again = waldur::make_flag_messages(world.input());
    CHECK_EQ(again.messages.at(0).correlation, first.messages[0].correlation);
}

CASE(a_flag_that_changes_before_waldur_has_it_asks_waldur_first) {
    World world;
    world.make();
    model::AccountDecision decision;
    decision.account = "physics";
    decision.mode = model::Mode::enforce;
    world.report.decision.accounts = {decision};
    auto& asked = world.sent.flags[kPaused];
    asked = {true, kNow, std::nullopt};
    const auto back = waldur::make_flag_messages(world.input());
    CHECK(back.messages.at(0).body.find(R"("body":{"paused":false},"ask_first":true)") !=
          std::string::npos);
    // In the same second: another message, not a repeat of one.
    CHECK(back.sent.flags.at(kPaused) == AskedFlag({false, at(1), std::nullopt}));
    // What Waldur has confirmed leaves no doubt.
    asked = {true, at(-9), at(-8)};
    world.offering.resources[0].paused = true;
    world.make();
    const auto sure = waldur::make_flag_messages(world.input());
    CHECK(sure.messages.at(0).body.find("ask_first") == std::string::npos);
}

CASE(a_held_account_is_reported_when_its_last_rules_pause_it) {
    World world;
    world.make();
    model::AccountDecision decision;
    decision.account = "physics";
    decision.mode = model::Mode::enforce;
    decision.error = "its allocation has no gpu_hours any more";
    decision.fault = model::Fault::rules;
    decision.enforced = {true, false};
    decision.percent = 12'000;
    world.report.decision.accounts = {decision};
    CHECK(waldur::make_flag_messages(world.input()).messages.empty()); // its standing is kept
    CHECK(waldur::make_metadata_messages(world.input(), "1").messages.empty());
    world.report.decision.accounts[0].last_rules = std::make_shared<const model::PolicySet>();
    const auto flags = waldur::make_flag_messages(world.input());
    CHECK_EQ(flags.messages.size(), 1U);
    CHECK(flags.messages[0].body.find(R"("body":{"paused":true})") != std::string::npos);
    const auto metadata = waldur::make_metadata_messages(world.input(), "1");
    CHECK_EQ(metadata.messages.size(), 1U);
    CHECK(metadata.messages[0].body.find(R"("usage_percentage":120)") != std::string::npos);
    // A flag of Waldur that nothing here asked for stays.
    world.report.decision.accounts[0].enforced = {};
    world.offering.resources[0].paused = true;
    world.make();
    CHECK(waldur::make_flag_messages(world.input()).messages.empty());
}

CASE(an_observed_account_has_no_flag_in_waldur) {
    World world;
    world.make();
    model::AccountDecision decision;
    decision.account = "physics";
    decision.flags = {true, true};
    world.report.decision.accounts = {decision};
    CHECK(waldur::make_flag_messages(world.input()).messages.empty());
}

CASE(usage_is_sent_by_month_with_two_decimals_and_only_when_it_changed) {
    World world;
    world.make();
    world.use("physics", kNovember, kNow, 44'460); // 12.35 h
    const auto out = waldur::make_usage_messages(world.input());
    CHECK_EQ(out.messages.size(), 1U); // chem used nothing and nothing was sent of it
    CHECK(out.messages[0].body.find(R"("amount":"12.35")") != std::string::npos);
    CHECK(out.messages[0].body.find(R"("date":"2026-11-23T00:00:00Z")") != std::string::npos);
    world.sent.update(out.sent);
    CHECK(waldur::make_usage_messages(world.input()).messages.empty());
}

CASE(a_lower_figure_carries_a_note) {
    World world;
    world.make();
    world.sent.usage[{kOne, "2026-11"}] = {false, {{"node_hours", 1300}}};
    world.use("physics", kNovember, kNow, 44'460);
    const auto out = waldur::make_usage_messages(world.input());
    CHECK(out.messages.at(0).body.find("from 13.00 to 12.35") != std::string::npos);
}

CASE(the_month_before_is_closed_once_a_day_after_its_end) {
    World world;
    world.make();
    world.use("physics", kOctober, kNovember, 3600);
    const auto out = waldur::make_usage_messages(world.input());
    CHECK_EQ(out.messages.size(), 1U);
    CHECK_EQ(out.messages[0].kind, "set_usage 2026-10");
    CHECK(out.messages[0].body.find("2026-10-15T12:00:00Z") != std::string::npos);
    world.sent.update(out.sent);
    CHECK(world.sent.usage.at({kOne, "2026-10"}) ==
          waldur::SentUsage({true, {{"node_hours", 100}}}));
    world.use("physics", kOctober, kNovember, 7200); // too late
    CHECK(waldur::make_usage_messages(world.input()).messages.empty());
}

CASE(usage_by_user_is_sent_by_month_also_of_the_last_month) {
    World world;
    world.make();
    world.use("physics", kOctober, kNovember, 7200);
    world.use("physics", kNovember, kNow, 3600);
    world.report.at = kNow;
    auto windows = *world.report.usage;
    for (auto& window : windows) {
        auto& used = window.accounts["physics"];
        used.users["alice"]["node"].settled = used.tres["node"].settled;
        used.users_settled = true;
    }
    world.report.usage = std::make_shared<const std::vector<model::WindowUsage>>(windows);
    auto out =
        waldur::make_user_messages(world.input()); // in the middle of November: October is over
    CHECK_EQ(out.messages.size(), 1U);
    CHECK_EQ(out.messages[0].kind, "set-user-usages 2026-11");
    world.sent.update(out.sent);
    CHECK(waldur::make_user_messages(world.input()).messages.empty());
    // What is due outlives the process, until it is sent.
    world.sent.update(
        waldur::users_due(world.input(), waldur::make_usage_messages(world.input())).sent);
    CHECK(world.sent.users.at(kOne).due && !world.sent.users.contains(kTwo));
    const auto done = waldur::make_user_messages(world.input()).sent;
    CHECK_EQ(done.users.size(), 1U);
    world.sent.update(done);
    CHECK(!world.sent.users.at(kOne).due);
    CHECK(waldur::make_user_messages(world.input()).sent.users.empty());

    world.report.at = kNovember + std::chrono::hours(3);
    windows[0].window.end = kNovember;
    windows[1].window.end = world.report.at;
    world.report.usage = std::make_shared<const std::vector<model::WindowUsage>>(windows);
    out = waldur::make_user_messages(world.input()); // the usage of November was sent above
    CHECK_EQ(out.messages.size(), 1U);
    CHECK_EQ(out.messages[0].kind, "set-user-usages 2026-10");
    CHECK(out.messages[0].body.find(R"("month":"2026-10-01")") != std::string::npos);
    CHECK(out.messages[0].body.find(R"({"username":"alice","usage":"2.00"})") != std::string::npos);
    // Sent while October ran, it is not sent again.
    world.sent.users[kOne].current = out.sent.users.at(kOne).last;
    CHECK_EQ(waldur::make_user_messages(world.input()).messages.size(), 1U);
}

CASE(accounts_take_cycles_though_the_first_ones_come_again_each_time) {
    std::set<std::string> waiting;
    std::set<std::string> seen;
    std::string after;
    for (int round = 0; round < 4; ++round) {
        for (const char* name : {"a", "b", "c", "d", "e", "f", "g"})
            waiting.insert(name);
        seen.merge(waldur::take_some(waiting, after, 2));
    }
    CHECK_EQ(seen.size(), 7U);
    CHECK_EQ(waiting.size(), 5U);
    CHECK_EQ(waldur::take_some(waiting, after, 9).size(), 5U);
    CHECK(waldur::take_some(waiting, after, 9).empty());
}

CASE(old_figures_are_not_sent) {
    World world;
    world.make();
    world.use("physics", kNovember, kNow, 44'460);
    world.report.usage_age = 60;
    CHECK(waldur::make_usage_messages(world.input()).messages.empty());
}

CASE(one_result_for_each_account_fails_when_one_command_failed) {
    World world;
    world.make();
    std::vector<ports::CommandRecord> commands(3);
    for (std::size_t i = 0; i < 3; ++i) {
        commands[i].id = static_cast<std::int64_t>(i) + 7;
        commands[i].command.account = i == 2 ? "nobody" : "physics";
        commands[i].command.sacctmgr = "line " + std::to_string(i);
        commands[i].success = i == 0;
        commands[i].error = i == 0 ? "" : "denied";
    }
    const auto messages = waldur::make_result_messages(world.input(), commands);
    CHECK_EQ(messages.size(), 1U);
    CHECK_EQ(messages[0].key, kOne);
    CHECK_EQ(messages[0].correlation, "commands:c1:7-8:physics");
    CHECK(messages[0].body.find(R"("success":false,"error_message":"denied","mode":"production",)"
                                R"("commands_executed":["line 0","line 1"])") != std::string::npos);
}

CASE(metadata_is_sent_when_a_whole_percent_changed) {
    World world;
    world.make();
    model::AccountDecision decision;
    decision.account = "physics";
    decision.percent = 8012;
    world.report.decision.accounts = {decision};
    const auto out = waldur::make_metadata_messages(world.input(), "1.0");
    CHECK_EQ(out.messages.size(), 1U);
    CHECK(out.messages[0].body.find(R"("usage_percentage":80)") != std::string::npos);
    world.sent.update(out.sent);
    world.report.decision.accounts[0].percent = 8099;
    CHECK(waldur::make_metadata_messages(world.input(), "1.0").messages.empty());
    world.report.decision.accounts[0].percent = 8100;
    CHECK_EQ(waldur::make_metadata_messages(world.input(), "1.0").messages.size(), 1U);
}

CASE(owners_in_waldur_are_contacts_where_the_file_has_none) {
    World world;
    world.file.notices.contacts = {{"chem", {"pi@example.org"}}};
    world.offering.resources[0].customer = world.offering.resources[1].customer = kThree;
    world.offering.owners = {{kThree, {"owner@example.org"}}};
    const auto& contacts = world.make().notices.contacts;
    CHECK_EQ(contacts.at("physics").at(0), "owner@example.org");
    CHECK_EQ(contacts.at("chem").at(0), "pi@example.org");
}

CASE(notices_may_name_the_organization_and_project_of_waldur) {
    World world;
    world.offering.resources[0].customer_name = "Institute";
    world.offering.resources[0].project_name = "Lattice";
    const auto holders = world.make().notices.holders;
    CHECK_EQ(holders.at("physics").organization, "Institute");
    CHECK_EQ(holders.at("physics").project, "Lattice");
}

CASE(waldurs_names_of_what_is_here) {
    World world;
    world.make();
    auto ids = waldur::known_ids(world.settings, world.answers, *world.rules);
    CHECK_EQ(ids.policies.at("p").offering, kTwo);
    CHECK_EQ(ids.policies.at("p").uuid, kThree);
    CHECK(ids.policies.at("p").for_all);
    CHECK_EQ(ids.resources.at("physics"), kOne);
    world.settings.source = WaldurSettings::Source::file;
    world.make();
    ids = waldur::known_ids(world.settings, world.answers, *world.rules);
    CHECK_EQ(ids.policies.at("p").uuid, ""); // the file's own policy
    CHECK_EQ(ids.resources.at("physics"), kOne);
}
