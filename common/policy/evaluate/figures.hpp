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
    std::string period_before;            // label; "": none
    std::map<std::string, Amount> ended_before; // component -> usage by ended jobs in it
    std::vector<std::string> notes;
};

// Usage of ended jobs never falls inside a period or after it: what is less than `memory` has seen
// is kept as `vanished`, but for a hundredth of the effective allocation or one TRES-hour.
void keep_vanished(const model::AccountMemory& memory, model::Figure& figure);
// The same for the memory: it follows upward.
void note_used(const model::Figure& figure, model::AccountMemory& memory);
void note_used_before(const Figures& figures, model::AccountMemory& memory);

// REQUIRES: usage of this cluster in the period is known.
// overflow: names the figure; malformed: an allocation that cannot be.
Result<Figures> figures(const model::PolicySet& set, const Subject& subject, const Periods& periods,
                        const AccountFacts& facts);

} // namespace sluice::policy
