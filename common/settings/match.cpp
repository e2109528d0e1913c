// SPDX-License-Identifier: GPL-2.0-or-later
// Which accounts and clusters a policy is for.
#include "common/settings/policy.hpp"

#include "common/settings/policy_set.hpp"

#include <utility>

namespace sluice::settings {

using model::Policy;

namespace {

void add_group(const Reference& name, Reading& reading, Policy& policy, PolicyPlaces& places,
               Errors& errors) {
    const auto group = reading.groups.find(name.name);
    if (group == reading.groups.end()) {
        std::vector<std::string> known;
        known.reserve(reading.groups.size());
        for (const auto& [other, members] : reading.groups)
            known.push_back(other);
        errors.add(name.place, "organization_groups: group " + shown(name.name) +
                                   " is not defined under groups" + suggestion(name.name, known));
        return;
    }
    for (const auto& account : group->second.accounts) {
        policy.match.accounts.push_back(account.name);
        places.accounts.push_back(account);
    }
    for (const auto& subtree : group->second.subtrees) {
        policy.match.subtrees.push_back(subtree.name);
        places.accounts.push_back(subtree);
    }
}

void read_own_match(MapReader& map, std::string_view key, std::vector<std::string>& out,
                    PolicyPlaces& places) {
    const Node* node = map.take(key);
    if (node == nullptr)
        return;
    for (auto& name : read_names(*node, key, map.errors())) {
        out.push_back(name.name);
        places.accounts.push_back(std::move(name));
    }
}

// `leaves`, `all`, `{below: NAME}`, or names. The words are no names: an account of such a name is
// written as a list. False: the key names no account.
bool read_accounts_of(MapReader& map, model::Match& match, PolicyPlaces& places) {
    const Node* node = map.take("accounts");
    if (node == nullptr)
        return map.has("accounts");
    if (node->is_map()) {
        MapReader inner(*node, "accounts", map.errors());
        read_own_match(inner, "below", match.below, places);
        if (!inner.has("below")) // it would read as all
            map.errors().add(node->place(), "accounts: expected names, leaves, all or {below: "
                                            "ACCOUNT}, found a map without below");
        inner.finish();
    } else if (node->is_scalar() && (node->text() == "all" || node->text() == "leaves")) {
        match.grants_parents = node->text() == "all";
        return false;
    } else {
        for (auto& name : read_names(*node, "accounts", map.errors())) {
            match.accounts.push_back(name.name);
            places.accounts.push_back(std::move(name));
        }
    }
    return true;
}

} // namespace

void read_match(MapReader& map, Reading& reading, Policy& policy, PolicyPlaces& places) {
    Errors& errors = map.errors();
    const bool names = read_accounts_of(map, policy.match, places);
    read_own_match(map, "subtrees", policy.match.subtrees, places);
    bool apply_to_all = false;
    map.read("apply_to_all", apply_to_all);
    if (const Node* groups = map.take("organization_groups")) {
        refuse_empty(*groups, "organization_groups", errors);
        for (const auto& name : as_words(*groups, "organization_groups", errors))
            add_group({name.text, name.place}, reading, policy, places, errors);
    }
    const bool named = names || map.has("subtrees") || map.has("organization_groups");
    if (apply_to_all && named)
        errors.add(map.key_place("apply_to_all"),
                   "apply_to_all: true contradicts the accounts or groups named beside it; keep "
                   "one of them");
    else if (map.has("apply_to_all") && !apply_to_all && !named)
        errors.add(map.key_place("apply_to_all"),
                   "apply_to_all: false and no group is named; set organization_groups or "
                   "accounts");
}

void read_clusters(MapReader& map, Policy& policy, PolicyPlaces& places) {
    const Node* node = map.take("clusters");
    if (node == nullptr)
        return;
    places.clusters = read_names(*node, "clusters", map.errors());
    for (const auto& name : places.clusters)
        policy.clusters.push_back(name.name);
}

} // namespace sluice::settings
