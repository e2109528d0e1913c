// SPDX-License-Identifier: GPL-2.0-or-later
// One cycle's decision: each account by itself, then what accounts above add, then what that means
// against the cycle before.
#include "common/policy/decide.hpp"

#include "common/policy/evaluate/account.hpp"
#include "common/policy/evaluate/standing.hpp"
#include "common/policy/plan/fairshare.hpp"
#include "common/policy/plan/jobs.hpp"
#include "common/policy/plan/limits.hpp"
#include "common/policy/plan/qos.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace sluice::policy {

using model::AccountDecision;
using model::Flags;
using model::PolicySet;

namespace {

constexpr std::int64_t kWholePercent = 100; // in hundredths

void add_ancestors(const AccountTree& tree, model::Decision& decision) {
    const Governance governed(tree, decision);
    for (const std::size_t node : tree.order()) {
        if (!governed.own(node))
            continue;
        auto& out = decision.accounts[governed.of(node)];
        const std::size_t above = governed.above(node);
        if (out.error.empty())
            join_above(above == kNone ? nullptr : &decision.accounts[above], out);
    }
}

bool notifies(const PolicySet& set, const AccountDecision& decision) {
    const auto policies = policies_of(set, decision);
    return std::any_of(policies.begin(), policies.end(), [](const model::Policy* policy) {
        return policy->has(model::Action::notify_organization_owners) ||
               policy->has(model::Action::notify_external_user);
    });
}

void name_actions(const PolicySet& set, AccountDecision& out) {
    const Flags before = out.previous_flags;
    if (out.flags.paused && !before.paused)
        out.actions_taken.emplace_back("pause");
    if (out.flags.downscaled && !before.downscaled)
        out.actions_taken.emplace_back("downscale");
    if (notifies(set, out)) {
        if (out.notify_reached && out.memory.notified.insert("notify").second)
            out.actions_taken.emplace_back("notify");
        if (out.flags.downscaled)
            out.memory.notified.insert("downscale");
        if (out.flags.paused)
            out.memory.notified.insert("pause");
    }
    if ((before.paused && !out.flags.paused) || (before.downscaled && !out.flags.downscaled))
        out.actions_taken.emplace_back("restore");
    out.memory.shown_flags = out.flags;
}

void weigh_record(const model::AccountMemory& before, AccountDecision& out) {
    const auto last = before.percent;
    bool moved = last.has_value() != out.percent.has_value() || before.period != out.period.label;
    if (last && out.percent)
        moved = moved || std::llabs(*last - *out.percent) >= kWholePercent;
    // While usage of a cluster is missing, the percentage moves by that.
    out.noteworthy = (moved && !out.incomplete()) || !out.actions_taken.empty();
    if (out.noteworthy)
        out.memory.percent = out.percent;
}

// While the clock is not trusted no change is named, recorded or sent: the memory keeps what was
// shown last.
void conclude(const PolicySet& set, const AccountTree& tree, const model::Facts& facts,
              model::Decision& decision) {
    static const model::AccountMemory kNothing;
    for (auto& out : decision.accounts) {
        if (!out.error.empty())
            continue;
        const auto before = facts.history.accounts.find(out.account);
        if (facts.clock.trusted()) {
            name_actions(set, out);
            weigh_record(before == facts.history.accounts.end() ? kNothing : before->second, out);
        }
        if (const auto* row = tree.account(out.account)) {
            remember_limits(set, facts, *row, out);
            remember_shares(set, *row, out);
        }
    }
}

void name_problems(const model::Facts& facts, const std::vector<std::string>& unknown,
                   model::Decision& decision) {
    for (const auto& account : unknown)
        decision.problems.push_back("account " + account + " is in the settings, but cluster " +
                                    decision.cluster + " has no such account");
    for (const auto& entry : facts.history.overrides)
        if (facts.now >= entry.from && facts.now < entry.until &&
            decision.find(entry.account) == nullptr)
            decision.problems.push_back("override of account " + entry.account +
                                        " has no effect: no policy covers the account");
}

} // namespace

model::Decision decide(const PolicySet& set, const Zone& zone, const model::Facts& facts) {
    model::Decision decision;
    decision.now = facts.now;
    decision.clock = facts.clock;
    decision.cluster = facts.structure.cluster;
    const AccountTree tree(facts.structure);
    const auto found = subjects(set, tree);
    const AccountEvaluator evaluator(set, zone, facts);
    decision.accounts.reserve(found.size());
    for (const auto& subject : found)
        decision.accounts.push_back(evaluator.evaluate(subject));
    add_ancestors(tree, decision);
    conclude(set, tree, facts, decision);
    remember_qos(set, tree, facts, decision);
    remember_jobs(set, tree, facts, decision);
    name_problems(facts, unknown_accounts(set, tree, facts), decision);
    return decision;
}

} // namespace sluice::policy
