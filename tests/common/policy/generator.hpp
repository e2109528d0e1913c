// SPDX-License-Identifier: GPL-2.0-or-later
// Random but repeatable clusters, policies and histories for property tests.
#pragma once

#include "tests/common/policy/world.hpp"

#include <cstdlib>
#include <random>

namespace sluice::test {

// From a property's seed to its next: every eighth, so that a change is tested in seconds; all of
// them with SLUICE_EVERY_SEED in the environment, as in the step `unit` of CI. Few seeds take all
// paths.
inline const std::uint64_t kStride = std::getenv("SLUICE_EVERY_SEED") != nullptr ? 1 : 8;

class Generator {
public:
    explicit Generator(std::uint64_t seed) : random_(seed) {}

    std::int64_t number(std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
    }
    bool one_in(int n) { return number(1, n) == 1; }
    // With `places` digits after the point.
    Decimal decimal(std::int64_t low, std::int64_t high, int places = 2) {
        std::int64_t unit = Decimal::kScale;
        for (int i = 0; i < places; ++i)
            unit /= 10;
        return Decimal::raw(
            number(low * (Decimal::kScale / unit), high * (Decimal::kScale / unit)) * unit);
    }
    Instant within(Instant from, Instant to) { return instant(number(epoch(from), epoch(to) - 1)); }

    model::PeriodRule period() {
        using model::PeriodKind;
        switch (number(0, 6)) {
        case 0:
            return {PeriodKind::month, 0, {}};
        case 1:
            return {PeriodKind::quarter, 0, {}};
        case 2:
            return {PeriodKind::year, 0, {}};
        case 3:
            return {PeriodKind::total, 0, {}};
        case 4:
            return {PeriodKind::week,
                    0,
                    {},
                    0,
                    std::chrono::weekday(static_cast<unsigned>(number(0, 6)))};
        case 5:
            return {PeriodKind::custom, 0, std::chrono::year{2024} / 2 / 29,
                    static_cast<int>(number(1, 400))};
        default:
            return {PeriodKind::custom, static_cast<int>(number(1, 14)),
                    std::chrono::year{2024} / 10 / static_cast<int>(number(1, 31))};
        }
    }

    void shape(model::Policy& p) {
        using model::Action;
        p.period = period();
        p.grace_ratio = decimal(0, 1);
        p.hysteresis = one_in(2) ? decimal(0, 10) : Decimal{};
        p.carryover.enabled = !one_in(4);
        p.carryover.model = one_in(3) ? model::CarryoverModel::decay : model::CarryoverModel::cap;
        p.carryover.factor = decimal(0, 100);
        p.carryover.days_exact = one_in(2);
        p.borrow.factor = one_in(3) ? decimal(0, 50) : Decimal{};
        p.raw_usage_reset = one_in(3);
        p.fairshare.enabled = one_in(3);
        p.limits.enabled = !one_in(4);
        p.limits.type = static_cast<model::LimitType>(number(0, 2));
        p.mode = one_in(5) ? model::Mode::observe : model::Mode::enforce;
        p.actions = {Action::notify_organization_owners};
        if (!one_in(4))
            p.actions.push_back(Action::request_slurm_resource_downscaling);
        if (!one_in(4))
            p.actions.push_back(Action::request_slurm_resource_pausing);
        if (one_in(4)) {
            p.strategy = model::QosStrategy::progressive;
            p.steps = {{decimal(50, 90), "slow1", false},
                       {decimal(91, 110), "slow2", false},
                       {decimal(111, 150), "blocked", true}};
        }
        if (one_in(3))
            p.qos_default = "normal";
    }

    // Up to six accounts in a tree, some with users and lists of their own.
    World world() {
        World w;
        shape(w.policy());
        if (one_in(2))
            w.set.components.push_back({"gpu_hours", "gres/gpu", decimal(1, 100, 1)});
        if (one_in(3)) {
            auto& billing = w.set.policies[0].billing;
            billing.enabled = true;
            for (const auto& component : w.set.components)
                billing.weights[component.name] = decimal(0, 4, 6);
            billing.weights["node_hours"] = decimal(1, 4, 6);
        }
        const int count = static_cast<int>(number(1, 6));
        for (int i = 0; i < count; ++i)
            account(w, i);
        return w;
    }
    static std::string name(std::int64_t i) { return "a" + std::to_string(i); }

    // Charges somewhere in the half year before `now`.
    void use(World& w, Instant now, std::int64_t hours) {
        const auto& component =
            w.set.components[static_cast<std::size_t>(number(0, std::ssize(w.set.components) - 1))];
        w.charges.push_back({within(now - std::chrono::days{180}, now),
                             name(number(0, std::ssize(w.facts.structure.associations) - 2)),
                             component.tres, hours * 3600 + number(0, 3599)});
    }

private:
    void account(World& w, int i) {
        const bool below = i > 0 && one_in(2);
        w.account(name(i), below ? name(number(0, i - 1)) : "root");
        auto& row = w.facts.structure.associations.back();
        if (one_in(3))
            row.qos = {"normal"};
        if (!row.qos.empty() && one_in(2))
            row.default_qos = "normal";
        if (i > 0 && one_in(4))
            return; // no allocation
        for (const auto& component : w.set.components)
            if (component.name == "node_hours" || one_in(2))
                w.set.accounts[name(i)].allocation.emplace();
        auto& allocation = *w.set.accounts[name(i)].allocation;
        for (const auto& component : w.set.components)
            if (component.name == "node_hours" || one_in(2))
                allocation[component.name] = one_in(20) ? Decimal{} : decimal(1, 2000);
    }

    std::mt19937_64 random_;
};

} // namespace sluice::test
