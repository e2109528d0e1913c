// SPDX-License-Identifier: GPL-2.0-or-later
// What Waldur says becomes rules, and what it is told: flags, usage, results.
#include "daemon/app/portal_messages.hpp"
#include "tests/support/case.hpp"

#include <algorithm>

using namespace sluice;
using app::AskedFlag;
using settings::PortalSettings;

namespace {

constexpr Instant kNow = instant(1'795'400'000); // 2026-11-23 02:13:20 UTC
const std::string kOne(32, '1');
const std::string kTwo(32, '2');
const std::string kThree(32, '3');

Instant at(int seconds) {
    return kNow + std::chrono::seconds(seconds);
}

ports::PortalResource resource(const std::string& uuid, const std::string& account,
                               const char* hours = "10") {
    ports::PortalResource made;
    made.uuid = uuid;
    made.name = "r-" + account;
    made.account = account;
    made.state = "OK";
    made.limits = {{"node_hours", *Decimal::parse(hours)}};
    return made;
}

struct World {
    app::Rules file;
    PortalSettings settings;
    ports::PortalView view;
    app::AskedFlags asked;
    ports::TurnReport report;
    std::map<std::string, std::string> noted;
    std::shared_ptr<const app::Rules> rules;
    app::Roster roster;

    World() {
        file.cluster = "c1";
        file.zone = *Zone::load("UTC");
        file.set.components = {{"node_hours", "node", Decimal::whole(60)}};
        model::Policy policy;
        policy.name = "p";
        policy.mode = model::Mode::enforce;
        file.set.policies = {policy};
        settings.enabled = true;
        settings.source = PortalSettings::Source::waldur;
        view.began = kNow;
        view.components = {{"node_hours", "limit", "quarterly"}};
        view.resources = {resource(kOne, "physics"), resource(kTwo, "chem", "20")};
        view.policy.emplace();
        view.policy->uuid = kThree;
        view.policy->actions = {"request_slurm_resource_pausing"};
        view.policy->period = 2;
        view.policy->grace_ratio = *Decimal::parse("0.2");
        report.cluster = "c1";
        report.at = kNow;
    }
    const app::Rules& make() {
        rules = app::portal_rules(file, settings, &view, asked);
        roster = app::roster(view);
        return *rules;
    }
    app::Telling telling() { return {view, roster, *rules, report, noted, kNow}; }
    std::string problems() {
        std::string text;
        for (const auto& problem : make().problems)
            text += problem.what + '\n';
        return text;
    }
    void use(const std::string& account, Instant begin, Instant end, Amount node_seconds) {
        auto windows = report.usage ? *report.usage : std::vector<model::WindowUsage>{};
        model::WindowUsage* found = nullptr;
        for (auto& one : windows)
            if (one.window.begin == begin)
                found = &one;
        if (found == nullptr)
            found = &windows.emplace_back();
        found->window = {begin, end};
        found->accounts[account].tres["node"].settled = node_seconds;
        report.usage = std::make_shared<const std::vector<model::WindowUsage>>(std::move(windows));
    }
};

constexpr Instant kNovember = instant(1'793'491'200); // 2026-11-01
constexpr Instant kOctober = instant(1'790'812'800);

} // namespace

CASE(a_flag_that_we_never_asked_for_is_a_persons) {
    CHECK(app::is_foreign(true, nullptr, kNow));
    CHECK(!app::is_foreign(false, nullptr, kNow));
    CHECK(!app::to_ask(false, true, nullptr, kNow)); // never cleared
    CHECK(!app::to_ask(true, true, nullptr, kNow));  // it is there already
    CHECK(*app::to_ask(true, false, nullptr, kNow));
}

CASE(a_flag_of_ours_is_taken_back_once) {
    const AskedFlag ours{true, at(-100), at(-90)};
    CHECK(!app::is_foreign(true, &ours, kNow));
    CHECK_EQ(*app::to_ask(false, true, &ours, kNow), false);
    const AskedFlag cleared{false, at(-10), at(-5)};
    CHECK(!app::to_ask(false, false, &cleared, kNow));
    CHECK(app::is_over(false, cleared, kNow));
    CHECK(app::is_foreign(true, &cleared, kNow)); // set again by a person since
}

CASE(an_answer_older_than_what_we_asked_says_nothing) {
    const AskedFlag waiting{false, at(-10), std::nullopt};
    CHECK(!app::is_foreign(true, &waiting, kNow));
    CHECK(!app::to_ask(false, true, &waiting, kNow));
    const AskedFlag late{false, at(-10), at(0)};
    CHECK(!app::is_foreign(true, &late, kNow));
    CHECK(!app::is_over(true, late, kNow));
}

CASE(a_flag_of_ours_that_a_person_cleared_is_asked_for_again_or_forgotten) {
    const AskedFlag ours{true, at(-100), at(-90)};
    CHECK_EQ(*app::to_ask(true, false, &ours, kNow), true);
    CHECK(!app::to_ask(false, false, &ours, kNow));
    CHECK(app::is_over(false, ours, kNow));
}

CASE(a_flag_is_written_and_read) {
    const AskedFlag flag{true, at(-3), at(-1)};
    CHECK(app::asked_flag(app::text_of(flag)) == flag);
    const AskedFlag open{false, at(-3), std::nullopt};
    CHECK(app::asked_flag(app::text_of(open)) == open);
    for (const char* bad : {"", "1", "2 3", "1 x", "1 2 x", "1 2 3 4"})
        CHECK(!app::asked_flag(bad));
}

CASE(limits_of_waldur_are_the_allocations) {
    World world;
    const auto& rules = world.make();
    CHECK_EQ(rules.set.accounts.at("physics").allocation->at("node_hours").text(), "10");
    CHECK_EQ(rules.set.accounts.at("chem").allocation->at("node_hours").text(), "20");
    const auto& policy = rules.set.policies.at(0);
    CHECK(policy.mode == model::Mode::enforce);              // the file's
    CHECK(policy.period.kind == model::PeriodKind::quarter); // limit_period wins over period
    CHECK_EQ(policy.grace_ratio.text(), "0.2");
    CHECK(policy.has(model::Action::request_slurm_resource_pausing));
    CHECK(rules.partial);
    CHECK_EQ(rules.monthly.size(), 2U);
}

CASE(nothing_is_judged_before_waldur_has_answered) {
    World world;
    CHECK(!app::portal_rules(world.file, world.settings, nullptr, {})->missing.empty());
    world.settings.source = PortalSettings::Source::file;
    CHECK(app::portal_rules(world.file, world.settings, nullptr, {})->missing.empty());
}

CASE(a_limit_of_zero_is_no_limit_as_in_waldur) {
    World world;
    world.view.resources[0].limits["node_hours"] = {};
    const auto& rules = world.make();
    CHECK(rules.set.accounts.contains("physics")); // listed, so that what is held is given back
    CHECK(!rules.set.accounts.at("physics").allocation);
}

CASE(a_resource_that_cannot_be_assigned_is_named_and_its_account_left_alone) {
    World world;
    world.view.resources.push_back(resource(kThree, "chem"));
    world.view.resources.push_back(resource(std::string(32, '4'), ""));
    auto broken = resource(std::string(32, '5'), "bio");
    broken.fault = "limit of node_hours is no amount";
    world.view.resources.push_back(broken);
    const std::string problems = world.problems();
    CHECK(problems.find("account chem is in 2 resources of Waldur") != std::string::npos);
    CHECK(problems.find("4444) of Waldur has no account") != std::string::npos);
    CHECK(problems.find("limit of node_hours is no amount") != std::string::npos);
    CHECK(!world.rules->set.accounts.contains("chem"));
    CHECK(!world.rules->set.accounts.contains("bio"));
}

CASE(terminating_resources_are_left_alone) {
    World world;
    world.view.resources[0].state = "Terminating";
    CHECK(!world.make().set.accounts.contains("physics"));
    CHECK(world.make().problems.empty());
}

CASE(a_component_that_only_waldur_has_is_named_once) {
    World world;
    world.view.components.push_back({"gpu_hours", "limit", ""});
    world.view.components.push_back({"storage", "usage", ""});
    for (auto& one : world.view.resources)
        one.limits["gpu_hours"] = one.limits["storage"] = Decimal::whole(5);
    const std::string problems = world.problems();
    CHECK(problems.find("gpu_hours") != std::string::npos);
    CHECK(problems.find("gpu_hours") == problems.rfind("Waldur limits gpu_hours") + 14);
    CHECK(problems.find("storage") == std::string::npos);
}

CASE(a_policy_of_organization_groups_judges_only_their_customers) {
    World world;
    world.view.policy->for_all = false;
    world.view.policy->customers = {kThree};
    world.view.resources[0].customer = kThree;
    CHECK_EQ(world.make().set.policies.at(0).match.accounts.size(), 1U);
    CHECK_EQ(world.rules->set.policies.at(0).match.accounts.at(0), "physics");
    world.view.policy->customers.clear();
    CHECK(world.make().set.policies.empty()); // an empty list must not mean everybody
}

CASE(a_persons_flag_only_makes_it_stricter_and_authority_waldur_goes_both_ways) {
    World world;
    world.view.resources[0].downscaled = true;
    auto pins = world.make().pins;
    CHECK_EQ(pins.size(), 1U);
    CHECK(pins[0].standing == model::Standing::downscaled);
    CHECK(pins[0].at_least && pins[0].foreign);
    world.settings.authority = PortalSettings::Authority::waldur;
    pins = world.make().pins;
    CHECK_EQ(pins.size(), 2U);
    for (const auto& pin : pins)
        CHECK(!pin.at_least &&
              pin.standing == (pin.account == "physics" ? model::Standing::downscaled
                                                        : model::Standing::normal));
}

CASE(our_own_flag_in_waldur_pins_nothing) {
    World world;
    world.view.resources[0].paused = true;
    world.asked[app::flag_key(kOne, "paused")] = {true, at(-100), at(-90)};
    CHECK(world.make().pins.empty());
}

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

CASE(accounts_take_turns_though_the_first_ones_come_again_each_time) {
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
