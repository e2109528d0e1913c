// SPDX-License-Identifier: GPL-2.0-or-later
// The configuration held against the cluster's structure.
#include "common/base/text.hpp"
#include "common/settings/policy_set.hpp"

#include <algorithm>
#include <set>

namespace sluice::settings {
namespace {

void check_tres(const Settings& settings, const model::Structure& structure, Errors& errors) {
    std::vector<std::string> known;
    for (const auto& tres : structure.tres)
        known.push_back(tres.name);
    std::sort(known.begin(), known.end());
    for (const auto& component : settings.policies.components) {
        if (std::find(known.begin(), known.end(), component.tres) != known.end())
            continue;
        const auto place = settings.places.tres.find(component.name);
        errors.add(place == settings.places.tres.end() ? Place{} : place->second,
                   "unknown TRES " + shown(component.tres) +
                       "; the cluster has: " + join(known, ", "));
    }
}

Parents parents_of(const model::Structure& structure) {
    Parents parents;
    for (const auto& association : structure.associations)
        if (association.user.empty() && !association.parent.empty())
            parents.emplace(association.account, association.parent);
    return parents;
}

void warn_account(const std::string& name, Place place, const std::vector<std::string>& known,
                  Errors& errors) {
    if (std::binary_search(known.begin(), known.end(), name))
        return;
    std::string text = "account " + shown(name) + " is not known to the cluster";
    const std::string near = nearest(name, known);
    if (!near.empty())
        text += "; did you mean \"" + near + "\"?";
    else
        text += "; sacctmgr add account " + name;
    errors.add(place, text);
}

} // namespace

std::vector<std::string> check_against(const Settings& settings,
                                       const model::Structure& structure) {
    Errors errors(settings.file);
    check_tres(settings, structure, errors);
    const Parents parents = parents_of(structure);
    check_agreement(settings.policies, settings.places, parents, errors);
    check_weights(settings.policies, settings.places, parents, errors);
    return errors.lines();
}

std::vector<std::string> warnings_against(const Settings& settings,
                                          const model::Structure& structure,
                                          const std::set<std::string>& others) {
    Errors errors(settings.file);
    std::vector<std::string> accounts(others.begin(), others.end());
    accounts.insert(accounts.end(), settings.policies.elsewhere.begin(),
                    settings.policies.elsewhere.end());
    for (const auto& association : structure.associations)
        if (association.user.empty())
            accounts.push_back(association.account);
    std::sort(accounts.begin(), accounts.end());
    for (const auto& [name, place] : settings.places.accounts)
        warn_account(name, place, accounts, errors);
    std::set<std::string> qos;
    for (const auto& known : structure.qos)
        qos.insert(known.name);
    for (const auto& policy : settings.places.policies) {
        for (const auto& account : policy.accounts)
            warn_account(account.name, account.place, accounts, errors);
        for (const auto& name : policy.qos)
            if (!qos.contains(name.name))
                errors.add(name.place, "QOS " + shown(name.name) +
                                           " is not known to slurmdbd; sacctmgr add qos " +
                                           name.name);
    }
    return errors.lines();
}

} // namespace sluice::settings
