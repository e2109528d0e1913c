// SPDX-License-Identifier: GPL-2.0-or-later
// Walks the accounts from the root and collects what each needs.
#include "common/policy/plan/plan.hpp"

#include "common/base/text.hpp"
#include "common/format/numbers.hpp"
#include "common/policy/evaluate/memory.hpp"
#include "common/policy/evaluate/subjects.hpp"
#include "common/policy/plan/draft.hpp"
#include "common/policy/plan/fairshare.hpp"
#include "common/policy/plan/jobs.hpp"
#include "common/policy/plan/limits.hpp"
#include "common/policy/plan/qos.hpp"
#include "common/policy/plan/submit_limit.hpp"

#include <algorithm>
#include <set>

namespace sluice::policy {

using model::AccountDecision;
using model::Association;
using model::Command;
using model::CommandType;
using model::Fault;
using model::Mode;
using model::Policy;

namespace {

void plan_reset(const AccountDecision& decision, Draft& draft) {
    const Policy* policy =
        first_policy(draft.set(), decision, [](const Policy& one) { return one.raw_usage_reset; });
    const auto& known = draft.facts().history.accounts;
    const auto before = known.find(decision.account);
    // A boundary only: neither the first evaluation of an account nor `total` resets anything.
    if (policy == nullptr || !draft.facts().raw_usage_resets || before == known.end() ||
        before->second.period.empty() || !decision.period.end ||
        !reset_is_due(before->second, decision.period))
        return;
    Command command;
    command.type = CommandType::reset_usage;
    command.account = decision.account;
    command.reason = "period " + decision.period.label + " began";
    command.description =
        "Set raw usage of account " + decision.account + " to zero (" + command.reason + ")";
    draft.add(std::move(command), policy->mode == Mode::enforce);
}

class Walk {
public:
    Walk(const AccountTree& tree, const model::Decision& decision, Draft& draft)
        : tree_(tree), decision_(decision), draft_(draft), governed_(tree, decision) {}

    void run() {
        for (const std::size_t node : tree_.order())
            visit(node);
    }

private:
    void visit(std::size_t node) {
        const std::size_t index = governed_.of(node);
        if (index == kNone) {
            release(tree_[node]);
            return;
        }
        const auto& decision = decision_.accounts[index];
        if (!decision.follows())
            return;
        const bool members = !decision.memory.saved_members.empty();
        const model::Association* row = tree_[node].row;
        if (governed_.own(node) && row != nullptr) {
            plan_own(*row, decision);
        } else {
            if (row != nullptr && members)
                plan_member(*row, decision, draft_);
            release_values(tree_[node]);
        }
        if (members)
            for (const auto* user : tree_[node].users)
                plan_member(*user, decision, draft_);
    }

    void plan_own(const model::Association& row, const AccountDecision& decision) {
        const bool good = draft_.facts().clock.trusted() && decision.error.empty();
        const bool closed = decision.closed() && decision.mode == Mode::enforce;
        const bool evaluated = good && !closed;
        if (good && closed && runs_by_override(decision))
            plan_limits(row, decision, draft_);
        if (evaluated) {
            plan_shares(row, decision, draft_);
            plan_limits(row, decision, draft_);
        }
        plan_submit_limit(row, decision, draft_);
        plan_qos(row, decision, draft_);
        if (evaluated)
            plan_reset(decision, draft_);
    }

    // Of an account that no policy covers any more; nullptr: nothing is left to restore.
    const model::AccountMemory* left(const model::AccountNode& node) const {
        if (decision_.released.empty() || node.row == nullptr)
            return nullptr;
        const auto found = decision_.released.find(std::string(node.name));
        return found == decision_.released.end() ? nullptr : &found->second;
    }

    void release_values(const model::AccountNode& node) {
        const auto* memory = left(node);
        if (memory == nullptr)
            return;
        plan_limit_release(*node.row, *memory, draft_);
        plan_shares_release(*node.row, *memory, draft_);
        plan_submit_release(*node.row, *memory, draft_);
    }

