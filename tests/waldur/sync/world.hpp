// SPDX-License-Identifier: GPL-2.0-or-later
// A cluster's file, what Waldur says, and a report of usage, for the tests of what comes of them.
#pragma once

#include "tests/support/case.hpp"
#include "waldur/sync/messages.hpp"

namespace sluice::test::portal {

using settings::PortalSettings;

inline constexpr Instant kNow = instant(1'795'400'000); // 2026-11-23 02:13:20 UTC
inline const std::string kOne(32, '1');
inline const std::string kTwo(32, '2');
inline const std::string kThree(32, '3');

inline Instant at(int seconds) {
    return kNow + std::chrono::seconds(seconds);
}

inline ports::PortalResource resource(const std::string& uuid, const std::string& account,
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
    ports::CycleReport report;
    std::map<std::string, std::string> noted;
    std::shared_ptr<const app::Rules> rules;
    app::AccountResources roster;

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
    app::ReportInput telling() { return {view, roster, *rules, report, noted, kNow}; }
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

} // namespace sluice::test::portal
