// SPDX-License-Identifier: GPL-2.0-or-later
// Which policies and allocations the journal has, for the lists of those in force.
#pragma once

#include "daemon/http/views/common.hpp"

namespace sluice::http {

// Empty where the journal does not answer.
std::vector<ports::RuleVersion> rules_of(const Call& call);
// nullptr: the file has it.
const ports::RuleVersion* find_rule(const std::vector<ports::RuleVersion>& rules,
                                    model::RuleKind kind, const std::string& name);
std::optional<ports::RuleVersion> rule_of(const Call& call, model::RuleKind kind,
                                          const std::string& name);
// Keys source, version, changed.
void put_source(json::Value& out, const Call& call, const ports::RuleVersion* rule);

} // namespace sluice::http
