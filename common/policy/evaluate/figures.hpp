// SPDX-License-Identifier: GPL-2.0-or-later
// An account's figures in one period: allocation, carryover, adjustments, loan, usage.
#pragma once

#include "common/base/result.hpp"
#include "common/model/decision.hpp"
#include "common/policy/evaluate/account_facts.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::policy {

struct Figures {
    std::vector<model::Figure> figures;   // those with an allocation, in the components' order
    std::map<std::string, Amount> grants; // see AccountMemory::grants
    std::vector<std::string> notes;
};

// REQUIRES: usage of this cluster in the period is known.
// overflow: names the figure; malformed: an allocation that cannot be.
Result<Figures> figures(const model::PolicySet& set, const Subject& subject, const Periods& periods,
                        const AccountFacts& facts);

} // namespace sluice::policy
