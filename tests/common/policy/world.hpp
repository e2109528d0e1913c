// SPDX-License-Identifier: GPL-2.0-or-later
// A small cluster in memory for tests of the core: builds facts, runs cycles, applies plans the way
// Slurm would.
#pragma once

#include "common/model/qos_list.hpp"
#include "common/policy/decide.hpp"
#include "common/policy/evaluate/life.hpp"
#include "common/policy/explain.hpp"
#include "common/policy/periods.hpp"
#include "common/policy/plan/plan.hpp"
#include "common/policy/snapshot.hpp"

#include "tests/support/case.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

inline Instant utc(int y, unsigned m, unsigned d, int hour = 0) {
    using namespace std::chrono;
    return sys_days{year{y} / month{m} / day{d}} + hours{hour};
}

inline Decimal dec(const char* text) {
    const auto value = Decimal::parse(text);
    if (!value)
        fail(std::string("not a decimal: ") + text);
    return *value;
}

struct World {
    model::PolicySet set;
    model::Facts facts;
    Zone zone;
    // (account, component's TRES) -> instants and amounts; an account's descendants are added.
    struct Charge {
        Instant at;
        std::string account;
        std::string tres;
        Amount amount;
        Amount model::UsageSplit::*part = &model::UsageSplit::settled;

        // slurmctld knows no idle time of reservations.
        bool is_raw() const {
            return part != &model::UsageSplit::idle && part != &model::UsageSplit::beyond;
        }
    };
    std::vector<Charge> charges;
    bool keeps_rules = true; // false: the journal lost the rules of held accounts
    model::Decision decision;
    model::Plan plan;

    World() {
        facts.structure.cluster = "lab";
        facts.structure.tres = {
            {1, "cpu"}, {2, "mem"}, {4, "node"}, {5, "billing"}, {1001, "gres/gpu"}};
        facts.structure.qos = {
            {1, "normal"}, {2, "slowdown"}, {3, "blocked"}, {4, "slow1"}, {5, "slow2"}};
        facts.raw_usage_known = true;
        account("root", "");
        row("root").qos = {"normal"};
        set.components = {{"node_hours", "node", Decimal::whole(60)}};
        set.contact = "hpc-admin@example.org";
    }

    model::Policy& policy(const char* name = "quarterly") {
        model::Policy p;
        p.name = name;
        p.mode = model::Mode::enforce;
        p.grace_ratio = dec("0.2");
        p.actions = {model::Action::notify_organization_owners,
                     model::Action::request_slurm_resource_downscaling,
                     model::Action::request_slurm_resource_pausing};
        set.policies.push_back(p);
        return set.policies.back();
    }
    void account(const std::string& name, const std::string& parent = "root") {
        model::Association row;
        row.id = static_cast<std::uint32_t>(facts.structure.associations.size() + 1);
        row.account = name;
        row.parent = parent;
        facts.structure.associations.push_back(row);
    }
    void user(const std::string& name, const std::string& account_name) {
        account(account_name, "");
        facts.structure.associations.back().user = name;
    }
    void grant(const std::string& name, const char* hours, const char* component = "node_hours") {
        auto& settings = set.accounts[name];
        if (!settings.allocation)
            settings.allocation.emplace();
        (*settings.allocation)[component] = dec(hours);
    }
    model::Association& row(const std::string& account_name, const std::string& user_name = "",
                            const std::string& partition = "") {
        for (auto& one : facts.structure.associations)
            if (one.account == account_name && one.user == user_name && one.partition == partition)
                return one;
        fail("no association of " + account_name);
    }
    void use(Instant at, const std::string& name, Amount hours, const std::string& tres = "node") {
        charges.push_back({at, name, tres, hours * 3600});
    }

