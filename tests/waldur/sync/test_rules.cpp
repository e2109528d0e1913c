// SPDX-License-Identifier: GPL-2.0-or-later
// What Waldur says becomes rules.
#include "common/settings/times.hpp"
#include "tests/waldur/sync/world.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::test::waldur_world;
using waldur::AskedFlag;

CASE(a_flag_that_we_never_asked_for_is_a_persons) {
    CHECK(waldur::is_foreign(true, nullptr, kNow));
    CHECK(!waldur::is_foreign(false, nullptr, kNow));
    CHECK(!waldur::to_ask(false, true, nullptr, kNow)); // never cleared
    CHECK(!waldur::to_ask(true, true, nullptr, kNow));  // it is there already
    CHECK(*waldur::to_ask(true, false, nullptr, kNow));
}

CASE(a_flag_of_ours_is_taken_back_once) {
    const AskedFlag ours{true, at(-100), at(-90)};
    CHECK(!waldur::is_foreign(true, &ours, kNow));
    CHECK_EQ(*waldur::to_ask(false, true, &ours, kNow), false);
    const AskedFlag cleared{false, at(-10), at(-5)};
    CHECK(!waldur::to_ask(false, false, &cleared, kNow));
    CHECK(waldur::is_over(false, cleared, kNow));
    CHECK(waldur::is_foreign(true, &cleared, kNow)); // set again by a person since
}

CASE(an_answer_older_than_the_request_proves_nothing) {
    const AskedFlag waiting{false, at(-10), std::nullopt};
    CHECK(!waldur::is_foreign(true, &waiting, kNow));
    CHECK(!waldur::to_ask(false, true, &waiting, kNow));
    const AskedFlag late{false, at(-10), at(0)};
    CHECK(!waldur::is_foreign(true, &late, kNow));
    CHECK(!waldur::is_over(true, late, kNow));
}

CASE(a_flag_of_ours_that_a_person_cleared_is_asked_for_again_or_forgotten) {
    const AskedFlag ours{true, at(-100), at(-90)};
    CHECK_EQ(*waldur::to_ask(true, false, &ours, kNow), true);
    CHECK(!waldur::to_ask(false, false, &ours, kNow));
    CHECK(waldur::is_over(false, ours, kNow));
}

CASE(what_was_sent_outlives_the_process) {
    class Held final : public ports::Notes {
    public:
        Result<std::map<std::string, std::string>> notes(const std::string& kind) override {
            return kept[kind];
        }
        Result<void> put(std::span<const ports::Note> notes) override {
            for (const auto& note : notes)
                kept[note.kind][note.key] = note.value;
            return {};
        }
        std::map<std::string, std::map<std::string, std::string>> kept;
    };
    waldur::Sent sent;
    sent.flags[{kOne, waldur::Flag::paused}] = {true, at(-3), at(-1)};
    sent.flags[{kOne, waldur::Flag::downscaled}] = {false, at(-3), std::nullopt};
    sent.usage[{kOne, "2026-11"}] = {true, {{"node_hours", 1234}, {"a=b", 0}}};
    sent.users[kTwo] = {"now", "last", true};
    sent.metadata[kTwo] = "{}";
    Held held;
    CHECK(held.put(waldur::notes_of(sent)));
    const auto again = waldur::load_sent(held);
    CHECK(again.flags == sent.flags);
    CHECK(again.usage == sent.usage);
    CHECK(again.users == sent.users);
    CHECK(again.metadata == sent.metadata);
    for (const char* bad : {"", "1", "2 3", "1 x", "1 2 x", "1 2 3 4"}) {
        held.kept["waldur-flag"] = {{kOne + ":paused", bad}};
        CHECK(waldur::load_sent(held).flags.empty());
    }
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
    CHECK(rules.grants);
    CHECK_EQ(rules.monthly.size(), 2U);
}

CASE(no_cycle_runs_before_waldur_has_answered) {
    World world;
    CHECK(!waldur::rules_from(world.file, world.settings, {nullptr}, {})->missing.empty());
    world.settings.source = WaldurSettings::Source::file;
    CHECK(waldur::rules_from(world.file, world.settings, {nullptr}, {})->missing.empty());
}

CASE(a_limit_of_zero_is_no_limit_as_in_waldur) {
    World world;
    world.offering.resources[0].limits["node_hours"] = {};
    const auto& rules = world.make();
    CHECK(rules.set.accounts.contains("physics")); // listed, so that its own QOS list is restored
    CHECK(!rules.set.accounts.at("physics").allocation);
}

