// SPDX-License-Identifier: GPL-2.0-or-later
// What a cycle of the core costs: decide + plan for 1,000, 10,000 and 100,000 accounts with three
// components each under a tenth as many parents, and a year of 1 M jobs simulated. Prints medians
// of processor time; run by `make bench`.
#include "common/policy/decide.hpp"
#include "common/policy/plan/plan.hpp"
#include "common/policy/scenario.hpp"
#include "common/policy/snapshot.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <random>
#include <utility>
#include <vector>

using namespace sluice;

namespace {

Instant day(int y, unsigned m, unsigned d) {
    return std::chrono::sys_days{std::chrono::year{y} / static_cast<int>(m) / static_cast<int>(d)};
}

long peak_kib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

model::PolicySet rules() {
    model::PolicySet set;
    set.components = {{"cpu_hours", "cpu", Decimal::whole(60)},
                      {"node_hours", "node", Decimal::whole(60)},
                      {"gpu_hours", "gres/gpu", Decimal::whole(60)}};
    model::Policy policy;
    policy.name = "quarterly";
    policy.mode = model::Mode::enforce;
    policy.grace_ratio = Decimal::raw(200'000'000);
    policy.qos_default = "normal";
    policy.actions = {model::Action::notify_organization_owners,
                      model::Action::request_slurm_resource_downscaling,
                      model::Action::request_slurm_resource_pausing};
    set.policies.push_back(policy);
    return set;
}

void add_account(const std::string& name, const std::string& parent, model::Facts& facts,
                 model::PolicySet& set) {
    model::Association row;
    row.account = name;
    row.parent = parent;
    facts.structure.associations.push_back(row);
    for (const auto& component : set.components) {
        auto& settings = set.accounts[name];
        if (!settings.allocation)
            settings.allocation.emplace();
        (*settings.allocation)[component.name] = Decimal::whole(1000);
    }
}

struct Cluster {
    model::PolicySet set = rules();
    model::Facts facts;
};

Cluster cluster(int accounts) {
    Cluster out;
    auto& facts = out.facts;
    facts.now = day(2026, 8, 17);
    facts.raw_usage_known = true;
    facts.structure.cluster = "lab";
    facts.structure.tres = {{1, "cpu"}, {4, "node"}, {1001, "gres/gpu"}};
    facts.structure.qos = {{1, "normal"}, {2, "slowdown"}, {3, "blocked"}};
    model::Association root;
    root.account = "root";
    root.qos = {"normal"};
    facts.structure.associations.push_back(root);
    const int parents = std::max(1, accounts / 10);
    for (int i = 0; i < parents; ++i)
        add_account("p" + std::to_string(i), "root", facts, out.set);
    for (int i = 0; i < accounts; ++i)
        add_account("a" + std::to_string(i), "p" + std::to_string(i % parents), facts, out.set);
    std::mt19937_64 random(1);
    for (const Window window :
         {Window{day(2026, 4, 1), day(2026, 7, 1)}, Window{day(2026, 7, 1), facts.now}}) {
        model::WindowUsage usage;
        usage.window = window;
        for (const auto& row : facts.structure.associations)
            for (const auto& component : out.set.components)
                usage.accounts[row.account].tres[component.tres].settled =
                    static_cast<Amount>(random() % 5'000'000);
        facts.usage.push_back(std::move(usage));
    }
    auto weekly = std::make_shared<model::WeeklyUsages>();
    for (const auto& row : facts.structure.associations) {
        auto& usage = (*weekly)[row.account];
        usage.until = facts.now;
        for (const auto& component : out.set.components) {
            auto& sums = usage.tres[component.tres];
            for (auto& week : sums.weeks)
                for (auto& day : sums.weekdays) {
                    const auto used = static_cast<Amount>(random() % 50'000);
                    week += used;
                    day += used;
                }
        }
    }
    facts.weekly = std::move(weekly);
    return out;
}

// Processor time: the core waits for nothing, and the machine may be busy with other things.
double cpu_ms() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <class Body>
double median_ms(int runs, Body body) {
    std::vector<double> times;
    for (int i = 0; i < runs; ++i) {
        const double start = cpu_ms();
        body();
        times.push_back(cpu_ms() - start);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

void cycle(int accounts) {
    Cluster c = cluster(accounts);
    const Zone zone;
    model::Decision decision;
    model::Plan plan;
    const int runs = accounts > 50'000 ? 5 : 11;
    const double decided =
        median_ms(runs, [&] { decision = policy::decide(c.set, zone, c.facts); });
    const auto weekly = std::exchange(c.facts.weekly, nullptr);
    const double plain = median_ms(runs, [&] { decision = policy::decide(c.set, zone, c.facts); });
    c.facts.weekly = weekly;
    const double planned = median_ms(runs, [&] { plan = policy::plan(c.set, c.facts, decision); });
    std::size_t texts = 0;
    const double shot = median_ms(runs, [&] {
        texts = policy::snapshot(c.set, zone, c.facts.structure, decision).accounts.size();
    });
    std::printf("%7d accounts: decide %8.1f ms (without forecasts %.1f), plan %8.1f ms (%zu "
                "commands), snapshot %7.1f ms "
                "(%zu), peak %ld MiB\n",
                accounts, decided, plain, planned, plan.commands.size(), shot, texts,
                peak_kib() / 1024);
}

void year(int jobs) {
    constexpr int kAccounts = 100;
    model::Scenario scenario;
    scenario.set = rules();
    for (int i = 0; i < kAccounts; ++i)
        scenario.set.accounts["a" + std::to_string(i)].allocation =
            model::Allocation{{"cpu_hours", Decimal::whole(1'000'000)}};
    std::mt19937_64 random(1);
    const model::LocalTime begin{day(2026, 1, 1).time_since_epoch()};
    const int days = 365;
    for (int d = 0; d < days; ++d) {
        model::ScenarioStep step;
        step.at = begin + std::chrono::days{d};
        step.evaluate = true;
        for (int i = 0; i < jobs / days; ++i) {
            const auto start = step.at + std::chrono::seconds{random() % 86400};
            step.jobs.push_back({"a" + std::to_string(random() % kAccounts),
                                 {{"cpu", static_cast<std::int64_t>(random() % 128 + 1)}},
                                 start,
                                 start + std::chrono::seconds{random() % 86400}});
        }
        scenario.steps.push_back(std::move(step));
    }
    std::size_t seen = 0;
    const double took = median_ms(3, [&] {
        policy::run(scenario, Zone{},
                    [&](const auto& one) { seen += one.decision.accounts.size(); });
    });
    std::printf("a year of %d jobs, evaluated daily for %d accounts: %.0f ms, peak %ld MiB\n", jobs,
                kAccounts, took, peak_kib() / 1024);
}

} // namespace

int main() {
    for (const int accounts : {1'000, 10'000, 100'000})
        cycle(accounts);
    year(1'000'000);
    return 0;
}
