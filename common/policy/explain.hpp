// SPDX-License-Identifier: GPL-2.0-or-later
// How a number came about, line by line. One more rendering of the decision; computes nothing that
// decides.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/policy.hpp"

#include <string>
#include <vector>

namespace sluice::policy {

// A sentence a line: period and its instants, base, carryover by which model, adjustments,
// effective allocation, usage by source, metric and weights, thresholds, standing and its cause,
// what is planned and why something is not.
std::vector<std::string> explain(const model::PolicySet& set, const Zone& zone,
                                 const model::AccountDecision& decision, const model::Plan& plan);

} // namespace sluice::policy
