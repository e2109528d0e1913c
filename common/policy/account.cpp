// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/account.hpp"

#include "common/policy/clock.hpp"
#include "common/policy/figures.hpp"
#include "common/policy/own_standing.hpp"
#include "common/policy/periods.hpp"
#include "common/policy/standing.hpp"

#include <algorithm>
#include <utility>

namespace sluice::policy {

using model::AccountDecision;
using model::AccountMemory;
using model::Mode;
using model::Policy;

namespace {

// A fact that the settings reader has refused already; the core does not rely on it.
std::string disagreement(const Subject& subject) {
    const Policy& first = *subject.policies.front();
    for (const Policy* other : subject.policies) {
        const char* what = nullptr;
        if (other->period != first.period)
            what = "period";
        else if (other->carryover != first.carryover)
            what = "carryover";
        else if (other->grace_ratio != first.grace_ratio)
            what = "grace_ratio";
        else if (other->billing != first.billing)
            what = "tres_billing";
        else if (other->borrow != first.borrow)
            what = "borrow";
        else if (other->spans != first.spans)
            what = "span";
        else if (first.spans && other->clusters != first.clusters)
            what = "clusters";
        if (what != nullptr)
            return "policies " + first.name + " and " + other->name + " disagree on " + what;
    }
    return "";
}

// Where any policy enforces, the observing ones do not count.
std::vector<const Policy*> deciding(const Subject& subject, Mode mode) {
    std::vector<const Policy*> found;
    for (const Policy* policy : subject.policies)
        if (policy->mode == mode)
            found.push_back(policy);
    return found;
}

Mode mode_of(const Subject& subject) {
    const auto enforces = [](const Policy* p) { return p->mode == Mode::enforce; };
    return std::any_of(subject.policies.begin(), subject.policies.end(), enforces) ? Mode::enforce
                                                                                   : Mode::observe;
}

PreviousState held_before(const AccountMemory& memory, const model::Period& period, bool stale) {
    if (memory.period != period.label)
        return {};
    return {memory.flags, memory.held, stale};
}

// When the metric will cross `percent`, if usage goes on as it did since the period began.
std::optional<Instant> crossing(const Metric& metric, Decimal percent, const model::Period& period,
                                Instant now) {
    const Wide elapsed = (now - period.begin).count();
    if (!period.end || metric.used <= 0 || elapsed <= 0)
        return std::nullopt;
    Wide used = metric.used, effective = metric.effective;
    while (effective > (Wide{1} << 56)) { // for display: more bits than seconds in a period
        effective >>= 1;
        used >>= 1;
    }
    const auto target = multiply(effective, percent.scaled());
    const auto product = target ? multiply(*target / (Wide{100} * 1000), elapsed) : std::nullopt;
    if (!product || used == 0)
        return std::nullopt;
    const Wide seconds = *product / used / (Decimal::kScale / 1000);
    const Wide at = epoch(period.begin) + seconds;
    return at < epoch(*period.end) ? std::optional(instant(static_cast<std::int64_t>(at)))
                                   : std::nullopt;
}

void cross(std::vector<model::Threshold>& thresholds, const Metric& metric,
           const model::Period& period, Instant now) {
    for (auto& threshold : thresholds)
        if (!threshold.reached)
            threshold.crossing = crossing(metric, threshold.percent, period, now);
}

// Cycles are a minute apart, so that is how exact the instant is.
void note_reached(std::vector<model::Threshold>& thresholds, Instant now, AccountMemory& memory) {
    std::map<std::string, std::int64_t> reached;
    for (auto& threshold : thresholds) {
        if (!threshold.reached)
            continue;
        const std::string key = threshold.name + '@' + threshold.percent.text();
        const auto before = memory.reached.find(key);
        const std::int64_t at = before == memory.reached.end() ? epoch(now) : before->second;
        threshold.since = instant(at);
        reached.emplace(key, at);
    }
    memory.reached = std::move(reached);
}

void remember_figures(const AccountDecision& decision, const Figures& figures,
                      AccountMemory& memory) {
    memory.bases.clear();
    memory.adjustments_at_end.clear();
    for (const auto& figure : decision.figures) {
        memory.bases[figure.component.name] = figure.allocation;
        if (figure.adjustments != 0)
            memory.adjustments_at_end[figure.component.name] = figure.adjustments;
    }
    memory.grants = figures.grants;
}

// When a pause by usage ends by itself: the next period begins without it, unless it begins used
// up.
std::optional<Instant> usage_end(const AccountDecision& decision, const Policy& policy) {
    const auto nothing = [](const model::Figure& f) { return f.allocation == 0; };
    const auto& figures = decision.figures;
    const bool empty = policy.billing.enabled
                           ? std::all_of(figures.begin(), figures.end(), nothing)
                           : std::any_of(figures.begin(), figures.end(), nothing);
    if (empty || policy.borrow.factor >= Decimal::whole(100))
        return std::nullopt; // the next period begins as this one ends
    return decision.period.end;
}

// An account that cannot be judged stays as it was, but no pause outlives its period: unless the
// clock is at fault, which cannot tell when that ends.
void stay(const AccountMemory& before, const Policy& policy, AccountDecision& out) {
    out.memory = before;
    if (out.awaits_clock)
        out.period = {before.period, before.period_begin, std::nullopt};
    else if (before.period != out.period.label)
        return;
    out.flags = out.own = out.previous_flags;
    out.qos = qos_for(policy, model::standing(out.own));
    out.until = out.period.end;
    if (out.mode == Mode::enforce) {
        out.enforced = out.flags;
        out.enforced_qos = out.qos;
    }
}

// At a boundary (and at the first judgement), when one is owed; not where it begins to be wanted,
// or to be possible, inside a period: till the next boundary limits follow raw usage then.
void mark_reset(const Subject& subject, const AccountMemory& before, AccountMemory& memory) {
    if (!reset_is_due(before, {memory.period, memory.period_begin, std::nullopt}))
        return;
    for (const Policy* policy : subject.policies)
        if (policy->raw_usage_reset) {
            memory.reset_done_for = memory.period;
            memory.reset_owed = false;
            memory.resets[memory.period] = memory.period_begin;
        }
    const auto older = [](const auto& a, const auto& b) { return a.second < b.second; };
    while (memory.resets.size() > model::kResetsKept)
        memory.resets.erase(std::min_element(memory.resets.begin(), memory.resets.end(), older));
}

// While the clock is not trusted only a person lifts: an override that ends by the clock does not.
void lift_nothing(const AccountMemory& before, const Policy& policy, AccountDecision& out) {
    const auto& shown = before.shown_flags;
    const model::Flags kept{out.own.paused || shown.paused, out.own.downscaled || shown.downscaled};
    if (out.in_force || kept == out.own)
        return;
    out.own = kept;
    out.qos = qos_for(policy, model::standing(kept));
    out.notes.emplace_back("the clock is not trusted: nothing is lifted");
}

} // namespace

AccountEvaluator::AccountEvaluator(const model::PolicySet& set, const Zone& zone,
                                   const model::Facts& facts)
    : set_(set), facts_(facts), usage_(facts), entries_(facts) {
    for (const Policy& policy : set.policies) {
        PeriodWindow& span = spans_[&policy];
        span.current = period_at(policy.period, zone, facts.now);
        span.before = previous(policy.period, zone, span.current);
        span.usage = usage_.current(span.current);
        span.usage_before = span.before ? usage_.whole(*span.before) : nullptr;
    }
}

const AccountEvaluator::PeriodWindow& AccountEvaluator::span_of(const Policy& policy) const {
    return spans_.at(&policy);
}

const AccountMemory& AccountEvaluator::memory(const std::string& account) const {
    static const AccountMemory kNothing;
    const auto found = facts_.history.accounts.find(account);
    return found == facts_.history.accounts.end() ? kNothing : found->second;
}

std::string AccountEvaluator::missing_tres(const Subject& subject) const {
    for (const auto& component : set_.components) {
        if (!subject.allocation->contains(component.name))
            continue;
        const auto& known = facts_.structure.tres;
        const auto same = [&](const model::Tres& tres) { return tres.name == component.tres; };
        if (std::none_of(known.begin(), known.end(), same))
            return component.tres;
    }
    return "";
}

AccountDecision AccountEvaluator::judge(const Subject& subject) const {
    const PeriodWindow& span = span_of(*subject.policies.front());
    AccountDecision out;
    out.account = subject.account;
    for (const Policy* policy : subject.policies)
        out.policies.push_back(policy->name);
    out.mode = mode_of(subject);
    out.contact = subject.policies.front()->contact.empty() ? set_.contact
                                                            : subject.policies.front()->contact;
    out.period = span.current;
    out.previous = span.before;
    out.grace_limit = grace_limit(*subject.policies.front());
    out.memory = memory(subject.account);
    out.previous_flags = out.memory.shown_flags;
    const std::string missing = missing_tres(subject);
    out.error = clock_fault(facts_, out.memory, span.current);
    out.awaits_clock = !out.error.empty();
    if (out.error.empty())
        out.error = disagreement(subject);
    if (out.error.empty() && !missing.empty())
        out.error = "Slurm has no TRES " + missing;
    if (out.error.empty() && span.usage == nullptr)
        out.error = "usage of " + span.current.label + " is not known";
    const auto others = other_parts(facts_, subject, span.current, span.before);
    out.span = span_parts(facts_, subject, others);
    if (out.error.empty())
        fill(subject, span, others, out);
    if (!out.error.empty())
        stay(memory(subject.account), *subject.policies.front(), out);
    return out;
}

void AccountEvaluator::fill(const Subject& subject, const PeriodWindow& span,
                            const std::vector<OtherPart>& others, AccountDecision& out) const {
    const AccountMemory& before = memory(subject.account);
    FiguresInput in;
    in.set = &set_;
    in.subject = &subject;
    in.memory = &before;
    in.current = &span.current;
    in.before = &span.before;
    in.usage = &usage_of(*span.usage, subject.account);
    if (span.usage_before != nullptr)
        in.usage_before = &usage_of(*span.usage_before, subject.account);
    in.adjustments = entries_.adjustments(subject, span.current.label);
    in.cluster = &facts_.structure.cluster;
    in.others = &others;
    auto figures_made = figures(in);
    if (!figures_made) {
        out.error = figures_made.error().context;
        return;
    }
    out.figures = std::move(figures_made->figures);
    out.notes = std::move(figures_made->notes);
    const auto notes = span_notes(out.span);
    out.notes.insert(out.notes.end(), notes.begin(), notes.end());
    const Policy& first = *subject.policies.front();
    const auto measured = metric(first.billing, out.figures);
    if (!measured) {
        out.error = measured.error().context;
        return;
    }
    out.judged = measured->judged;
    out.percent = measured->percent();
    out.metric_used = measured->used;
    out.metric_effective = measured->effective;
    if (!out.percent && measured->effective != 0) {
        out.error = "the percentage of " + out.judged + " does not fit";
        return;
    }
    const bool late = facts_.usage_age > 0;
    const bool stale = late || !notes.empty() || !facts_.clock.trusted();
    const auto policies = deciding(subject, out.mode);
    ThresholdResult verdict =
        judge_all(policies, *measured, held_before(before, span.current, stale));
    cross(verdict.thresholds, *measured, span.current, facts_.now);
    out.by_usage = {verdict.flags, verdict.qos, usage_end(out, first)};
    out.overrides = entries_.overrides(subject);
    out.notify_reached = verdict.notify_reached;
    out.block_creation = verdict.block_creation;
    out.thresholds = std::move(verdict.thresholds);
    if (verdict.kept && (late || !stale))
        out.notes.push_back(late ? "usage is " + std::to_string(facts_.usage_age) +
                                       " s old: nothing is lifted on it"
                                 : "below the threshold, held by hysteresis");
    if (before.period != span.current.label)
        model::enter_period(out.memory, span.current.label, span.current.begin);
    out.memory.period_begin = span.current.begin;
    note_reached(out.thresholds, facts_.now, out.memory);
    if (!out.incomplete() || out.memory.grants.empty())
        remember_figures(out, *figures_made, out.memory);
    if (facts_.raw_usage_resets && facts_.clock.trusted())
        mark_reset(subject, before, out.memory);
    out.grant_changed = before.period != out.memory.period || before.bases != out.memory.bases ||
                        before.grants != out.memory.grants;
    out.memory.flags = verdict.flags;
    out.memory.held = std::move(verdict.steps);
    settle_own(*policies.front(), facts_.now, out);
    if (!facts_.clock.trusted()) {
        lift_nothing(before, *policies.front(), out);
        out.until.reset();
    }
}

} // namespace sluice::policy
