// SPDX-License-Identifier: GPL-2.0-or-later
// Walks the accounts from the root and collects what each needs.
#include "common/policy/plan.hpp"

#include "common/policy/clock.hpp"
#include "common/policy/format.hpp"
#include "common/policy/jobs.hpp"
#include "common/policy/plan_parts.hpp"
#include "common/policy/qos_restore.hpp"
#include "common/policy/shared_allocation.hpp"
#include "common/policy/subjects.hpp"

#include <set>

namespace sluice::policy {

using model::AccountDecision;

Draft::Draft(const model::PolicySet& set, const model::Facts& facts, model::Plan& plan)
    : set_(set), facts_(facts), plan_(plan) {
    for (const auto& qos : facts.structure.qos)
        qos_.insert(qos.name);
}

void Draft::add(model::Command command, bool now) {
    write_line(facts_.structure.cluster, command);
    (now ? plan_.commands : plan_.withheld).push_back(std::move(command));
}

void Draft::report_drift(model::Command command, const std::string& what) {
    write_line(facts_.structure.cluster, command);
    fail(command.account, what + " was changed outside Sluice and is left unchanged (drift)",
         command.sacctmgr);
    plan_.withheld.push_back(std::move(command));
}

void Draft::fail(const std::string& account, std::string what, std::string remedy) {
    plan_.problems.push_back({account, std::move(what), std::move(remedy)});
}

// Waldur's flags come as pins too, but nobody works on those accounts by hand.
bool only_reports_drift(const model::Policy& policy, const AccountDecision& decision) {
    const bool pinned = decision.in_force && !decision.in_force->foreign;
    return pinned || policy.drift == model::Drift::report;
}

namespace {

class Walk {
public:
    Walk(const Tree& tree, const model::Decision& decision, Draft& draft)
        : tree_(tree), decision_(decision), draft_(draft), governed_(governance(tree, decision)) {}

    void run() {
        for (const int node : tree_.order())
            visit(node);
    }

private:
    void visit(int node) {
        const auto at = static_cast<std::size_t>(node);
        const int index = governed_.governor[at];
        if (index == kNone) {
            release(tree_[node]);
            return;
        }
        const auto& decision = decision_.accounts[static_cast<std::size_t>(index)];
        if (!decision.error.empty())
            return;
        const model::Association* row = tree_[node].row;
        if (governed_.judged[at] && row != nullptr) {
            const bool trusted = draft_.facts().clock.trusted();
            if (trusted) {
                plan_fairshare(*row, decision, draft_);
                plan_limits(*row, decision, draft_);
            }
            plan_qos(*row, decision, draft_);
            if (trusted)
                plan_reset(decision, draft_);
        } else {
            if (row != nullptr && !decision.memory.saved_members.empty())
                plan_member(*row, decision, draft_);
            limits_left(tree_[node]);
        }
        if (!decision.memory.saved_members.empty())
            for (const auto* user : tree_[node].users)
                plan_member(*user, decision, draft_);
    }

    const model::AccountMemory* left(const Node& node) const {
        if (decision_.released.empty() || node.row == nullptr)
            return nullptr;
        const auto found = decision_.released.find(std::string(node.name));
        return found == decision_.released.end() ? nullptr : &found->second;
    }

    void limits_left(const Node& node) {
        if (const auto* memory = left(node))
            plan_limit_release(*node.row, memory->limits_in_force, draft_);
    }

    void release(const Node& node) {
        const auto* memory = left(node);
        if (memory == nullptr)
            return;
        plan_limit_release(*node.row, memory->limits_in_force, draft_);
        if (memory->saved_qos)
            plan_release(*node.row, *memory->saved_qos, draft_);
        for (const auto* user : node.users) {
            const auto saved = memory->saved_members.find(
                model::association_key(user->account, user->user, user->partition));
            if (saved != memory->saved_members.end())
                plan_release(*user, saved->second, draft_);
        }
    }

    const Tree& tree_;
    const model::Decision& decision_;
    Draft& draft_;
    Governance governed_;
};

// A QOS that a policy will need one day is better missed in observe mode than in need.
void check_qos(Draft& draft) {
    std::set<std::string> told;
    for (const auto& policy : draft.set().policies) {
        std::set<std::string> needed;
        if (policy.strategy == model::QosStrategy::progressive)
            for (const auto& step : policy.steps)
                needed.insert(step.qos);
        if (policy.strategy == model::QosStrategy::threshold &&
            policy.has(model::Action::request_slurm_resource_downscaling))
            needed.insert(policy.qos_downscaled);
        if (policy.strategy == model::QosStrategy::threshold &&
            policy.has(model::Action::request_slurm_resource_pausing))
            needed.insert(policy.qos_paused);
        needed.insert(policy.qos_default);
        for (const auto& qos : needed)
            if (!qos.empty() && !draft.has_qos(qos) && told.insert(qos).second)
                draft.fail("", "QOS " + qos + " of policy " + policy.name + " does not exist",
                           "sacctmgr add qos " + qos);
    }
}

// Limits are as right without: worth knowing all the same, because fair-share history stays.
void check_reset(Draft& draft) {
    if (draft.facts().raw_usage_resets)
        return;
    for (const auto& policy : draft.set().policies)
        if (policy.raw_usage_reset)
            draft.fail("",
                       "policy " + policy.name +
                           " asks for a reset of raw usage, which this libslurm cannot do: it "
                           "stays, and limits are written as raw usage + what remains",
                       "raw_usage_reset: false in policy " + policy.name +
                           ", which means just that");
}

constexpr const char* kClockRemedy =
    "correct the clock of this host (chronyc tracking); if its time is right: sluice clock accept "
    "--reason=TEXT";

void check_clock(Draft& draft) {
    const auto& clock = draft.facts().clock;
    if (!clock.trusted())
        draft.fail("",
                   model::clock_text(clock) +
                       ": no period begins, no pause or limit is lifted, raw usage is not reset, "
                       "no job is cancelled and no notice is sent",
                   kClockRemedy);
}

std::string remedy(const AccountDecision& decision) {
    if (decision.awaits_clock)
        return kClockRemedy;
    constexpr std::string_view kMissing = "Slurm has no TRES ";
    if (decision.error.starts_with(kMissing))
        return "add " + decision.error.substr(kMissing.size()) +
               " to AccountingStorageTRES in slurm.conf";
    if (decision.error.ends_with("is not known"))
        return "see the log for the source that did not answer";
    return "check the settings of its policies and its allocation";
}

} // namespace

model::Plan plan(const model::PolicySet& set, const model::Facts& facts,
                 const model::Decision& decision) {
    model::Plan out;
    Draft draft(set, facts, out);
    const Tree tree(facts.structure);
    check_clock(draft);
    check_qos(draft);
    check_reset(draft);
    std::vector<std::string> unknown;
    (void)subjects(set, tree, unknown);
    for (const auto& account : unknown)
        if (!may_be_elsewhere(facts, account))
            draft.fail(account, "slurmdbd has no such account on " + facts.structure.cluster,
                       "sacctmgr add account " + account + " cluster=" + facts.structure.cluster);
    for (const auto& account : decision.accounts)
        if (!account.error.empty() && (facts.clock.trusted() || !account.awaits_clock))
            draft.fail(account.account, account.error, remedy(account));
    Walk(tree, decision, draft).run();
    plan_jobs(tree, decision, draft);
    return out;
}

} // namespace sluice::policy
