// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/plan/submit_limit.hpp"

#include "common/policy/evaluate/subjects.hpp"
#include "common/policy/plan/draft.hpp"
#include "common/policy/plan/set_value.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sluice::policy {

using model::AccountDecision;
using model::Association;
using model::PauseBy;
using model::Policy;

namespace {

constexpr std::int64_t kNoJobs = 0; // jobs that may be submitted

std::optional<std::int64_t> present(const Association& row) {
    return row.submit_jobs ? std::optional<std::int64_t>(*row.submit_jobs) : std::nullopt;
}

const Policy* pausing_policy(const model::PolicySet& set, const AccountDecision& decision) {
    return first_policy(set, decision, [](const Policy&) { return true; });
}

// A pause of the account itself; one from above is done there. Where the rules are not known, a
// limit that is in force stays.
bool would_limit(const model::PolicySet& set, const AccountDecision& decision, model::Flags flags) {
    if (!decision.own.paused || !flags.paused)
        return false;
    const Policy* policy = pausing_policy(set, decision);
    return policy != nullptr ? policy->pause_by == PauseBy::submit_limit
                             : decision.memory.submit.has_value();
}

bool limits(const model::PolicySet& set, const AccountDecision& decision) {
    return decision.mode == model::Mode::enforce && would_limit(set, decision, decision.enforced);
}

model::Command command_for(const Association& row, std::optional<std::int64_t> value,
                           std::string reason) {
    const auto text = [](std::optional<std::int64_t> one) {
        return one ? std::to_string(*one) : std::string("unlimited");
    };
    model::Command command;
    command.type = model::CommandType::submit_limit;
    command.account = row.account;
    command.limits["GrpSubmitJobs"] = value;
    command.description = "Set GrpSubmitJobs of account " + row.account + " to " + text(value) +
                          (present(row) ? " (was " + text(present(row)) + ")" : "") + " (" +
                          reason + ")";
    command.reason = std::move(reason);
    return command;
}

void restore(const Association& row, const std::optional<model::SetValue>& ours,
             const std::string& reason, Draft& draft) {
    if (ours && is_ours(*ours, present(row)) && ours->saved != present(row))
        draft.add(command_for(row, ours->saved, reason), true);
}

} // namespace

void remember_submit_limit(const model::PolicySet& set, const model::Facts& facts,
                           const Association& row, AccountDecision& decision) {
    auto& ours = decision.memory.submit;
    const auto before = facts.history.accounts.find(decision.account);
    ours = before == facts.history.accounts.end() ? std::nullopt : before->second.submit;
    const auto now = present(row);
    if (ours)
        note_arrival(*ours, now);
    if (!decision.follows())
        return;
    if (!limits(set, decision)) {
        if (ours && (!is_ours(*ours, now) || ours->saved == now))
            ours.reset();
        return;
    }
    if (now == kNoJobs) {
        if (ours)
            ours->in_force = now;
        return; // the site's own 0 needs nothing, and nothing is restored
    }
    // It was not paused before: what Slurm has is the account's own, and no drift.
    if (ours && is_drifted(*ours, now) && !decision.previous_flags.paused)
        ours.reset();
    if (!ours)
        ours = model::SetValue{now, std::nullopt, std::nullopt};
    ours->asked = kNoJobs;
}

void plan_submit_limit(const Association& row, const AccountDecision& decision, Draft& draft) {
    const auto& ours = decision.memory.submit;
    if (!limits(draft.set(), decision)) {
        const bool paused = decision.enforced.paused;
        if (paused && decision.own.paused && decision.mode == model::Mode::enforce &&
            row.qos != std::vector<std::string>{decision.enforced_qos})
            return; // until the QOS that pauses it instead is in force
        restore(row, ours, paused ? "paused by another way" : "restored", draft);
        if (decision.mode == model::Mode::observe &&
            would_limit(draft.set(), decision, decision.flags) && present(row) != kNoJobs)
            draft.add(command_for(row, kNoJobs, "account is paused"), false);
        return;
    }
    if (present(row) == kNoJobs)
        return;
    const bool drifted = ours && is_drifted(*ours, present(row));
    auto command = command_for(row, kNoJobs, drifted ? "drift" : "account is paused");
    const Policy* policy = pausing_policy(draft.set(), decision);
    if (drifted && policy != nullptr)
        draft.add_against_drift(std::move(command), "GrpSubmitJobs of account " + row.account,
                                *policy, decision);
    else
        draft.add(std::move(command), true);
}

void plan_submit_release(const Association& row, const model::AccountMemory& memory, Draft& draft) {
    restore(row, memory.submit, "no longer under a policy", draft);
}

} // namespace sluice::policy
