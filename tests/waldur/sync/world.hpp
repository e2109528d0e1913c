// SPDX-License-Identifier: GPL-2.0-or-later
// A cluster's file, what Waldur says, and a report of usage, for the tests of what comes of them.
#pragma once

#include "tests/support/case.hpp"
#include "waldur/sync/report.hpp"

namespace sluice::test::waldur_world {

using settings::WaldurSettings;

inline constexpr Instant kNow = instant(1'795'400'000); // 2026-11-23 02:13:20 UTC
inline const std::string kOne(32, '1');
inline const std::string kTwo(32, '2');
inline const std::string kThree(32, '3');

inline Instant at(int seconds) {
    return kNow + std::chrono::seconds(seconds);
}

inline waldur::Resource resource(const std::string& uuid, const std::string& account,
                                 const char* hours = "10") {
    waldur::Resource made;
    made.uuid = uuid;
    made.name = "r-" + account;
    made.account = account;
    made.state = "OK";
    made.limits = {{"node_hours", *Decimal::parse(hours)}};
    return made;
}

struct World {
    core::Rules file;
    WaldurSettings settings;
    waldur::Offering offering;
    std::vector<waldur::Offering> others; // further offerings, as the settings name them
    waldur::Answers answers;              // what make() made the rules from
    waldur::Sent sent;
    ports::CycleReport report;
    std::shared_ptr<const core::Rules> rules;
    waldur::AccountResources resources;

    World() {
        file.cluster = "c1";
        file.zone = *Zone::load("UTC");
        file.set.components = {{"node_hours", "node", Decimal::whole(60)}};
        model::Policy policy;
        policy.name = "p";
        policy.mode = model::Mode::enforce;
        file.set.policies = {policy};
        settings.enabled = true;
        settings.source = WaldurSettings::Source::waldur;
        settings.offerings = {{kTwo, ""}};
        offering.began = kNow;
        offering.components = {{"node_hours", "limit", "quarterly"}};
        offering.resources = {resource(kOne, "physics"), resource(kTwo, "chem", "20")};
        offering.policy.emplace();
        offering.policy->uuid = kThree;
        offering.policy->actions = {"request_slurm_resource_pausing"};
        offering.policy->period = 2;
        offering.policy->grace_ratio = *Decimal::parse("0.2");
        report.cluster = "c1";
        report.at = kNow;
    }
    const core::Rules& make() {
        answers = {std::make_shared<const waldur::Offering>(offering)};
        for (const auto& other : others)
            answers.push_back(std::make_shared<const waldur::Offering>(other));
        rules = waldur::rules_from(file, settings, answers, sent.flags);
        resources = waldur::account_resources(answers).front();
        return *rules;
    }
    waldur::ReportInput input() {
        return {*answers.front(), resources, *rules, report, sent, kNow};
    }
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

} // namespace sluice::test::waldur_world
