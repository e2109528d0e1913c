// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/simulated.hpp"

#include "common/policy/subjects.hpp"

#include <set>

namespace sluice::policy {

using model::Association;
using model::Scenario;
using model::Structure;

namespace {

constexpr const char* kNormal = "normal";

void add_tres(const Scenario& scenario, Structure& structure) {
    std::set<std::string> names{"cpu", "mem", "node", "billing"};
    for (const auto& component : scenario.set.components)
        names.insert(component.tres);
    for (const auto& step : scenario.steps)
        for (const auto& job : step.jobs)
            for (const auto& [tres, count] : job.tres)
                names.insert(tres);
    for (const auto& name : names)
        structure.tres.push_back({static_cast<std::uint32_t>(structure.tres.size() + 1), name});
}

void add_qos(const Scenario& scenario, Structure& structure) {
    std::set<std::string> names{kNormal};
    for (const auto& policy : scenario.set.policies) {
        names.insert({policy.qos_default, policy.qos_downscaled, policy.qos_paused});
        for (const auto& step : policy.steps)
            names.insert(step.qos);
    }
    names.erase("");
    for (const auto& name : names)
        structure.qos.push_back({static_cast<std::uint32_t>(structure.qos.size() + 1), name});
}

Association account_row(const std::string& name, const std::string& parent) {
    Association row;
    row.account = name;
    row.parent = parent;
    return row;
}

void add_accounts(const Scenario& scenario, Structure& structure) {
    std::set<std::string> known{"root"};
    auto& rows = structure.associations;
    rows.push_back(account_row("root", ""));
    rows.back().qos = {kNormal};
    rows.back().default_qos = kNormal;
    for (const auto& [name, settings] : scenario.set.accounts)
        if (known.insert(name).second)
            rows.push_back(account_row(name, settings.parent.empty() ? "root" : settings.parent));
    for (const auto& [name, settings] : scenario.set.accounts)
        if (!settings.parent.empty() && known.insert(settings.parent).second)
            rows.push_back(account_row(settings.parent, "root"));
}

// The list that Slurm has for an account before anything happens.
void give_qos(const Scenario& scenario, Structure& structure) {
    model::PolicySet ever = scenario.set; // with every allocation that the steps will make
    for (const auto& step : scenario.steps)
        for (const auto& [account, allocation] : step.set)
            ever.accounts[account].allocation = allocation;
    std::map<std::string, std::string> defaults;
    const Tree tree(structure);
    std::vector<std::string> unknown;
    for (const auto& subject : subjects(ever, tree, unknown)) {
        const auto& named = subject.policies.front()->qos_default;
        defaults[subject.account] = named.empty() ? kNormal : named;
    }
    for (auto& row : structure.associations)
        if (const auto found = defaults.find(row.account); found != defaults.end()) {
            row.qos = {found->second};
            row.default_qos = found->second;
        }
}

std::map<std::string, std::int64_t>& limits(Association& row, model::LimitType type) {
    switch (type) {
    case model::LimitType::max_tres_mins:
        return row.max_tres_mins;
    case model::LimitType::grp_tres:
        return row.grp_tres;
    case model::LimitType::grp_tres_mins:
        break;
    }
    return row.grp_tres_mins;
}

void change(const model::Command& command, Association& row) {
    switch (command.type) {
    case model::CommandType::qos:
        row.qos = command.qos;
        row.default_qos = command.default_qos;
        break;
    case model::CommandType::limits:
        for (const auto& [tres, value] : command.limits)
            if (value)
                limits(row, command.limit_type)[tres] = *value;
            else
                limits(row, command.limit_type).erase(tres);
        break;
    case model::CommandType::fairshare:
        row.shares = command.shares;
        break;
    default:
        break; // neither raw usage nor jobs are in slurmdbd
    }
}

} // namespace

Structure simulated_structure(const Scenario& scenario) {
    Structure structure;
    structure.cluster = "simulation";
    add_tres(scenario, structure);
    add_qos(scenario, structure);
    add_accounts(scenario, structure);
    give_qos(scenario, structure);
    std::uint32_t id = 0;
    for (auto& row : structure.associations)
        row.id = ++id;
    return structure;
}

void apply(const model::Command& command, Structure& structure) {
    for (auto& row : structure.associations)
        if (row.account == command.account && row.user == command.user &&
            row.partition == command.partition)
            change(command, row);
}

} // namespace sluice::policy