CASE(a_resource_that_cannot_be_assigned_is_named_and_its_account_left_alone) {
    World world;
    world.offering.resources.push_back(resource(kThree, "chem"));
    world.offering.resources.push_back(resource(std::string(32, '4'), ""));
    auto broken = resource(std::string(32, '5'), "bio");
    broken.fault = "limit of node_hours is not an amount";
    world.offering.resources.push_back(broken);
    const std::string problems = world.problems();
    CHECK(problems.find("account chem is in 2 resources of Waldur") != std::string::npos);
    CHECK(problems.find("4444) of Waldur has no account") != std::string::npos);
    CHECK(problems.find("limit of node_hours is not an amount") != std::string::npos);
    CHECK(!world.rules->set.accounts.contains("chem"));
    CHECK(!world.rules->set.accounts.contains("bio"));
}

CASE(terminating_resources_are_left_alone) {
    World world;
    world.offering.resources[0].state = "Terminating";
    CHECK(!world.make().set.accounts.contains("physics"));
    CHECK(world.make().problems.empty());
}

CASE(a_component_that_only_waldur_has_is_named_once) {
    World world;
    world.offering.components.push_back({"gpu_hours", "limit", ""});
    world.offering.components.push_back({"storage", "usage", ""});
    for (auto& one : world.offering.resources)
        one.limits["gpu_hours"] = one.limits["storage"] = Decimal::whole(5);
    const std::string problems = world.problems();
    CHECK(problems.find("gpu_hours") != std::string::npos);
    CHECK(problems.find("gpu_hours") == problems.rfind("Waldur limits gpu_hours") + 14);
    CHECK(problems.find("storage") == std::string::npos);
}

CASE(actions_that_waldur_does_not_name_any_more_count_as_not_written) {
    World world;
    world.file.set.policies[0].period_missing = true;
    CHECK(!world.make().set.policies.at(0).actions_missing);
    CHECK(!world.rules->set.policies.at(0).period_missing); // Waldur has one
    world.offering.policy->actions = {"pause_everything"};
    CHECK(world.make().set.policies.at(0).actions_missing);
    world.offering.policy->actions.clear();
    CHECK(world.make().set.policies.at(0).actions_missing);
}

CASE(a_policy_of_organization_groups_applies_only_to_their_customers) {
    World world;
    world.offering.policy->for_all = false;
    world.offering.policy->customers = {kThree};
    world.offering.resources[0].customer = kThree;
    CHECK_EQ(world.make().set.policies.at(0).match.accounts.size(), 1U);
    CHECK_EQ(world.rules->set.policies.at(0).match.accounts.at(0), "physics");
    world.offering.policy->customers.clear();
    const auto& match = world.make().set.policies.at(0).match;
    CHECK(match.accounts.empty() && !match.all()); // an empty list must not mean everybody
}

CASE(a_persons_flag_only_makes_it_stricter_and_authority_waldur_goes_both_ways) {
    World world;
    world.offering.resources[0].downscaled = true;
    auto pins = world.make().pins;
    CHECK_EQ(pins.size(), 1U);
    CHECK(pins[0].standing == model::Standing::downscaled);
    CHECK(pins[0].at_least && pins[0].foreign);
    world.settings.authority = WaldurSettings::Authority::waldur;
    pins = world.make().pins;
    CHECK_EQ(pins.size(), 2U);
    for (const auto& pin : pins)
        CHECK(!pin.at_least &&
              pin.standing == (pin.account == "physics" ? model::Standing::downscaled
                                                        : model::Standing::normal));
}

CASE(our_own_flag_in_waldur_pins_nothing) {
    World world;
    world.offering.resources[0].paused = true;
    world.sent.flags[{kOne, waldur::Flag::paused}] = {true, at(-100), at(-90)};
    CHECK(world.make().pins.empty());
}

// Two offerings of one cluster, each with its policy; the second has bio.
World with_two_offerings() {
    World world;
    world.settings.offerings = {{kTwo, "p"}, {kThree, "slow"}};
    model::Policy other = world.file.set.policies[0];
    other.name = "slow";
    for (auto* policy : {&world.file.set.policies[0], &other})
        policy->match.listed = true;
    world.file.set.policies.push_back(other);
    waldur::Offering second = world.offering;
    second.began = at(5);
    second.resources = {resource(std::string(32, '6'), "bio", "30")};
    second.components[0].limit_period = "annual";
    second.policy->grace_ratio = *Decimal::parse("0.5");
    world.others = {second};
    return world;
}

