// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: the readers of the part that the daemon's file and scenarios share. Each
// announces its keys to the MapReader it is given and leaves faults in its Errors.
#pragma once

#include "common/settings/reader.hpp"
#include "common/settings/settings.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::settings {

enum class Dialect { daemon, scenario };

// `groups:`, Waldur's organization groups: what a name stands for.
struct Group {
    std::vector<Reference> accounts;
    std::vector<Reference> subtrees;
};

struct Reading {
    Dialect dialect = Dialect::daemon;
    model::PolicySet set;
    Places places;
    std::map<std::string, Group> groups;
    std::map<std::string, model::PeriodKind> limit_periods; // by component, Waldur's limit_period
};

// timezone, contact, components, groups, policies, accounts.
void read_policy_set(MapReader& top, Reading& reading);

void read_components(const Node& node, Reading& reading, Errors& errors);
void read_groups(const Node& node, Reading& reading, Errors& errors);
void read_accounts(const Node& node, Reading& reading, Errors& errors);
void read_policy(const Node& node, Reading& reading, Errors& errors);
// REQUIRES: components are read.
model::Allocation read_allocation(const Node& node, const Reading& reading, Errors& errors);
// Refuses component `name` beside another one of the same TRES.
void check_tres_once(const std::string& name, Place place, const Reading& reading,
                     const model::Allocation& allocation, Errors& errors);
std::optional<Decimal> read_units(const Node& node, const std::string& component,
                                  const Reading& reading, Errors& errors);
void read_weights(const Node& node, const Reading& reading, model::Billing& billing,
                  Errors& errors);
void read_weight(const yaml::Entry& entry, const Reading& reading, model::Billing& billing,
                 Errors& errors);
void read_period(const Node& node, model::PeriodRule& period, Errors& errors);
void read_texts(MapReader& map, model::Texts& texts);
// Which accounts the policy is for; groups are put in as the accounts that they stand for.
// REQUIRES: groups are read.
void read_match(MapReader& map, Reading& reading, model::Policy& policy, PolicyPlaces& places);
void read_clusters(MapReader& map, model::Policy& policy, PolicyPlaces& places);
std::vector<model::Action> read_actions(const Node& node, Errors& errors);
void read_external_users(MapReader& map, model::Policy& policy);
// Refuses actions that cannot do what they say. REQUIRES: the rest of the policy is read.
void check_actions(MapReader& map, const model::Policy& policy);
// Waldur's spellings of the same things; true values already read stay unless given twice.
void read_waldur_words(MapReader& map, Reading& reading, model::Policy& policy,
                       PolicyPlaces& places);

// "" or why `name` cannot be the name of an account, QOS, component, policy or group.
std::string name_fault(std::string_view name);
// Refuses a list without names: what it limits would not be limited.
void refuse_empty(const Node& node, std::string_view what, Errors& errors);
// Reads the names of a list; refuses impossible ones and an empty list.
std::vector<Reference> read_names(const Node& node, std::string_view what, Errors& errors);

// Parents known so far: account -> parent. From the scenario, or from the cluster.
using Parents = std::map<std::string, std::string>;
// What the parts say about each other. `parents` may be empty.
void cross_check(const Reading& reading, Errors& errors);
void check_agreement(const model::PolicySet& set, const Places& places, const Parents& parents,
                     Errors& errors);
void check_weights(const model::PolicySet& set, const Places& places, const Parents& parents,
                   Errors& errors);

// Copies the tree's own faults. False: there is no tree to read.
bool take_faults(const yaml::Tree& tree, Errors& errors);

} // namespace sluice::settings