    // Collect, decide, plan.
    const model::AccountDecision& cycle(Instant now, const std::string& account_name = "physics") {
        collect_and_plan(now);
        return of(account_name);
    }
    void collect_and_plan(Instant now) {
        collect(now);
        decision = policy::decide(set, zone, facts);
        plan = policy::plan(set, facts, decision);
    }
    const model::AccountDecision& of(const std::string& account_name) const {
        const auto* found = decision.find(account_name);
        if (found == nullptr)
            fail("not evaluated: " + account_name);
        return *found;
    }
    // Apply and record.
    void apply() {
        for (const auto& command : plan.commands)
            apply(command);
        for (const auto& one : decision.accounts)
            facts.history.accounts[one.account] = one.memory;
        facts.history.rules_version = decision.rules_version;
        for (const auto& [name, memory] : decision.released)
            facts.history.accounts[name] = memory;
    }
    const model::AccountDecision& run(Instant now, const std::string& account_name = "physics") {
        cycle(now, account_name);
        apply();
        return of(account_name);
    }
    std::vector<std::string> explain(const std::string& account_name = "physics") const {
        return policy::explain(set, zone, decision, of(account_name), plan);
    }
    std::string command(std::size_t index) const {
        return index < plan.commands.size() ? plan.commands[index].sacctmgr : "(none)";
    }

private:
    std::string parent_of(const std::string& name) const {
        for (const auto& one : facts.structure.associations)
            if (one.account == name && one.user.empty())
                return one.parent;
        return "";
    }
    void collect(Instant now) {
        facts.now = now;
        facts.usage.clear();
        if (keeps_rules) { // as the journal does
            facts.policies.version = std::to_string(facts.earlier.size() + 1);
            facts.earlier[facts.policies.version] = std::make_shared<const model::PolicySet>(set);
        }
        const auto rules = policy::rules_of(set, facts);
        for (const Window& window : policy::windows(
                 rules, zone, now, policy::life_windows(set, facts.history, rules, zone, now))) {
            model::WindowUsage usage;
            usage.window = window;
            for (const auto& charge : charges)
                if (charge.at >= window.begin && charge.at < window.end)
                    for (std::string a = charge.account; !a.empty(); a = parent_of(a))
                        usage.accounts[a].tres[charge.tres].*charge.part += charge.amount;
            facts.usage.push_back(std::move(usage));
        }
        facts.raw_usage.clear();
        for (const auto& charge : charges)
            if (charge.at < now && charge.is_raw())
                for (std::string a = charge.account; !a.empty(); a = parent_of(a))
                    facts.raw_usage[a][charge.tres] += charge.amount;
    }
    // What else becomes of jobs is the tests' own matter.
    void apply(const model::Command& command) {
        if (command.type == model::CommandType::set_job_qos)
            for (auto& job : facts.jobs)
                if (job.id == command.job_id)
                    job.qos = command.qos.front();
        if (is_for_job(command.type))
            return;
        auto& one = row(command.account, command.user, command.partition);
        switch (command.type) {
        case model::CommandType::qos: {
            const bool right = has_defaults(command.account);
            one.qos = command.qos;
            one.default_qos = command.default_qos;
            CHECK(!right || has_defaults(command.account)); // slurmdbd refuses such a change
            break;
        }
        case model::CommandType::limits:
            for (const auto& [tres, value] : command.limits)
                set_limit(one, command.limit_type, tres, value);
            break;
        case model::CommandType::submit_limit: {
            const auto jobs = command.limits.begin()->second;
            one.submit_jobs =
                jobs ? std::optional(static_cast<std::uint32_t>(*jobs)) : std::nullopt;
            break;
        }
        case model::CommandType::fairshare:
            one.shares = command.shares;
            break;
        default:
            break;
        }
    }
    // Each row of the account and of its users has its default QOS in its list.
    bool has_defaults(const std::string& account) const {
        const model::AccountTree tree(facts.structure);
        for (const auto& one : facts.structure.associations) {
            if (one.account != account)
                continue;
            const auto list = model::qos_in_force(tree, one);
            const std::string standard = model::default_qos_in_force(tree, one);
            if (!standard.empty() && !list.empty() &&
                std::find(list.begin(), list.end(), standard) == list.end())
                return false;
        }
        return true;
    }
    static void set_limit(model::Association& one, model::LimitType type, const std::string& tres,
                          std::optional<std::int64_t> value) {
        if (value)
            one.limits(type)[tres] = *value;
        else
            one.limits(type).erase(tres);
    }
};

} // namespace sluice::test
