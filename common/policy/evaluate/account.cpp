// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/account.hpp"

#include "common/base/text.hpp"
#include "common/format/numbers.hpp"
#include "common/policy/evaluate/figures.hpp"
#include "common/policy/evaluate/forecast.hpp"
#include "common/policy/evaluate/last_rules.hpp"
#include "common/policy/evaluate/life.hpp"
#include "common/policy/evaluate/memory.hpp"
#include "common/policy/evaluate/rate.hpp"
#include "common/policy/evaluate/standing.hpp"
#include "common/policy/evaluate/thresholds.hpp"
#include "common/policy/periods.hpp"

#include <algorithm>
#include <utility>

namespace sluice::policy {

using model::AccountDecision;
using model::AccountMemory;
using model::Fault;
using model::Mode;
using model::Policy;

namespace {

constexpr const char* kKept = "; its standing and its limits stay as they are";

// The settings reader refuses these files already; the core does not rely on it.
std::string disagreement(const Subject& subject) {
    const Policy& first = subject.first();
    for (const Policy* other : subject.policies) {
        const std::pair<bool, const char*> rows[] = {
            {other->period == first.period, "period"},
            {other->carryover == first.carryover, "carryover"},
            {other->grace_ratio == first.grace_ratio, "grace_ratio"},
            {other->billing == first.billing, "tres_billing"},
            {other->borrow == first.borrow, "borrow"},
            {other->pause_by == first.pause_by, "pause_by"},
            {other->spans == first.spans, "span"},
            {!first.spans || other->clusters == first.clusters, "clusters"}};
        for (const auto& [agrees, key] : rows)
            if (!agrees)
                return "policies " + first.name + " and " + other->name + " disagree on " + key;
    }
    return "";
}

const model::WeeklyUsage* weekly_usage(const model::Facts& facts, const std::string& account) {
    if (!facts.weekly)
        return nullptr;
    const auto found = facts.weekly->find(account);
    return found == facts.weekly->end() ? nullptr : &found->second;
}

// Where any policy enforces, the observing ones do not count.
std::vector<const Policy*> deciding(const Subject& subject, Mode mode) {
    std::vector<const Policy*> found;
    std::copy_if(subject.policies.begin(), subject.policies.end(), std::back_inserter(found),
                 [mode](const Policy* policy) { return policy->mode == mode; });
    return found;
}

// The account has nothing of a component, or nothing at all where one sum counts.
bool grants_nothing(const Subject& subject) {
    const auto nothing = [](const auto& granted) { return granted.second.is_zero(); };
    const auto& all = *subject.allocation;
    return subject.first().billing.enabled ? std::all_of(all.begin(), all.end(), nothing)
                                           : std::any_of(all.begin(), all.end(), nothing);
}

// As the journal keeps it, whatever part of it is inside the life of the account.
const model::Period& whole_of(const Periods& periods) {
    return periods.whole.label.empty() ? periods.current : periods.whole;
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

std::vector<std::string> span_notes(const std::vector<model::SpanPart>& span) {
    std::vector<std::string> notes;
    for (const auto& part : span)
        if (!part.known)
            notes.push_back("usage on cluster " + part.cluster +
                            " is not known: the figures leave it out, and nothing is lifted");
        else if (part.stale)
            notes.push_back("usage on cluster " + part.cluster + " is " + std::to_string(part.age) +
                            " s old: nothing is lifted until it is fresh");
    return notes;
}

// What `before` has and `now` has not, where it has nothing new instead: a new name is no loss.
template <class Before, class Now>
std::vector<std::string> lost(const Before& before, const Now& now, std::size_t all_new) {
    std::vector<std::string> gone;
    for (const auto& name : before)
        if (std::find(now.begin(), now.end(), name) == now.end())
            gone.push_back(name);
    return gone.size() > all_new ? gone : std::vector<std::string>{};
}

// The policies have the actions that set these flags, or set them by steps.
bool keep(const std::vector<const Policy*>& policies, model::Flags flags) {
    const auto has = [&](model::Action action) {
        return std::any_of(policies.begin(), policies.end(), [&](const Policy* policy) {
            return policy->strategy == model::QosStrategy::progressive || policy->has(action);
        });
    };
    return (!flags.paused || has(model::Action::request_slurm_resource_pausing)) &&
           (!flags.downscaled || has(model::Action::request_slurm_resource_downscaling));
}

// The period stays what it is, with another label: what the journal has by label would be lost.
// "": no such change.
std::string renamed(const model::Facts& facts, const Zone& zone, const AccountMemory& before,
                    const Policy& policy, const model::Period& period) {
    const auto earlier = facts.earlier.find(before.rules.version);
    if (before.enforced_by.empty() || before.period == period.label ||
        earlier == facts.earlier.end())
        return "";
    const Policy* last = earlier->second->policy(policy.name);
    if (last == nullptr)
        return "";
    const auto was = period_at(last->period, zone, facts.now);
    return was.label != period.label && was.begin == period.begin && was.end == period.end
               ? "period " + was.label + " would be called " + period.label +
                     ", so that its carryover, adjustments and loans would not count"
               : "";
}

// Of a label that another period had before: the journal cannot tell the two apart. A change of the
// time zone moves a period by less than this.
std::string reused_label(const AccountMemory& before, const model::Period& period) {
    constexpr std::chrono::hours kMost{26};
    const auto apart = before.period_begin - period.begin;
    const bool same = apart < kMost && apart > -kMost;
    return before.period != period.label || same
               ? ""
               : "period " + period.label +
                     " has the label of a period that began at another time; give it another label";
}

// Rules of an account under enforcement that are gone, for people; "": none.
std::string lost_rules(const Subject& subject, const AccountMemory& before, bool other_period) {
    if (before.enforced_by.empty())
        return "";
    std::vector<std::string> policies;
    std::vector<std::string> enforcing;
    std::vector<std::string> components;
    std::vector<std::string> last;
    std::size_t new_policies = 0;
    std::size_t new_components = 0;
    for (const Policy* policy : subject.policies) {
        policies.push_back(policy->name);
        if (policy->mode != Mode::enforce)
            continue;
        enforcing.push_back(policy->name);
        new_policies += before.enforced_by.contains(policy->name) ? 0U : 1U;
    }
    if (const auto gone = lost(before.enforced_by, policies, new_policies); !gone.empty())
        return "policy " + join(gone, ", ") + " no longer covers it";
    for (const Policy* policy : subject.policies) {
        if (!before.enforced_by.contains(policy->name))
            continue;
        if (policy->mode_missing)
            return "policy " + policy->name + " has no mode any more";
        if (policy->actions_missing && !keep(subject.policies, before.flags))
            return "policy " + policy->name + " has no action any more that made its standing";
        if (before.flags.paused && before.stands.contains("grace_days") &&
            std::none_of(subject.policies.begin(), subject.policies.end(),
                         [](const Policy* one) { return one->grace_days > 0; }))
            return "policy " + policy->name + " has no grace_days any more, which paused it";
        if (policy->period_missing && other_period && policy == &subject.first())
            return "policy " + policy->name + " has no period any more";
    }
    if (enforcing.empty()) // observe is written there
        return "";
    for (const auto& [name, units] : *subject.allocation) {
        components.push_back(name);
        new_components += before.bases.contains(name) ? 0U : 1U;
    }
    for (const auto& [name, amount] : before.bases)
        last.push_back(name);
    const auto gone = lost(last, components, new_components);
    return gone.empty() ? "" : "its allocation has no " + join(gone, ", ") + " any more";
}

// The end of its life, or a begin that has not come, is not given any more: what holds or will hold
// by it would not. "": no such change.
std::string lost_life(const Subject& subject, const AccountMemory& before, const Zone& zone,
                      Instant now) {
    const auto last = life_of(before.rules.life, zone, now);
    if (before.enforced_by.empty() || !last)
        return "";
    const auto* present = subject.life != nullptr ? &**subject.life : nullptr;
    if (last->until && (present == nullptr || !(present->until || present->endless)))
        return "its end (until) is not given any more; write until: never for none";
    if (last->state == model::LifeState::before && (present == nullptr || !present->from))
        return "its begin (from), which has not come, is not given any more";
    if (last->prorate && (present == nullptr || !present->prorate))
        return "it has the whole allocation of a period that is not whole (prorate) now";
    return "";
}

// While the clock is not trusted only a person lifts a flag: the end of an override does not.
void lift_nothing(const AccountMemory& before, const Policy& policy, AccountDecision& out) {
    const model::Flags kept = out.own | before.shown_flags;
    out.until.reset();
    if (out.in_force || kept == out.own)
        return;
    out.own = kept;
    out.qos = qos_for(policy, model::standing(kept));
    out.qos_stops = kept.paused && policy.pause_by == model::PauseBy::qos;
    out.notes.emplace_back("the clock is not trusted: nothing is lifted");
}

// The first step of an evaluation. `metric` is missing when the figures are, or when no metric can
// be made of them.
struct Measurement {
    Figures figures;
    std::optional<Metric> metric;
    std::string fault;
};

Measurement measure(const model::PolicySet& set, const Subject& subject, const Periods& periods,
                    const AccountFacts& known) {
    Measurement out;
    auto made = figures(set, subject, periods, known);
    if (!made) {
        out.fault = made.error().context;
        return out;
    }
    out.figures = std::move(*made);
    auto metric = policy::metric(subject.first().billing, out.figures.figures);
    if (!metric) {
        out.fault = metric.error().context;
        return out;
    }
    if (!metric->percent() && metric->effective != 0)
        out.fault = "the percentage of " + metric->deciding + " does not fit";
    out.metric = std::move(*metric);
    return out;
}

void fail(Fault fault, std::string error, AccountDecision& out) {
    if (out.error.empty() && !error.empty()) {
        out.error = std::move(error);
        out.fault = fault;
    }
}

// The QOS of a standing that the journal has; `policy` may have other names by now.
std::string kept_qos(const AccountMemory& before, const Policy& policy, model::Flags flags) {
    const auto standing = model::standing(flags);
    std::string qos;
    if (standing != model::Standing::normal)
        for (const auto& step : policy.steps)
            if (before.steps.contains(step.qos))
                qos = step.qos; // the highest
    if (!qos.empty() || standing == model::Standing::normal)
        return qos;
    return before.qos_in_force.empty() ? qos_for(policy, standing) : before.qos_in_force;
}

// An override that staff entered was in force in the period, or is.
bool was_overridden(const model::Facts& facts, const AccountDecision& decision) {
    const auto& all = facts.history.overrides;
    return std::any_of(all.begin(), all.end(), [&](const model::Override& entry) {
        return entry.account == decision.account && !entry.foreign && entry.from <= facts.now &&
               entry.until > decision.period.begin;
    });
}

// More was granted than at the last evaluation of the period.
bool is_raised(const AccountMemory& before, const Figures& figures) {
    return std::any_of(figures.grants.begin(), figures.grants.end(), [&](const auto& grant) {
        const auto was = before.grants.find(grant.first);
        return was != before.grants.end() && grant.second > was->second;
    });
}

// Why a flag stays although the metric is below its threshold.
std::string kept_note(const model::Facts& facts, const Zone& zone, const ThresholdResult& result) {
    if (facts.usage_age > 0)
        return "usage is " + std::to_string(facts.usage_age) +
               " s old: nothing is lifted until it is fresh";
    if (result.dwells_until)
        return "usage is below the threshold, but min_dwell keeps the standing until " +
               format::moment_text(zone, *result.dwells_until);
    return "usage is below the threshold, but within the hysteresis";
}

// Of an account with a fault: it keeps its standing, but no pause outlives its period. Unless the
// clock is at fault, which cannot show that end. An override counts as ever. Slurm follows within
// the period, and where an override made it differ.
void keep_standing(const model::Facts& facts, const AccountFacts& known, const Policy& policy,
                   AccountDecision& out) {
    const AccountMemory& before = known.memory();
    const bool enforced = !before.enforced_by.empty();
    out.memory = before;
    out.kept = true;
    if (out.fault == Fault::clock) {
        out.period = {before.period, before.period_begin, std::nullopt};
        out.life.reset(); // such a clock neither begins nor ends it
    }
    const bool inside = before.period == out.period.label;
    // What an observing policy reported was never in force.
    if (inside && (enforced || out.mode == Mode::observe))
        out.by_usage.flags = before.flags | before.shown_flags;
    out.by_usage.qos = kept_qos(before, policy, out.by_usage.flags);
    out.by_usage.until = out.period.end;
    // grace_days that have begun go on.
    if (const auto full = before.stands.find("full");
        inside && enforced && full != before.stands.end() && policy.grace_days > 0 &&
        policy.has(model::Action::request_slurm_resource_pausing)) {
        const Instant at = instant(full->second) + std::chrono::days{policy.grace_days};
        if (!out.period.end || at < *out.period.end) {
            out.by_usage.pauses_at = at;
            out.by_usage.paused_qos = qos_for(policy, model::Standing::paused);
        }
    }
    out.overrides = known.overrides;
    settle_own(policy, facts.now, out);
    out.flags = out.own;
    out.enforced = out.mode == Mode::enforce ? out.flags : model::Flags{};
    out.enforced_qos = out.mode == Mode::enforce ? out.qos : "";
    out.enforced_qos_stops = out.mode == Mode::enforce && out.qos_stops;
    out.carried_out = (out.mode == Mode::enforce || !enforced) &&
                      ((inside && !before.period.empty()) || was_overridden(facts, out));
}

// Of a held account: what the rules of its last evaluation make of its usage now.
void take_last_rules(const AccountMemory& before, AccountDecision good, AccountDecision& out) {
    out.last_rules = std::move(good.last_rules);
    out.life = good.life;
    out.period = std::move(good.period);
    out.previous = std::move(good.previous);
    out.span = std::move(good.span);
    out.figures = std::move(good.figures);
    out.deciding = std::move(good.deciding);
    out.percent = good.percent;
    out.metric_used = good.metric_used;
    out.metric_effective = good.metric_effective;
    out.grace_limit = good.grace_limit;
    out.thresholds = std::move(good.thresholds);
    out.notes = std::move(good.notes);
    out.notify_reached = good.notify_reached;
    out.jump = std::move(good.jump);
    out.block_creation = good.block_creation;
    const model::Flags was = before.flags | before.shown_flags;
    const auto& steps = good.memory.steps;
    const bool no_milder_step =
        !steps.empty() &&
        std::includes(steps.begin(), steps.end(), before.steps.begin(), before.steps.end());
    const auto standing = model::standing(good.by_usage.flags);
    if (standing > model::standing(was) || (standing == model::standing(was) && no_milder_step))
        out.by_usage.qos = good.by_usage.qos;
    out.by_usage.flags = was | good.by_usage.flags;
    out.by_usage.pauses_at = good.by_usage.pauses_at;
    out.by_usage.paused_qos = std::move(good.by_usage.paused_qos);
    out.kept = !(out.by_usage.flags == good.by_usage.flags);
    // Limits and raw usage stay, and nothing is forgotten that was stricter.
    out.memory = std::move(good.memory);
    out.memory.rules = before.rules;
    out.memory.held_for = before.held_for;
    out.memory.flags = out.memory.flags | before.flags;
    out.memory.steps.insert(before.steps.begin(), before.steps.end());
    out.memory.reset_done_for = before.reset_done_for;
    out.memory.reset_owed = before.reset_owed;
    out.memory.resets = before.resets;
}

// Until a person confirms its rules: whatever they say now, and across periods. A flag of a source
// is part of what waits; overrides of staff are not. `policy` nullptr: none covers the account.
void hold(const model::Facts& facts, const AccountMemory& before, const Policy* policy,
          std::optional<AccountDecision> good, AccountDecision& out) {
    static const Policy kDefaults;
    const Policy& names = policy != nullptr ? *policy : kDefaults;
    out.memory = before;
    out.period = {before.period, before.period_begin, std::nullopt};
    out.mode = before.enforced_by.empty() ? Mode::observe : Mode::enforce;
    out.notify_reached = out.block_creation = out.grant_changed = false;
    out.notes.clear();
    out.life.reset(); // that of its last rules counts
    out.by_usage = {before.flags | before.shown_flags, "", std::nullopt};
    out.kept = true;
    if (good)
        take_last_rules(before, std::move(*good), out);
    if (before.held_for.empty() || out.fault == Fault::guard)
        out.memory.held_for = facts.rules_version;
    const auto standing = model::standing(out.by_usage.flags);
    if (out.by_usage.qos.empty() && standing != model::Standing::normal)
        out.by_usage.qos = before.qos_in_force;
    // A pause by GrpSubmitJobs has no QOS.
    if (out.by_usage.qos.empty() && !(standing == model::Standing::paused && before.submit))
        out.by_usage.qos = qos_for(names, standing);
    out.overrides.clear();
    for (const auto& entry : facts.history.overrides)
        if (entry.account == out.account && !entry.foreign && entry.until > facts.now)
            out.overrides.push_back(entry);
    settle_own(names, facts.now, out);
}

} // namespace

AccountEvaluator::AccountEvaluator(const model::PolicySet& set, const Zone& zone,
                                   const model::Facts& facts, const Waiting& waiting,
                                   const LastRules* last)
    : set_(set), facts_(facts), waiting_(waiting), last_(last), zone_(zone), index_(facts) {
    for (const Policy& policy : set.policies) {
        Periods& periods = periods_[&policy];
        periods.current = period_at(policy.period, zone, facts.now);
        periods.before = previous(policy.period, zone, periods.current);
    }
}

AccountDecision AccountEvaluator::begin(const Subject& subject, const Periods& periods,
                                        const AccountFacts& known) const {
    const Policy& first = subject.first();
    AccountDecision out;
    out.account = subject.account;
    for (const Policy* policy : subject.policies) {
        out.policies.push_back(policy->name);
        if (policy->mode == Mode::enforce)
            out.mode = Mode::enforce;
    }
    out.contact = first.contact.empty() ? set_.contact : first.contact;
    out.period = periods.current;
    out.previous = periods.before;
    out.grace_limit = grace_limit(first);
    out.memory = known.memory();
    const auto& last = out.memory.period;
    out.other_period = !last.empty() && last != out.period.label &&
                       period_at(first.period, zone_, out.memory.period_begin).label != last;
    out.previous_flags = out.memory.shown_flags;
    out.span = known.span(subject);
    return out;
}

void AccountEvaluator::find_fault(const Subject& subject, const Periods& periods,
                                  const AccountFacts& known, AccountDecision& out) const {
    fail(Fault::clock, clock_fault(facts_, known.memory(), out.period), out);
    if (const auto gone = lost_rules(subject, known.memory(), out.other_period); !gone.empty())
        fail(Fault::rules, gone + kKept, out);
    if (const auto other = renamed(facts_, zone_, known.memory(), subject.first(), out.period);
        !other.empty())
        fail(Fault::rules, other + kKept, out);
    fail(Fault::settings, reused_label(known.memory(), whole_of(periods)), out);
    fail(Fault::settings, disagreement(subject), out);
    for (const auto& component : set_.components) {
        const auto& all = facts_.structure.tres;
        const auto same = [&](const model::Tres& tres) { return tres.name == component.tres; };
        if (out.error.empty() && subject.allocation->contains(component.name) &&
            std::none_of(all.begin(), all.end(), same)) {
            fail(Fault::missing_tres, "Slurm has no TRES " + component.tres, out);
            out.missing_tres = component.tres;
        }
    }
    if (known.here().usage == nullptr)
        fail(Fault::missing_usage, "usage of " + out.period.label + " is not known", out);
}

AccountDecision AccountEvaluator::evaluate(const Subject& subject) const {
    const auto life =
        subject.life == nullptr ? std::nullopt : life_of(*subject.life, zone_, facts_.now);
    std::optional<Periods> own;
    if (life)
        own = clipped(subject.first().period, zone_, facts_.now, *life);
    const Periods& periods = own ? *own : periods_.at(&subject.first());
    const AccountFacts known = index_.of(subject, periods);
    AccountDecision out = begin(subject, periods, known);
    out.life = life;
    if (const auto gone = lost_life(subject, known.memory(), zone_, facts_.now); !gone.empty())
        fail(Fault::rules, gone + kKept, out);
    if (out.closed()) {
        close(subject, known, out);
    } else {
        find_fault(subject, periods, known, out);
        if (out.error.empty())
            fill(subject, periods, known, out);
    }
    if (const auto found = waiting_.find(subject.account); found != waiting_.end())
        fail(Fault::guard, found->second, out);
    if (out.held())
        hold(facts_, known.memory(), &subject.first(), by_last_rules(subject.account), out);
    else if (!out.error.empty())
        keep_standing(facts_, known, subject.first(), out);
    return out;
}

// No usage decides, and nothing that is missing keeps the account from ending.
void AccountEvaluator::close(const Subject& subject, const AccountFacts& known,
                             AccountDecision& out) const {
    const AccountMemory& before = known.memory();
    const Policy& decides = *deciding(subject, out.mode).front();
    if (const auto gone = lost_rules(subject, before, false); !gone.empty())
        fail(Fault::rules, gone + kKept, out);
    fail(Fault::clock, clock_fault(facts_, before, {before.period, {}, std::nullopt}), out);
    if (!out.error.empty())
        return;
    out.by_usage.flags = out.life->flags();
    out.by_usage.qos = qos_for(decides, model::standing(out.by_usage.flags));
    if (out.life->state == model::LifeState::before && !grants_nothing(subject))
        out.by_usage.until = out.life->from;
    out.overrides = known.overrides;
    remember_rules(facts_, subject, out.memory);
    settle_own(decides, facts_.now, out);
    if (!facts_.clock.trusted())
        lift_nothing(before, decides, out);
}

AccountDecision AccountEvaluator::keep(const std::string& account, const std::string& fault) const {
    const AccountMemory& before = facts_.history.accounts.at(account);
    AccountDecision out;
    out.account = account;
    out.mode = Mode::enforce;
    out.contact = set_.contact;
    out.previous_flags = before.shown_flags;
    if (!fault.empty())
        fail(Fault::guard, fault, out);
    fail(Fault::rules, std::string("no policy with an allocation covers it any more") + kKept, out);
    hold(facts_, before, nullptr, by_last_rules(account), out);
    return out;
}

std::optional<AccountDecision> AccountEvaluator::by_last_rules(const std::string& account) const {
    return last_ == nullptr ? std::nullopt : last_->evaluate(account);
}

void AccountEvaluator::fill(const Subject& subject, const Periods& periods,
                            const AccountFacts& known, AccountDecision& out) const {
    const Policy& first = subject.first();
    const AccountMemory& before = known.memory();
    const auto missing = span_notes(out.span);

    const Measurement measured = measure(set_, subject, periods, known);
    fail(Fault::settings, measured.fault, out);
    out.figures = measured.figures.figures;
    out.notes = measured.figures.notes;
    if (!out.figures.empty())
        out.notes.insert(out.notes.end(), missing.begin(), missing.end());
    if (!measured.metric)
        return;
    out.deciding = measured.metric->deciding;
    out.percent = measured.metric->percent();
    out.metric_used = measured.metric->used;
    out.metric_effective = measured.metric->effective;
    if (!out.error.empty())
        return;

    const bool late = facts_.usage_age > 0;
    const bool vanished = std::any_of(out.figures.begin(), out.figures.end(),
                                      [](const auto& figure) { return figure.vanished > 0; });
    const bool stale = late || vanished || !missing.empty() || !facts_.clock.trusted();
    PreviousState previous;
    previous.stale = stale;
    previous.now = facts_.now;
    if (before.period == periods.current.label) {
        previous.flags = before.flags;
        previous.steps = before.steps;
        previous.stands = before.stands;
        previous.raised = known.complete() && is_raised(before, measured.figures);
    }
    ThresholdResult result = check_all(deciding(subject, out.mode), *measured.metric, previous);
    add_forecasts(*measured.metric, measured.figures.figures, periods.current,
                  weekly_usage(facts_, subject.account), facts_.now, result.thresholds);
    for (const Policy* policy : deciding(subject, out.mode))
        if (policy->notify_rate && !out.jump)
            out.jump = rate_jump(*policy->notify_rate, *measured.metric, measured.figures.figures,
                                 weekly_usage(facts_, subject.account), zone_, facts_.now);
    out.by_usage = {result.flags, result.qos, usage_end(out, first)};
    // Days are counted within a period.
    if (result.pauses_at && !(out.period.end && *result.pauses_at >= *out.period.end)) {
        out.by_usage.pauses_at = result.pauses_at;
        out.by_usage.paused_qos = result.paused_qos;
    }
    out.overrides = known.overrides;
    out.notify_reached = result.notify_reached;
    out.block_creation = result.block_creation;
    if (result.kept && (late || !stale))
        out.notes.push_back(kept_note(facts_, zone_, result));

    out.memory = remember(facts_, subject, whole_of(periods), known, measured.figures, result);
    out.thresholds = std::move(result.thresholds);
    for (auto& threshold : out.thresholds)
        if (threshold.reached)
            threshold.since = instant(out.memory.reached.at(reached_key(threshold)));
    out.grant_changed = before.period != out.memory.period || before.bases != out.memory.bases ||
                        before.grants != out.memory.grants;

    const Policy& decides = *deciding(subject, out.mode).front();
    settle_own(decides, facts_.now, out);
    if (!facts_.clock.trusted())
        lift_nothing(before, decides, out);
}

} // namespace sluice::policy
