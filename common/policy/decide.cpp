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

// New rules change it: inside a period, since a boundary changes it by itself. What is held stays
// so until the rules change again, they would not change it any more, or a person releases it.
bool changed_by_rules(const model::Facts& facts, const model::AccountMemory& before,
                      const AccountDecision& out) {
    if (!out.error.empty() || out.enforced.paused == before.paused_since.has_value())
        return false;
    if (before.held_for == facts.rules_version)
        return true;
    return facts.history.rules_version != facts.rules_version && before.period == out.period.label;
}

void guard(const PolicySet& set, const model::Facts& facts, model::Decision& decision) {
    if (facts.rules_version.empty() || facts.history.rules_version.empty())
        return;
    bool held = false;
    std::vector<std::pair<AccountDecision*, const model::AccountMemory*>> changed;
    for (auto& out : decision.accounts) {
        const auto before = facts.history.accounts.find(out.account);
        if (before == facts.history.accounts.end() || !changed_by_rules(facts, before->second, out))
            continue;
        held = held || before->second.held_for == facts.rules_version;
        changed.emplace_back(&out, &before->second);
    }
    const auto all = static_cast<std::int64_t>(decision.accounts.size());
    const auto most = std::max(facts.guard.accounts, all * facts.guard.percent / 100);
    if (!held && static_cast<std::int64_t>(changed.size()) <= most)
        return;
    for (const auto& [out, before] : changed) {
        out->error = std::string("new rules would ") + (out->enforced.paused ? "pause" : "open") +
                     " it; they change more accounts than guard allows, so it stays as it is";
        out->fault = model::Fault::guard;
        const auto policies = policies_of(set, *out);
        keep_standing(*before, policies.empty() ? nullptr : policies.front(), *out);
        out->cause = {};
        out->in_force.reset();
        out->memory.held_for = facts.rules_version;
    }
}

bool notifies(const PolicySet& set, const AccountDecision& decision) {
    const auto policies = policies_of(set, decision);
    return std::any_of(policies.begin(), policies.end(), [](const model::Policy* policy) {
        return policy->has(model::Action::notify_organization_owners) ||
               policy->has(model::Action::notify_external_user);
    });
}

// What an observing policy reported was never in force, and the reverse: an account of another mode
// starts as if normal. Owners were not written to while it only observed.
void change_mode(const model::AccountMemory& before, AccountDecision& out) {
    const bool enforces = out.mode == model::Mode::enforce;
    if (enforces != before.enforced_by.empty())
        return;
    out.previous_flags = {};
    if (enforces)
        out.memory.notified.clear();
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
        const auto& memory = before == facts.history.accounts.end() ? kNothing : before->second;
        if (facts.clock.trusted()) {
            change_mode(memory, out);
            name_actions(set, out);
            weigh_record(memory, out);
        }
        if (const auto* row = tree.account(out.account)) {
            remember_limits(set, facts, *row, out);
            remember_shares(set, *row, out);
        }
    }
}

void name_problems(const model::Facts& facts, model::Decision& decision) {
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
    decision.rules_version = facts.rules_version;
    const AccountTree tree(facts.structure);
    const auto found = subjects(set, tree);
    const AccountEvaluator evaluator(set, zone, facts);
    const auto uncovered = left_without_rules(found, tree, facts.history);
    decision.accounts.reserve(found.size() + uncovered.size());
    for (const auto& subject : found)
        decision.accounts.push_back(evaluator.evaluate(subject));
    for (const auto& account : uncovered)
        decision.accounts.push_back(evaluator.keep(account));
    std::sort(decision.accounts.begin(), decision.accounts.end(),
              [](const auto& a, const auto& b) { return a.account < b.account; });
    add_ancestors(tree, decision);
    guard(set, facts, decision);
    conclude(set, tree, facts, decision);
    remember_qos(set, tree, facts, decision);
    remember_jobs(set, tree, facts, decision);
    name_problems(facts, decision);
    return decision;
}

} // namespace sluice::policy
