// SPDX-License-Identifier: GPL-2.0-or-later
// An account's figures in one period: allocation, carryover, adjustments, loan, usage. Computes,
// does not judge.
#pragma once

#include "common/base/result.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/policy/shared_allocation.hpp"
#include "common/policy/subjects.hpp"
#include "common/policy/usage_index.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::policy {

struct FiguresInput {
    const model::PolicySet* set = nullptr;
    const Subject* subject = nullptr;
    const model::AccountMemory* memory = nullptr;
    const model::Period* current = nullptr;
    const std::optional<model::Period>* before = nullptr;
    const model::AccountUsage* usage = nullptr;        // of `current`
    const model::AccountUsage* usage_before = nullptr; // nullptr: unknown, or no period before
    std::vector<const model::Adjustment*> adjustments; // of this account and period
    const std::string* cluster = nullptr;              // that all this is of
    const std::vector<OtherPart>* others = nullptr;    // clusters that share the allocation
};

struct Figures {
    std::vector<model::Figure> figures;   // those with an allocation, in the components' order
    std::map<std::string, Amount> grants; // see AccountMemory::grants
    std::vector<std::string> notes;
};

// overflow: names the figure; malformed: an allocation that cannot be.
Result<Figures> figures(const FiguresInput& in);

} // namespace sluice::policy
