// SPDX-License-Identifier: GPL-2.0-or-later
// What must hold for every history: 12,900 generated cases with fixed seeds (kStride).
#include "common/policy/meter.hpp"
#include "common/policy/scenario.hpp"
#include "tests/common/policy/generator.hpp"

#include <array>

using namespace sluice;
using test::dec;
using test::Generator;
using test::utc;
using test::World;

namespace {

const Instant kNow = utc(2026, 8, 17, 5);

std::string at(const char* what, std::uint64_t seed, const std::string& account = "") {
    return std::string(what) + ", seed " + std::to_string(seed) + " " + account;
}

const std::array<Zone, 7>& zones() {
    static const auto* all = [] {
        auto* out = new std::array<Zone, 7>;
        const char* const names[] = {"UTC",
                                     "Europe/Tallinn",
                                     "America/New_York",
                                     "Asia/Kolkata",
                                     "Australia/Lord_Howe",
                                     "Pacific/Apia",
                                     "America/Sao_Paulo"};
        for (std::size_t i = 0; i < out->size(); ++i) {
            auto loaded = Zone::load(names[i]);
            if (!loaded)
                test::fail(loaded.error().context);
            (*out)[i] = *loaded;
        }
        return out;
    }();
    return *all;
}

std::string figures(const model::Decision& decision) {
    std::string out;
    for (const auto& account : decision.accounts) {
        out += account.account + account.period.label +
               std::to_string(static_cast<int>(standing(account.flags)));
        for (const auto& figure : account.figures)
            out += " " + std::to_string(figure.used()) + "/" + std::to_string(figure.effective);
        out += account.error + "\n";
    }
    return out;
}

} // namespace

CASE(more_usage_never_gives_a_milder_standing) {
    for (std::uint64_t seed = 0; seed < 3000; seed += test::kStride) {
        Generator g(seed);
        World w = g.world();
        for (int i = 0; i < 3; ++i)
            g.use(w, kNow, g.number(0, 1500));
        w.cycle(kNow, "a0");
        const auto before = w.decision;
        // More of the present period; the past stays, as what was used then lowers what is carried.
        const auto period = policy::period_at(w.set.policies[0].period, w.zone, kNow);
        w.charges.push_back({period.begin > utc(2026, 1, 1) ? period.begin : utc(2026, 8, 1), "a0",
                             w.set.components.back().tres, g.number(0, 3'000'000)});
        w.cycle(kNow, "a0");
        for (const auto& old : before.accounts) {
            const auto& now = w.of(old.account);
            if (standing(now.flags) < standing(old.flags) || now.percent < old.percent)
                test::fail(at("milder", seed, old.account));
        }
    }
}

CASE(carryover_stays_between_zero_and_its_cap) {
    for (std::uint64_t seed = 0; seed < 2000; seed += test::kStride) {
        Generator g(seed);
        World w = g.world();
        for (int i = 0; i < 6; ++i)
            g.use(w, kNow, g.number(0, 800));
        w.run(kNow - std::chrono::days{40}, "a0");
        w.cycle(kNow, "a0");
        const auto& rule = w.set.policies[0].carryover;
        for (const auto& account : w.decision.accounts)
            for (const auto& figure : account.figures) {
                const auto& c = figure.carryover;
                const Amount most = rule.model == model::CarryoverModel::cap ? c.cap : c.base;
                if (c.carry < 0 || (c.applied && c.carry > most) || (!c.applied && c.carry != 0) ||
                    figure.effective < 0)
                    test::fail(at("carryover", seed, account.account));
            }
    }
}

CASE(the_same_facts_again_plan_nothing) {
    // Three cycles each, every one evaluated twice.
    for (std::uint64_t seed = 0; seed < 3400; seed += test::kStride) {
        Generator g(seed);
        World w = g.world();
        if (g.one_in(3))
            w.facts.history.overrides.push_back({1, "a0",
                                                 static_cast<model::Standing>(g.number(0, 2)),
                                                 utc(2026, 1, 1), utc(2026, 9, 1), "", ""});
        for (int cycle = 0; cycle < 3; ++cycle) {
            const Instant now = kNow + std::chrono::days{cycle * g.number(1, 60)};
            g.use(w, now, g.number(0, 1500));
            w.run(now, "a0");
            w.cycle(now, "a0");
            if (!w.plan.commands.empty())
                test::fail(at("planned again", seed, w.plan.commands[0].sacctmgr));
            for (const auto& account : w.decision.accounts)
                if (!account.actions_taken.empty())
                    test::fail(at("acted again", seed, account.account));
            w.apply();
        }
    }
}