CASE(each_offering_has_its_policy_and_its_accounts) {
    World world = with_two_offerings();
    const auto& rules = world.make();
    const auto& first = rules.set.policies.at(0);
    const auto& second = rules.set.policies.at(1);
    CHECK_EQ(first.match.accounts.size(), 2U);
    CHECK_EQ(second.match.accounts.size(), 1U);
    CHECK_EQ(second.match.accounts.at(0), "bio");
    CHECK(first.period.kind == model::PeriodKind::quarter);
    CHECK(second.period.kind == model::PeriodKind::year);
    CHECK_EQ(second.grace_ratio.text(), "0.5");
    CHECK_EQ(rules.set.accounts.at("bio").allocation->at("node_hours").text(), "30");
    CHECK(rules.source_began == at(5));
    CHECK(rules.source_answers ==
          (std::map<std::string, Instant>{{waldur::dashed(kTwo), kNow},
                                          {waldur::dashed(kThree), at(5)}}));
    const auto ids = waldur::known_ids(world.settings, world.answers, rules);
    CHECK_EQ(ids.policies.at("p").offering, kTwo);
    CHECK_EQ(ids.policies.at("slow").offering, kThree);
}

CASE(an_account_in_two_offerings_is_named_and_left_alone) {
    World world = with_two_offerings();
    world.others[0].resources.push_back(resource(std::string(32, '7'), "chem"));
    CHECK(world.problems().find("account chem is in 2 resources of Waldur") != std::string::npos);
    CHECK(!world.rules->set.accounts.contains("chem"));
}

CASE(an_offering_that_never_answered_decides_nothing_and_holds_up_no_other) {
    World world = with_two_offerings();
    world.make();
    waldur::Answers answers{world.answers[0], nullptr};
    const auto rules = waldur::rules_from(world.file, world.settings, answers, {});
    CHECK_EQ(rules->missing, "");
    CHECK_EQ(rules->set.policies.at(0).match.accounts.size(), 2U);
    CHECK(rules->set.policies.at(1).match.accounts.empty());
    CHECK(!rules->set.policies.at(1).match.all());
    CHECK(rules->problems.at(0).what.find("has not answered yet: policy slow") !=
          std::string::npos);
}

CASE(a_policy_for_organization_groups_says_so_to_clients) {
    World world;
    world.offering.policy->for_all = false;
    world.offering.policy->groups = {kThree};
    world.make();
    const auto ids = waldur::known_ids(world.settings, world.answers, *world.rules);
    CHECK(!ids.policies.at("p").for_all);
    CHECK_EQ(ids.policies.at("p").groups.at(0), kThree);
}

CASE(an_end_date_of_waldur_is_the_end_of_the_account) {
    const auto end = [](const char* date, const char* own) {
        World world;
        world.offering.resources = {resource(kOne, "physics")};
        world.offering.resources[0].end_date = date;
        if (const auto day = settings::parse_day(own)) {
            model::AccountLife life;
            life.until = std::chrono::local_days{*day};
            world.file.set.accounts["physics"].life = life;
        }
        const auto& life = world.make().set.accounts.at("physics").life;
        if (!life)
            return std::string("none");
        return life->until ? settings::local_text(*life->until)
                           : std::string(life->endless ? "never" : "open");
    };
    CHECK_EQ(end("2026-09-30", ""), "2026-10-01T00:00:00"); // its last day
    CHECK_EQ(end("never", ""), "never");
    CHECK_EQ(end("", ""), "none"); // an older Waldur
    CHECK_EQ(end("2026-09-30", "2026-08-01"), "2026-08-01T00:00:00");
    CHECK_EQ(end("2026-09-30", "2026-12-01"), "2026-10-01T00:00:00");
    CHECK_EQ(end("never", "2026-08-01"), "2026-08-01T00:00:00");
    CHECK_EQ(end("", "2026-08-01"), "2026-08-01T00:00:00");
    World odd;
    odd.offering.resources = {resource(kOne, "physics")};
    for (const char* date : {"2026-02-30", "soon", "no text"}) {
        odd.offering.resources[0].end_date = date;
        CHECK(!odd.make().set.accounts.contains("physics")); // left unchanged: it is held
        CHECK(odd.rules->problems.front().what.find("is no day") != std::string::npos);
    }
}
