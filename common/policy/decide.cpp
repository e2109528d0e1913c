// SPDX-License-Identifier: GPL-2.0-or-later
// One cycle's decision: each account by itself, then what accounts above add, then what that means
// against the cycle before.
#include "common/policy/decide.hpp"

#include "common/policy/budget.hpp"
#include "common/policy/committed.hpp"
#include "common/policy/evaluate/account.hpp"
#include "common/policy/evaluate/last_rules.hpp"
#include "common/policy/evaluate/life.hpp"
#include "common/policy/evaluate/rate.hpp"
#include "common/policy/evaluate/standing.hpp"
#include "common/policy/evaluate/thresholds.hpp"
#include "common/policy/plan/fairshare.hpp"
#include "common/policy/plan/jobs.hpp"
#include "common/policy/plan/limits.hpp"
#include "common/policy/plan/qos.hpp"
#include "common/policy/plan/submit_limit.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace sluice::policy {

using model::AccountDecision;
using model::Flags;
using model::PolicySet;

namespace {

constexpr std::int64_t kWholePercent = 100; // in hundredths

void add_below(const AccountDecision& child, AccountDecision& out) {
    ++out.below.accounts;
    if (child.period.label != out.period.label)
        return;
    auto& sums = out.below.figures;
    for (const auto& figure : child.figures) {
        auto sum = std::find_if(sums.begin(), sums.end(), [&](const auto& one) {
            return one.component.name == figure.component.name;
        });
        if (sum == sums.end())
            sum = sums.insert(sums.end(), {figure.component, 0, 0});
        sum->allocation = narrow(Wide{sum->allocation} + figure.allocation).value_or(INT64_MAX);
        sum->used = narrow(Wide{sum->used} + figure.used()).value_or(INT64_MAX);
    }
}

void add_ancestors(const AccountTree& tree, model::Decision& decision) {
    const Governance governed(tree, decision);
    for (const std::size_t node : tree.order()) {
        if (!governed.own(node))
            continue;
        auto& out = decision.accounts[governed.of(node)];
        const std::size_t above = governed.above(node);
        if (out.follows())
            join_above(above == kNone ? nullptr : &decision.accounts[above], out);
        if (above != kNone)
            add_below(out, decision.accounts[above]);
    }
}

model::Flags in_force(const model::AccountMemory& before) {
    const bool paused = before.paused_since.has_value();
    return before.enforced_by.empty() ? Flags{paused, paused} : before.shown_flags;
}

// What the rules make of an account, compared with what is in force: "pause it"; "": no change that
// the guard counts.
std::string change(const model::AccountMemory& before, const AccountDecision& out) {
    const auto was = model::standing(in_force(before));
    const auto now = model::standing(out.enforced);
    if (!before.enforced_by.empty() && out.mode == model::Mode::observe)
        return "end its enforcement";
    if (now == was)
        return "";
    if (now == model::Standing::paused)
        return "pause it";
    if (was == model::Standing::paused)
        return "lift its pause";
    return now == model::Standing::downscaled ? "slow it down" : "end its slowdown";
}

// A held account: its last rules make the same of its usage, which a new period may have changed.
bool agree(const model::AccountMemory& before, const LastRules& last, const AccountDecision& out) {
    if (before.held_for.empty())
        return false;
    const auto good = last.evaluate(out.account);
    return good && model::standing(good->by_usage.flags) == model::standing(out.by_usage.flags);
}

// Accounts whose standing new rules change, when these are more than the guard allows. A boundary
// changes it by itself and does not count. What is held stays so until the rules change again, they
// would not change it any more, or a person releases it. Accounts that lose rules count and are
// held in any case.
Waiting guard(const model::Facts& facts, const LastRules& last, const Zone& zone,
              const std::vector<Subject>& released, const model::Decision& decision) {
    static const model::AccountMemory kNothing;
    const auto& version = facts.rules_version;
    if (version.empty() || facts.history.rules_version.empty())
        return {};
    const bool first = facts.history.rules_version != version;
    bool held = false;
    std::int64_t lost = 0;
    Waiting changed;
    for (const auto& out : decision.accounts) {
        const auto found = facts.history.accounts.find(out.account);
        const auto& before = found == facts.history.accounts.end() ? kNothing : found->second;
        if (out.fault == model::Fault::rules)
            lost += first && before.held_for.empty() ? 1 : 0;
        const bool waits = before.held_for == version;
        // The last rules, too, have it outside its life by now: that is time.
        const auto life = life_of(before.rules.life, zone, facts.now);
        const bool closed = life && life->state != model::LifeState::during;
        const bool inside = closed != out.closed() ||
                            (!closed && (before.period.empty() ||
                                         before.period == out.period.label || out.other_period));
        if (!out.error.empty() || !(waits || (first && inside)))
            continue;
        if (first && !waits && agree(before, last, out))
            continue;
        if (const auto what = change(before, out); !what.empty()) {
            held = held || waits;
            changed.emplace(out.account,
                            "new rules would " + what +
                                "; they change more accounts than guard allows, so it stays as it "
                                "is");
        }
    }
    for (const auto& subject : released)
        if (const auto found = facts.history.accounts.find(subject.account);
            found != facts.history.accounts.end() && !found->second.enforced_by.empty()) {
            const bool waits = found->second.held_for == version;
            if (!waits && !(first && !is_released(found->second.rules.life, zone, facts.now)))
                continue;
            held = held || waits;
            changed.emplace(subject.account,
                            "new rules would end its enforcement; they change more accounts than "
                            "guard allows, so it stays as it is");
        }
    const auto all = static_cast<std::int64_t>(decision.accounts.size() + released.size());
    const auto most = std::max(facts.guard.accounts, all * facts.guard.percent / 100);
    if (!held && static_cast<std::int64_t>(changed.size()) + lost <= most)
        changed.clear();
    return changed;
}

// Staff or Waldur keep it paused or slowed down, whether its life is over or not.
bool is_restricted(const model::Facts& facts, const std::string& account) {
    const auto& all = facts.history.overrides;
    return std::any_of(all.begin(), all.end(), [&](const model::Override& entry) {
        return entry.account == account && entry.standing != model::Standing::normal &&
               entry.from <= facts.now && (entry.foreign || facts.now < entry.until);
    });
}

// Takes out of `subjects` those whose life lets go of them: not while the clock is not trusted.
std::vector<Subject> take_released(const Zone& zone, const model::Facts& facts,
                                   std::vector<Subject>& subjects) {
    std::vector<Subject> released;
    if (!facts.clock.trusted())
        return released;
    std::erase_if(subjects, [&](const Subject& subject) {
        const bool gone = subject.life != nullptr && is_released(*subject.life, zone, facts.now) &&
                          !is_restricted(facts, subject.account);
        if (gone)
            released.push_back(subject);
        return gone;
    });
    return released;
}

// Each account by itself, then with those above it.
void evaluate(const PolicySet& set, const Zone& zone, const model::Facts& facts,
              const AccountTree& tree, const std::vector<Subject>& subjects, const LastRules& last,
              const std::vector<Subject>& released, const Waiting& waiting,
              model::Decision& decision) {
    const AccountEvaluator evaluator(set, zone, facts, waiting, &last);
    auto uncovered = left_without_rules(subjects, tree, facts.history);
    for (const auto& subject : released)
        std::erase(uncovered, subject.account);
    decision.accounts.clear();
    decision.accounts.reserve(subjects.size() + uncovered.size());
    for (const auto& subject : subjects)
        decision.accounts.push_back(evaluator.evaluate(subject));
    for (const auto& account : uncovered)
        decision.accounts.push_back(evaluator.keep(account));
    decision.released.clear();
    for (const auto& subject : released)
        if (const auto found = waiting.find(subject.account); found != waiting.end())
            decision.accounts.push_back(evaluator.keep(subject.account, found->second));
        else if (facts.history.accounts.contains(subject.account))
            decision.released[subject.account]; // the journal forgets what is not to be restored
    std::sort(decision.accounts.begin(), decision.accounts.end(),
              [](const auto& a, const auto& b) { return a.account < b.account; });
    add_ancestors(tree, decision);
}

// After an override or a pause from above has ended, a held account returns to the QOS that its own
// usage asks for.
void keep_qos_in_force(const model::Facts& facts, model::Decision& decision) {
    for (auto& out : decision.accounts)
        if (const auto before = facts.history.accounts.find(out.account);
            out.held() && before != facts.history.accounts.end() &&
            out.enforced_qos != out.by_usage.qos)
            out.memory.qos_in_force = before->second.qos_in_force;
}

bool notifies(const PolicySet& set, const AccountDecision& decision) {
    const auto policies = policies_in_force(set, decision);
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

// Its own usage took the account to a further step of a progressive policy.
bool went_a_step_further(const model::AccountMemory& before, const AccountDecision& out) {
    return out.previous_flags.downscaled && out.flags.downscaled && !out.flags.paused &&
           out.cause.kind == model::CauseKind::own && out.memory.steps.contains(out.qos) &&
           !before.steps.contains(out.qos);
}

// 14 and 3 days before its end, once each: what was announced counts across periods. Not together
// with another notice, which the next evaluation leaves room for.
void note_end(const PolicySet& set, const model::Facts& facts, const model::AccountMemory& before,
              AccountDecision& out) {
    if (!out.life || !out.life->until || out.closed() || !notifies(set, out))
        return;
    const std::string key = "ends@" + std::to_string(epoch(*out.life->until)) + '@';
    for (const int days : {3, 14}) {
        const std::string level = key + std::to_string(days);
        const bool due = *out.life->until - facts.now <= std::chrono::days{days};
        if (before.notified.contains(level) || out.ends_within != 0)
            out.memory.notified.insert(level);
        else if (due && out.actions_taken.empty())
            out.ends_within = days;
        if (out.ends_within == days)
            out.memory.notified.insert(level);
    }
    if (out.ends_within != 0)
        out.actions_taken.emplace_back("notify");
}

// All levels that were passed are one notice: of the highest.
void note_levels(AccountDecision& out) {
    for (const auto& threshold : out.thresholds)
        if (threshold.name == "notify" && threshold.reached &&
            out.memory.notified.insert(reached_key(threshold)).second)
            out.notice_at = std::max(out.notice_at.value_or(threshold.percent), threshold.percent);
    if (out.notice_at)
        out.actions_taken.emplace_back("notify");
}

// Once a week.
void note_jump(AccountDecision& out) {
    // Not together with another notice: the jump is there in the next evaluation, too.
    if (!out.jump || !out.actions_taken.empty() ||
        out.memory.notified.contains(rate_key(*out.jump)))
        return;
    std::erase_if(out.memory.notified,
                  [](const std::string& level) { return level.starts_with(model::kRateNotified); });
    out.memory.notified.insert(rate_key(*out.jump));
    out.actions_taken.emplace_back("rate");
}

// `before` and `now` differ from the flags of a held account.
void name_actions(const PolicySet& set, const model::AccountMemory& last, Flags before, Flags now,
                  AccountDecision& out) {
    if (now.paused && !before.paused)
        out.actions_taken.emplace_back("pause");
    if (now.downscaled && !before.downscaled) {
        out.actions_taken.emplace_back("downscale");
    } else if (went_a_step_further(last, out)) {
        out.actions_taken.emplace_back("downscale");
        out.notice_step = out.qos;
    }
    if (notifies(set, out)) {
        if (out.notify_reached)
            note_levels(out);
        if (now.downscaled)
            out.memory.notified.insert("downscale");
        if (now.paused)
            out.memory.notified.insert("pause");
    }
    if ((before.paused && !now.paused) || (before.downscaled && !now.downscaled))
        out.actions_taken.emplace_back("restore");
    if (notifies(set, out))
        note_jump(out);
    out.memory.shown_flags = now;
}

void weigh_record(const model::AccountMemory& before, AccountDecision& out) {
    const auto last = before.percent;
    bool moved = last.has_value() != out.percent.has_value() || before.period != out.period.label;
    if (last && out.percent)
        moved = moved || std::llabs(*last - *out.percent) >= kWholePercent;
    // While usage of a cluster is missing, the percentage moves by that.
    out.noteworthy = (moved && !out.incomplete() && !out.closed()) || !out.actions_taken.empty();
    if (out.noteworthy)
        out.memory.percent = out.percent;
}

// While the clock is not trusted no change is named, recorded or sent: the memory keeps what was
// shown last.
void conclude(const PolicySet& set, const AccountTree& tree, const model::Facts& facts,
              model::Decision& decision) {
    static const model::AccountMemory kNothing;
    for (auto& out : decision.accounts) {
        if (!out.error.empty() && !out.by_last_rules())
            continue;
        const auto before = facts.history.accounts.find(out.account);
        const auto& memory = before == facts.history.accounts.end() ? kNothing : before->second;
        if (facts.clock.trusted()) {
            change_mode(memory, out);
            // What an override or an account above adds to a held account ends with it.
            if (out.held())
                name_actions(set, memory, memory.flags | memory.shown_flags, out.by_usage.flags,
                             out);
            else
                name_actions(set, memory, out.previous_flags, out.flags, out);
            note_end(set, facts, memory, out);
            weigh_record(memory, out);
        }
        const auto* row = tree.account(out.account);
        if (out.held() || row == nullptr)
            continue;
        if (out.closed() && out.mode == model::Mode::enforce) { // limits and shares stay
            if (runs_by_override(out))
                remember_limits(set, facts, *row, out);
        } else {
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
    decision.policies = facts.policies;
    const AccountTree tree(facts.structure);
    auto found = subjects(set, tree);
    const auto released = take_released(zone, facts, found);
    const LastRules last(zone, facts);
    evaluate(set, zone, facts, tree, found, last, released, {}, decision);
    if (const auto waiting = guard(facts, last, zone, released, decision); !waiting.empty())
        evaluate(set, zone, facts, tree, found, last, released, waiting, decision);
    conclude(set, tree, facts, decision);
    for (auto& account : decision.accounts)
        if (const auto* row = tree.account(account.account))
            remember_submit_limit(set, facts, *row, account);
    remember_qos(set, tree, facts, decision);
    keep_qos_in_force(facts, decision);
    remember_jobs(set, tree, facts, decision);
    remember_budgets(set, facts.history, decision);
    add_committed(tree, facts, decision);
    name_problems(facts, decision);
    return decision;
}

} // namespace sluice::policy
