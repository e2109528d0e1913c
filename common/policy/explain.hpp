// SPDX-License-Identifier: GPL-2.0-or-later
// The way to a decision, line by line. Renders the decision; computes nothing that decides.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/policy.hpp"

#include <set>
#include <string>
#include <vector>

namespace sluice::policy {

// A sentence a line: period and its instants, allocation, carryover and its model, adjustments,
// effective allocation, usage by source, metric and weights, thresholds, standing and its cause,
// planned commands and the reasons for others. `below`: accounts below without an evaluation of
// their own, whose commands are part of this one.
std::vector<std::string> explain(const model::PolicySet& set, const Zone& zone,
                                 const model::Decision& decision,
                                 const model::AccountDecision& account, const model::Plan& plan,
                                 const std::set<std::string>& below = {});

} // namespace sluice::policy
