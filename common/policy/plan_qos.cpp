// SPDX-License-Identifier: GPL-2.0-or-later
// QOS lists: to the standing's QOS while it lasts, then back to what each association had.
#include "common/policy/format.hpp"
#include "common/policy/lookup.hpp"
#include "common/policy/plan_parts.hpp"
#include "common/policy/qos_restore.hpp"

#include "common/base/text.hpp"

namespace sluice::policy {

using model::AccountDecision;
using model::Association;
using model::CauseKind;
using model::Command;
using model::SavedQos;
using model::Standing;

namespace {

std::string owner(const Association& row) {
    std::string text = "account " + row.account;
    if (!row.user.empty())
        text = "user " + row.user + " in " + text;
    return row.partition.empty() ? text : text + ", partition " + row.partition;
}

Command qos_command(const Association& row, const SavedQos& target, std::string reason) {
    Command command;
    command.type = model::CommandType::qos;
    command.account = row.account;
    command.user = row.user;
    command.partition = row.partition;
    command.qos = target.list;
    command.default_qos = target.default_qos;
    command.description = target.list.empty()
                              ? "Let " + owner(row) + " inherit its QOS again"
                              : "Set QOS of " + owner(row) + " to " + join(target.list, ",");
    command.description += " (" + reason + ")";
    command.reason = std::move(reason);
    return command;
}

bool steps(const Draft& draft, const AccountDecision& decision) {
    for (const auto& name : decision.policies)
        if (const auto* policy = find_policy(draft.set(), name))
            return policy->strategy == model::QosStrategy::progressive;
    return false;
}

std::string reason_for(const Draft& draft, const AccountDecision& decision) {
    const auto now = standing(decision.flags);
    if (now == Standing::normal)
        return "restored";
    switch (decision.cause.kind) {
    case CauseKind::ancestor:
        return "account " + decision.cause.account + " is " + std::string(name(now));
    case CauseKind::override_:
        return decision.in_force && decision.in_force->foreign ? "flag in " + decision.in_force->by
                                                               : "override";
    case CauseKind::own:
    case CauseKind::foreign:
        break;
    }
    if (steps(draft, decision))
        return "step " + decision.qos + " reached";
    return now == Standing::paused ? "grace limit reached" : "allocation used up";
}

bool all_known(const Association& row, const SavedQos& target, Draft& draft) {
    for (const auto& qos : target.list)
        if (!draft.has_qos(qos)) {
            draft.fail(row.account, "QOS " + qos + " does not exist", "sacctmgr add qos " + qos);
            return false;
        }
    return true;
}

bool only_reports(const Draft& draft, const AccountDecision& decision) {
    for (const auto& name : decision.policies)
        if (const auto* policy = find_policy(draft.set(), name))
            return only_reports_drift(*policy, decision);
    return false;
}

SavedQos exactly(const std::string& qos) {
    return {{qos}, qos};
}

void go_to(const Association& row, const SavedQos& target, const AccountDecision& decision,
           Draft& draft) {
    if (has_qos(row, target) || !all_known(row, target, draft))
        return;
    const bool drifted = !decision.enforced_qos.empty() &&
                         decision.memory.qos_in_force == decision.enforced_qos &&
                         decision.previous_flags == decision.flags;
    Command command = qos_command(row, target, drifted ? "drift" : reason_for(draft, decision));
    if (drifted && only_reports(draft, decision))
        draft.report_drift(std::move(command), "QOS of " + owner(row));
    else
        draft.add(std::move(command), true);
}

} // namespace

void plan_qos(const Association& row, const AccountDecision& decision, Draft& draft) {
    const auto& saved = decision.memory.saved_qos;
    if (saved) {
        go_to(row,
              decision.enforced_qos.empty() ? given_back(draft.set(), decision, *saved)
                                            : exactly(decision.enforced_qos),
              decision, draft);
        return;
    }
    // Observed: shown, not done.
    if (decision.mode == model::Mode::observe && decision.enforced_qos.empty() &&
        !decision.qos.empty() && !has_qos(row, decision.qos))
        draft.add(qos_command(row, exactly(decision.qos), reason_for(draft, decision)), false);
}

void plan_member(const Association& row, const AccountDecision& decision, Draft& draft) {
    const auto& members = decision.memory.saved_members;
    const auto saved = members.find(model::association_key(row.account, row.user, row.partition));
    if (saved == members.end())
        return;
    go_to(row, decision.enforced_qos.empty() ? saved->second : exactly(decision.enforced_qos),
          decision, draft);
}

void plan_release(const Association& row, const SavedQos& saved, Draft& draft) {
    if (!has_qos(row, saved) && all_known(row, saved, draft))
        draft.add(qos_command(row, saved, "no longer under a policy"), true);
}

} // namespace sluice::policy