    void release(const model::AccountNode& node) {
        const auto* memory = left(node);
        if (memory == nullptr)
            return;
        release_values(node);
        if (memory->saved_qos)
            plan_qos_release(*node.row, *memory->saved_qos, draft_);
        for (const auto* user : node.users) {
            const auto saved = memory->saved_members.find(user->id);
            if (saved != memory->saved_members.end())
                plan_qos_release(*user, saved->second, draft_);
        }
    }

    const AccountTree& tree_;
    const model::Decision& decision_;
    Draft& draft_;
    Governance governed_;
};

// `add`, the command that adds what the settings name; first what they may mean instead.
std::string or_correct(const std::string& name, const std::vector<std::string>& known,
                       const std::string& add) {
    const std::string near = nearest(name, known);
    return near.empty() ? add
                        : "correct " + name + " to " + near + " in sluiced.yaml; or run: " + add;
}

// A QOS that a policy names is checked before the policy needs it, in observe mode too.
void check_qos(Draft& draft) {
    std::set<std::string> reported;
    std::vector<std::string> known;
    for (const auto& qos : draft.facts().structure.qos)
        known.push_back(qos.name);
    for (const auto& policy : draft.set().policies) {
        std::set<std::string> needed;
        if (policy.strategy == model::QosStrategy::progressive) {
            for (const auto& step : policy.steps)
                needed.insert(step.qos);
        } else {
            if (policy.has(model::Action::request_slurm_resource_downscaling))
                needed.insert(policy.qos_downscaled);
            if (policy.has(model::Action::request_slurm_resource_pausing) &&
                policy.pause_by == model::PauseBy::qos)
                needed.insert(policy.qos_paused);
        }
        needed.insert(policy.qos_default);
        for (const auto& qos : needed)
            if (!qos.empty() && !draft.has_qos(qos) && reported.insert(qos).second)
                draft.fail("", "QOS " + qos + " of policy " + policy.name + " does not exist",
                           or_correct(qos, known, "sacctmgr add qos " + qos));
    }
}

void check_accounts(const std::vector<std::string>& unknown, const AccountTree& tree,
                    Draft& draft) {
    constexpr std::size_t kMaxCompared = 20'000; // pairs; each costs about a microsecond
    std::vector<std::string> known;
    if (unknown.size() * tree.size() <= kMaxCompared)
        for (const std::size_t node : tree.order())
            known.emplace_back(tree[node].name);
    const auto& cluster = draft.facts().structure.cluster;
    for (const auto& account : unknown)
        draft.fail(
            account, "slurmdbd has no account " + account + " on " + cluster,
            or_correct(account, known, "sacctmgr add account " + account + " cluster=" + cluster));
}

// Limits are as right without a reset, but fair-share history stays.
void check_reset(Draft& draft) {
    if (draft.facts().raw_usage_resets)
        return;
    for (const auto& policy : draft.set().policies)
        if (policy.raw_usage_reset)
            draft.fail("",
                       "policy " + policy.name +
                           " has raw_usage_reset: true, but this libslurm cannot reset raw usage: "
                           "raw usage stays, and limits are written as raw usage + what remains",
                       "set raw_usage_reset: false in policy " + policy.name +
                           ", which has the same effect");
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

// One problem for all of them.
void check_guard(const model::Decision& decision, Draft& draft) {
    constexpr std::size_t kMostNames = 5;
    std::vector<std::string> names;
    for (const auto& account : decision.accounts)
        if (account.fault == Fault::guard)
            names.push_back(account.account);
    if (names.empty())
        return;
    const bool one = names.size() == 1;
    const std::string count = std::to_string(names.size()) + (one ? " account" : " accounts");
    if (names.size() > kMostNames) {
        names.resize(kMostNames);
        names.emplace_back("...");
    }
    draft.fail("",
               "new rules would change the standing of " + count + ", more than guard allows, so " +
                   (one ? "it stays as it is: " : "these stay as they are: ") + join(names, ", "),
               "correct the rules, or accept them: sluice reload --confirm --reason=TEXT");
}

// Usage that fell: an account was moved or deleted, or slurmdbd purged records.
void check_vanished(const AccountDecision& decision, Draft& draft) {
    const auto fell = [&](const model::Figure& figure, Amount amount, const std::string& period,
                          const char* effect) {
        if (amount > 0)
            draft.fail(decision.account,
                       "Slurm reports " + format::units_text(amount, figure.component) + " " +
                           figure.component.name + " less usage in " + period +
                           " than before: the higher figure is kept, and " + effect,
                       "look for purged records and for accounts that were moved; to accept the "
                       "lower figure: sluice reset --period " +
                           decision.account + " --reason=TEXT");
    };
    for (const auto& figure : decision.figures) {
        fell(figure, figure.vanished, decision.period.label, "nothing is lifted");
        if (decision.previous)
            fell(figure, figure.vanished_before, decision.previous->label,
                 "no more is carried over");
    }
}

std::string remedy(const AccountDecision& decision) {
    switch (decision.fault) {
    case Fault::clock:
        return kClockRemedy;
    case Fault::guard:
    case Fault::rules:
        return "restore its rules, or accept the change: sluice release " + decision.account +
               " --reason=TEXT";
    case Fault::missing_tres:
        return "add " + decision.missing_tres + " to AccountingStorageTRES in slurm.conf";
    case Fault::missing_usage:
        return "see the log for the source that did not respond";
    case Fault::settings:
    case Fault::none:
        break;
    }
    return "check the allocation of the account and the settings of its policies";
}

// slurmdbd refuses to change an account while one of its users would have a default QOS that is not
// in the user's list. A user with both of its own is right before and after the account's change.
bool before_its_account(const Command& command) {
    return command.type == CommandType::qos && !command.user.empty() &&
           std::find(command.qos.begin(), command.qos.end(), command.default_qos) !=
               command.qos.end();
}

// A queue may have thousands of jobs, so all that does not depend on them comes first. A job that
// gets its QOS before its list changes has no moment with an invalid one, and is released with it.
void order(const AccountTree& tree, const model::Decision& decision,
           std::vector<Command>& commands) {
    const Governance governed(tree, decision);
    std::set<std::size_t> moving;
    for (const Command& command : commands)
        if (command.type == CommandType::set_job_qos)
            moving.insert(governed.of(tree.find(command.account)));
    const auto rank = [&](const Command& command) {
        if (command.type == CommandType::set_job_qos || command.type == CommandType::hold_job)
            return 1;
        if (command.type == CommandType::release_job)
            return 3;
        const bool after = command.type == CommandType::qos &&
                           moving.contains(governed.of(tree.find(command.account)));
        return after ? 2 : 0;
    };
    std::stable_sort(commands.begin(), commands.end(), [&](const Command& a, const Command& b) {
        return std::pair(rank(a), !before_its_account(a)) <
               std::pair(rank(b), !before_its_account(b));
    });
}

} // namespace

model::Plan plan(const model::PolicySet& set, const model::Facts& facts,
                 const model::Decision& decision) {
    model::Plan out;
    Draft draft(set, facts, out);
    const AccountTree tree(facts.structure);
    check_clock(draft);
    check_qos(draft);
    check_reset(draft);
    check_accounts(unknown_accounts(set, tree, facts), tree, draft);
    check_guard(decision, draft);
    for (const auto& account : decision.accounts)
        if (!account.error.empty() && account.fault != Fault::guard &&
            (facts.clock.trusted() || account.fault != Fault::clock))
            draft.fail(account.account, (account.held() ? "held: " : "") + account.error,
                       remedy(account));
    for (const auto& account : decision.accounts)
        check_vanished(account, draft);
    Walk(tree, decision, draft).run();
    plan_qos_again(tree, out.commands, draft);
    plan_jobs(tree, decision, draft);
    order(tree, decision, out.commands);
    return out;
}

} // namespace sluice::policy
