// SPDX-License-Identifier: GPL-2.0-or-later
// Inside common/settings: the part that the daemon's file and scenarios share. Each
// reader asks the MapReader that it is given for its keys and leaves faults in its Errors.
#pragma once

#include "common/settings/entries.hpp"
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

// A policy or an account of the journal; its tree outlives the reading.
struct ReadEntry {
    const model::RuleEntry* entry;
    const Node* node;
};

struct Reading {
    Dialect dialect = Dialect::daemon;
    model::PolicySet set;
    Places places;
    std::map<std::string, Group> groups;
    std::map<std::string, model::PeriodKind> limit_periods; // by component, Waldur's limit_period
    std::vector<ReadEntry> entries;                         // beside those of the file
    bool waldur_accounts = false; // policies of waldur.offerings get their accounts from Waldur
};

// timezone, contact, components, groups, policies, accounts.
void read_policy_set(MapReader& top, Reading& reading);

// Refuses a list without names: what it limits would not be limited.
void refuse_empty(const Node& node, std::string_view what, Errors& errors);
// Reads the names of accounts or clusters of a list, in lower case; refuses impossible ones and an
// empty list.
std::vector<Reference> read_names(const Node& node, std::string_view what, Errors& errors);

// Copies the tree's own faults. False: there is no tree to read.
bool take_faults(const yaml::Tree& tree, Errors& errors);

} // namespace sluice::settings