CASE(every_association_gets_back_exactly_what_it_had) {
    for (std::uint64_t seed = 0; seed < 1500; seed += test::kStride) {
        Generator g(seed);
        World w = g.world();
        w.set.policies[0].qos_default.clear();
        const auto before = w.facts.structure.associations;
        w.run(kNow - std::chrono::days{10}, "a0");
        for (int cycle = 0; cycle < 3; ++cycle) {
            g.use(w, kNow, g.number(0, 3000));
            w.run(kNow + std::chrono::hours{cycle}, "a0");
        }
        w.charges.clear();
        for (auto& [name, memory] : w.facts.history.accounts)
            model::reopen(memory); // a person accepts that
        // Neither usage nor hysteresis; nobody is granted nothing.
        for (auto& [name, account] : w.set.accounts)
            if (account.allocation)
                for (auto& [component, units] : *account.allocation)
                    units = std::max(units, Decimal::whole(1));
        w.run(kNow + std::chrono::days{1}, "a0");
        w.run(kNow + std::chrono::days{1}, "a0");
        for (std::size_t i = 0; i < before.size(); ++i) {
            const auto& now = w.facts.structure.associations[i];
            if (now.qos != before[i].qos || now.default_qos != before[i].default_qos)
                test::fail(at("not restored", seed, now.account));
        }
        for (const auto& [name, memory] : w.facts.history.accounts)
            if (memory.saved_qos || !memory.saved_members.empty())
                test::fail(at("still held", seed, name));
    }
}

CASE(a_job_is_counted_to_the_second_over_all_periods) {
    for (std::uint64_t seed = 0; seed < 2000; seed += test::kStride) {
        Generator g(seed);
        const Zone& zone = zones()[seed % zones().size()];
        auto rule = g.period();
        if (rule.kind == model::PeriodKind::total)
            rule.kind = model::PeriodKind::month;
        const Instant start = g.within(utc(2010, 1, 1), utc(2040, 1, 1));
        const Instant end = start + std::chrono::seconds{g.number(1, 40'000'000)};
        const auto nodes = g.number(1, 1000);
        policy::Meter meter(1, start - std::chrono::days{500});
        auto period = policy::period_at(rule, zone, start);
        meter.mark(period.begin);
        // The job may be told of before, at or after its start.
        if (g.one_in(2))
            meter.job(0, nodes, start, end);
        else {
            meter.advance(start + std::chrono::seconds{g.number(0, 1000)});
            meter.job(0, nodes, start, end);
        }
        Wide sum = 0;
        while (period.begin < end) {
            if (*period.end > meter.now())
                meter.mark(*period.end);
            sum += meter.between(0, period.begin, *period.end);
            period = policy::period_at(rule, zone, *period.end);
        }
        if (sum != Wide{nodes} * (end - start).count())
            test::fail(at("lost or counted twice", seed, zone.name()));
    }
}

CASE(splitting_a_job_at_any_instant_changes_nothing) {
    for (std::uint64_t seed = 0; seed < 1000; seed += test::kStride) {
        Generator g(seed);
        const World w = g.world();
        const Zone& zone = zones()[seed % zones().size()];
        model::Scenario whole;
        whole.set = w.set;
        for (auto& [name, settings] : whole.set.accounts)
            settings.parent = w.facts.structure.associations[1].account == name ? "" : "a0";
        const auto local = [&](Instant t) { return zone.local(t).at; };
        const Instant start = g.within(utc(2026, 2, 1), utc(2026, 6, 1));
        const Instant end = start + std::chrono::seconds{g.number(2, 20'000'000)};
        const Instant cut = g.within(start + std::chrono::seconds{1}, end);
        const model::ScenarioJob job{"a0", {{"node", g.number(1, 9)}}, local(start), local(end)};
        whole.steps.resize(6);
        for (int i = 0; i < 6; ++i) {
            auto& step = whole.steps[static_cast<std::size_t>(i)];
            step.at = local(utc(2026, 1, 15)) + std::chrono::days{i * 45};
            step.evaluate = true;
        }
        model::Scenario split = whole;
        const auto told = static_cast<std::size_t>(g.number(0, 2));
        whole.steps[told].jobs = {job};
        auto first = job, second = job;
        first.end = second.start = local(cut);
        // A wall time that is shown twice cannot name the later instant: not a split then.
        if (zone.instant(local(start)) != start || zone.instant(local(cut)) != cut ||
            zone.instant(local(end)) != end)
            continue;
        split.steps[told].jobs = {first, second};
        std::string a, b;
        policy::run(whole, zone, [&](const auto& step) { a += figures(step.decision); });
        policy::run(split, zone, [&](const auto& step) { b += figures(step.decision); });
        if (a != b)
            test::fail(at("split", seed, zone.name()) + "\n" + a + b);
    }
}
