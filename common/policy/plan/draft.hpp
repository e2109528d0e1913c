// SPDX-License-Identifier: GPL-2.0-or-later
// A plan under construction: collects commands and problems, and holds what all parts of a plan ask
// about Slurm.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"

#include <string>
#include <string_view>
#include <unordered_set>

namespace sluice::policy {

class Draft {
public:
    // All outlive it.
    Draft(const model::PolicySet& set, const model::Facts& facts, model::Plan& plan);

    const model::PolicySet& set() const { return set_; }
    const model::Facts& facts() const { return facts_; }
    bool has_qos(std::string_view name) const { return qos_.contains(name); }
    // `now`: to be carried out; else it is only shown.
    void add(model::Command command, bool now);
    // Adds a command that undoes a change made outside Sluice, `what`. The policy reports drift, or
    // staff has pinned the account: the command is shown only, with a problem.
    void add_against_drift(model::Command command, const std::string& what,
                           const model::Policy& policy, const model::AccountDecision& decision);
    void fail(const std::string& account, std::string what, std::string remedy);

private:
    const model::PolicySet& set_;
    const model::Facts& facts_;
    model::Plan& plan_;
    std::unordered_set<std::string_view> qos_;
};

} // namespace sluice::policy
