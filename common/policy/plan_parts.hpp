// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of a plan, one function per kind of change. Used by plan.cpp only.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"
#include "common/policy/tree.hpp"

#include <string>
#include <unordered_set>

namespace sluice::policy {

// Where commands go and what is known about Slurm.
class Draft {
public:
    Draft(const model::PolicySet& set, const model::Facts& facts, model::Plan& plan);

    const model::PolicySet& set() const { return set_; }
    const model::Facts& facts() const { return facts_; }
    bool has_qos(const std::string& name) const { return qos_.contains(name); }
    // `now`: to be done; else it is only shown.
    void add(model::Command command, bool now);
    // A change of somebody else that stays: shown, and a problem with the line that undoes it.
    void report_drift(model::Command command, const std::string& what);
    void fail(const std::string& account, std::string what, std::string remedy);

private:
    const model::PolicySet& set_;
    const model::Facts& facts_;
    model::Plan& plan_;
    std::unordered_set<std::string> qos_;
};

// What others change is left to people: the policy says so, or staff has pinned the account.
bool only_reports_drift(const model::Policy& policy, const model::AccountDecision& decision);

void plan_fairshare(const model::Association& row, const model::AccountDecision& decision,
                    Draft& draft);
void plan_limits(const model::Association& row, const model::AccountDecision& decision,
                 Draft& draft);
void plan_reset(const model::AccountDecision& decision, Draft& draft);
// The account's own association.
void plan_qos(const model::Association& row, const model::AccountDecision& decision, Draft& draft);
// Another association that `decision` governs and holds.
void plan_member(const model::Association& row, const model::AccountDecision& decision,
                 Draft& draft);
// An association that no judged account governs.
void plan_release(const model::Association& row, const model::SavedQos& saved, Draft& draft);
void plan_limit_release(const model::Association& row,
                        const std::map<std::string, std::int64_t>& ours, Draft& draft);

} // namespace sluice::policy
