// SPDX-License-Identifier: GPL-2.0-or-later
// What Waldur is told: flags, usage, results, owners.
#include "tests/waldur/sync/world.hpp"

using namespace sluice;
using namespace sluice::test::portal;
using app::AskedFlag;

CASE(flags_are_told_with_the_same_correlation_until_waldur_has_them) {
    World world;
    world.make();
    model::AccountDecision decision;
    decision.account = "physics";
    decision.mode = model::Mode::enforce;
    decision.enforced = {true, false};
    world.report.decision.accounts = {decision};
    const auto first = app::tell_flags(world.telling(), {});
    CHECK_EQ(first.messages.size(), 1U);
    CHECK_EQ(first.messages[0].kind, "set_paused");
    CHECK_EQ(first.messages[0].body, R"({"path":"/api/marketplace-provider-resources/)" +
                                         app::dashed(kOne) +
                                         R"(/set_paused/","body":{"paused":true}})");
    const app::AskedFlags asked{
        {app::flag_key(kOne, "paused"), *app::asked_flag(first.notes.at(0).value)}};
    const auto again = app::tell_flags(world.telling(), asked);
    CHECK_EQ(again.messages.at(0).correlation, first.messages[0].correlation);
}

CASE(a_flag_that_changes_before_waldur_has_it_asks_waldur_first) {
    World world;
    world.make();
    model::AccountDecision decision;
    decision.account = "physics";
    decision.mode = model::Mode::enforce;
    world.report.decision.accounts = {decision};
    app::AskedFlags asked{{app::flag_key(kOne, "paused"), {true, kNow, std::nullopt}}};
    const auto back = app::tell_flags(world.telling(), asked);
    CHECK(back.messages.at(0).body.find(R"("body":{"paused":false},"ask_first":true)") !=
          std::string::npos);
    // In the same second: another message, not a repeat of one.
    const auto noted = app::asked_flag(back.notes.at(0).value);
    CHECK(noted.has_value() && !noted->value && noted->asked == at(1));
    // What Waldur has confirmed leaves no doubt.
    asked.begin()->second = {true, at(-9), at(-8)};
    world.view.resources[0].paused = true;
    const auto sure = app::tell_flags(world.telling(), asked);
    CHECK(sure.messages.at(0).body.find("ask_first") == std::string::npos);
}

CASE(an_observed_account_has_no_flag_in_waldur) {
    World world;
    world.make();
    model::AccountDecision decision;
    decision.account = "physics";
    decision.flags = {true, true};
    world.report.decision.accounts = {decision};
    CHECK(app::tell_flags(world.telling(), {}).messages.empty());
}

