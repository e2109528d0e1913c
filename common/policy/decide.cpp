// SPDX-License-Identifier: GPL-2.0-or-later
// One cycle's judgement: each account by itself, then what ancestors add, then what it means
// against the cycle before.
#include "common/policy/decide.hpp"

#include "common/policy/account.hpp"
#include "common/policy/jobs.hpp"
#include "common/policy/limits.hpp"
#include "common/policy/own_standing.hpp"
#include "common/policy/qos_restore.hpp"
#include "common/policy/shared_allocation.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace sluice::policy {

using model::AccountDecision;
using model::Flags;
using model::PolicySet;

namespace {

constexpr std::int64_t kWholePercent = 100; // in hundredths

void add_ancestors(const Tree& tree, model::Decision& decision) {
    const Governance governed = governance(tree, decision);
    for (const int node : tree.order()) {
        if (!governed.judged[static_cast<std::size_t>(node)])
            continue;
        auto& out = decision.accounts[static_cast<std::size_t>(
            governed.governor[static_cast<std::size_t>(node)])];
        if (!out.error.empty())
            continue;
        const int parent = tree[node].parent;
        const int above =
            parent == kNone ? kNone : governed.governor[static_cast<std::size_t>(parent)];
        join_above(above == kNone ? nullptr : &decision.accounts[static_cast<std::size_t>(above)],
                   out);
    }
}

bool notifies(const PolicySet& set, const AccountDecision& out) {
    for (const auto& policy : set.policies)
        if (std::find(out.policies.begin(), out.policies.end(), policy.name) !=
                out.policies.end() &&
            (policy.has(model::Action::notify_organization_owners) ||
             policy.has(model::Action::notify_external_user)))
            return true;
    return false;
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
    // While a part of the usage is missing, the percentage moves by that.
    out.noteworthy = (moved && !out.incomplete()) || !out.actions_taken.empty();
    if (out.noteworthy)
        out.memory.percent = out.percent;
}

// What changed is named, recorded and sent when the clock is trusted: until then the
// memory keeps what was shown last.
void conclude(const PolicySet& set, const Tree& tree, const model::Facts& facts,
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
        const int node = tree.find(out.account);
        if (node != kNone && tree[node].row != nullptr)
            note_limits(set, facts, *tree[node].row, out);
    }
}

void name_problems(const model::Facts& facts, const std::vector<std::string>& unknown,
                   model::Decision& decision) {
    for (const auto& account : unknown)
        if (!may_be_elsewhere(facts, account))
            decision.problems.push_back("account " + account + " is in the settings, but " +
                                        decision.cluster + " has no such account");
    std::set<std::string_view> judged;
    for (const auto& account : decision.accounts)
        judged.insert(account.account);
    for (const auto& entry : facts.history.overrides)
        if (facts.now >= entry.from && facts.now < entry.until && !judged.contains(entry.account))
            decision.problems.push_back("override of account " + entry.account +
                                        " has no effect: no policy judges it");
}

} // namespace

model::Decision decide(const PolicySet& set, const Zone& zone, const model::Facts& facts) {
    model::Decision decision;
    decision.now = facts.now;
    decision.clock = facts.clock;
    decision.cluster = facts.structure.cluster;
    const Tree tree(facts.structure);
    std::vector<std::string> unknown;
    const auto found = subjects(set, tree, unknown);
    const AccountEvaluator bench(set, zone, facts);
    decision.accounts.reserve(found.size());
    for (const auto& subject : found)
        decision.accounts.push_back(bench.judge(subject));
    add_ancestors(tree, decision);
    conclude(set, tree, facts, decision);
    hold(set, tree, facts, decision);
    remember_jobs(set, tree, facts, decision);
    name_problems(facts, unknown, decision);
    return decision;
}

bool worth_recording(const model::AccountDecision& decision) {
    return decision.noteworthy;
}

} // namespace sluice::policy
