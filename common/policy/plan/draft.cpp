// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/plan/draft.hpp"

#include "common/format/command.hpp"

namespace sluice::policy {

Draft::Draft(const model::PolicySet& set, const model::Facts& facts, model::Plan& plan)
    : set_(set), facts_(facts), plan_(plan) {
    for (const auto& qos : facts.structure.qos)
        qos_.insert(qos.name);
}

void Draft::add(model::Command command, bool now) {
    command.sacctmgr = format::command_line(facts_.structure.cluster, command);
    (now ? plan_.commands : plan_.withheld).push_back(std::move(command));
}

void Draft::add_against_drift(model::Command command, const std::string& what,
                              const model::Policy& policy, const model::AccountDecision& decision) {
    // Waldur's flags are overrides too, but Waldur changes nothing in Slurm.
    const bool pinned = decision.in_force && !decision.in_force->foreign;
    const bool repair = !pinned && policy.drift == model::Drift::repair;
    const std::string account = command.account;
    add(std::move(command), repair);
    if (!repair)
        fail(account, what + " was changed outside Sluice and is left unchanged (drift)",
             plan_.withheld.back().sacctmgr);
}

void Draft::fail(const std::string& account, std::string what, std::string remedy) {
    plan_.problems.push_back({account, std::move(what), std::move(remedy)});
}

} // namespace sluice::policy