CASE(usage_is_told_by_month_with_two_decimals_and_only_when_it_changed) {
    World world;
    world.make();
    world.use("physics", kNovember, kNow, 44'460); // 12.35 h
    const auto told = app::tell_usage(world.telling());
    CHECK_EQ(told.messages.size(), 1U); // chem used nothing and nothing was told of it
    CHECK(told.messages[0].body.find(R"("amount":"12.35")") != std::string::npos);
    CHECK(told.messages[0].body.find(R"("date":"2026-11-23T00:00:00Z")") != std::string::npos);
    for (const auto& note : told.notes)
        world.noted[note.key] = note.value;
    CHECK(app::tell_usage(world.telling()).messages.empty());
}

CASE(a_lower_figure_carries_a_note) {
    World world;
    world.make();
    world.noted[kOne + ":2026-11"] = "open;node_hours=1300";
    world.use("physics", kNovember, kNow, 44'460);
    const auto told = app::tell_usage(world.telling());
    CHECK(told.messages.at(0).body.find("from 13.00 to 12.35") != std::string::npos);
}

CASE(the_month_before_is_closed_once_a_day_after_its_end) {
    World world;
    world.make();
    world.use("physics", kOctober, kNovember, 3600);
    const auto told = app::tell_usage(world.telling());
    CHECK_EQ(told.messages.size(), 1U);
    CHECK_EQ(told.messages[0].kind, "set_usage 2026-10");
    CHECK(told.messages[0].body.find("2026-10-15T12:00:00Z") != std::string::npos);
    for (const auto& note : told.notes)
        world.noted[note.key] = note.value;
    CHECK_EQ(world.noted.at(kOne + ":2026-10"), "closed;node_hours=100");
    world.use("physics", kOctober, kNovember, 7200); // too late
    CHECK(app::tell_usage(world.telling()).messages.empty());
}

CASE(users_are_told_by_month_and_the_last_one_is_not_forgotten) {
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
    auto told = app::tell_users(world.telling()); // in the middle of November: October is over
    CHECK_EQ(told.messages.size(), 1U);
    CHECK_EQ(told.messages[0].kind, "set-user-usages 2026-11");
    world.noted[told.notes.at(0).key] = told.notes[0].value;
    CHECK(app::tell_users(world.telling()).messages.empty());
    // What is to be told outlives the process, till it is.
    const auto due = app::tell_due(world.telling(), app::tell_usage(world.telling()), world.noted);
    CHECK_EQ(due.size(), 1U);
    world.noted[due[0].key] = due[0].value;
    CHECK(app::is_due(world.noted, kOne) && !app::is_due(world.noted, kTwo));
    const auto done = app::tell_users(world.telling()).notes;
    CHECK_EQ(done.size(), 1U);
    world.noted[done[0].key] = done[0].value;
    CHECK(!app::is_due(world.noted, kOne));

    world.report.at = kNovember + std::chrono::hours(3);
    windows[0].window.end = kNovember;
    windows[1].window.end = world.report.at;
    world.report.usage = std::make_shared<const std::vector<model::WindowUsage>>(windows);
    told = app::tell_users(world.telling()); // what November has was told above
    CHECK_EQ(told.messages.size(), 1U);
    CHECK_EQ(told.messages[0].kind, "set-user-usages 2026-10");
    CHECK(told.messages[0].body.find(R"("month":"2026-10-01")") != std::string::npos);
    CHECK(told.messages[0].body.find(R"({"username":"alice","usage":"2.00"})") !=
          std::string::npos);
    CHECK_EQ(told.notes.at(0).key, kOne + ":last");
    // Told while October ran, it is not told again.
    world.noted[kOne] = told.notes[0].value;
    CHECK_EQ(app::tell_users(world.telling()).messages.size(), 1U);
}

CASE(accounts_take_cycles_though_the_first_ones_come_again_each_time) {
    std::set<std::string> waiting;
    std::set<std::string> seen;
    std::string after;
    for (int round = 0; round < 4; ++round) {
        for (const char* name : {"a", "b", "c", "d", "e", "f", "g"})
            waiting.insert(name);
        seen.merge(app::take_some(waiting, after, 2));
    }
    CHECK_EQ(seen.size(), 7U);
    CHECK_EQ(waiting.size(), 5U);
    CHECK_EQ(app::take_some(waiting, after, 9).size(), 5U);
    CHECK(app::take_some(waiting, after, 9).empty());
}

CASE(old_figures_are_not_told) {
    World world;
    world.make();
    world.use("physics", kNovember, kNow, 44'460);
    world.report.usage_age = 60;
    CHECK(app::tell_usage(world.telling()).messages.empty());
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
    const auto messages = app::tell_results(world.telling(), commands);
    CHECK_EQ(messages.size(), 1U);
    CHECK_EQ(messages[0].key, kOne);
    CHECK_EQ(messages[0].correlation, "commands:c1:7-8:physics");
    CHECK(messages[0].body.find(R"("success":false,"error_message":"denied","mode":"production",)"
                                R"("commands_executed":["line 0","line 1"])") != std::string::npos);
}

CASE(metadata_is_told_when_a_whole_percent_changed) {
    World world;
    world.make();
    model::AccountDecision decision;
    decision.account = "physics";
    decision.percent = 8012;
    world.report.decision.accounts = {decision};
    const auto told = app::tell_metadata(world.telling(), "1.0");
    CHECK_EQ(told.messages.size(), 1U);
    CHECK(told.messages[0].body.find(R"("usage_percentage":80)") != std::string::npos);
    for (const auto& note : told.notes)
        world.noted[note.key] = note.value;
    world.report.decision.accounts[0].percent = 8099;
    CHECK(app::tell_metadata(world.telling(), "1.0").messages.empty());
    world.report.decision.accounts[0].percent = 8100;
    CHECK_EQ(app::tell_metadata(world.telling(), "1.0").messages.size(), 1U);
}

CASE(owners_in_waldur_are_told_where_the_file_names_nobody) {
    World world;
    world.file.notices.contacts = {{"chem", {"pi@example.org"}}};
    world.view.resources[0].customer = world.view.resources[1].customer = kThree;
    world.view.owners = {{kThree, {"owner@example.org"}}};
    const auto& contacts = world.make().notices.contacts;
    CHECK_EQ(contacts.at("physics").at(0), "owner@example.org");
    CHECK_EQ(contacts.at("chem").at(0), "pi@example.org");
}

CASE(waldurs_names_of_what_is_here) {
    World world;
    world.settings.offering = kTwo;
    const auto names = world.make().names;
    CHECK_EQ(names->offering, kTwo);
    CHECK_EQ(names->policies.at("p"), kThree);
    CHECK_EQ(names->resources.at("physics"), kOne);
    world.settings.source = PortalSettings::Source::file;
    CHECK(world.make().names->policies.empty()); // the file's own policy
    CHECK_EQ(world.rules->names->resources.at("physics"), kOne);
}
