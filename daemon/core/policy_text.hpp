// SPDX-License-Identifier: GPL-2.0-or-later
// What the journal keeps of the rules, so that an account that loses them is still evaluated
// (model::AccountRules): components, and of each policy what its figures, thresholds and QOS come
// from. JSON. Whom a policy covers is not in it, and neither are allocations, limits and texts.
#pragma once

#include "common/base/result.hpp"
#include "common/model/policy.hpp"

#include <string>
#include <string_view>

namespace sluice::core {

// Equal policies give equal texts.
std::string policy_text(const model::PolicySet& set);
// malformed: not such a text, or one of a version of Sluice with words that this one does not know.
Result<model::PolicySet> parse_policy_text(std::string_view text);

} // namespace sluice::core
