// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/figures.hpp"

#include "common/policy/evaluate/carryover.hpp"
#include "common/policy/evaluate/exact.hpp"
#include "common/policy/evaluate/life.hpp"
#include "common/policy/evaluate/metric.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace sluice::policy {

using model::Component;
using model::Figure;

namespace {

Error too_large(const Component& component, const char* what) {
    return {Errc::overflow, std::string(what) + " of " + component.name + " does not fit"};
}

// A sum that remembers whether it ever left the range.
class Sum {
public:
    Sum& plus(Wide value) {
        const auto next = add(total_, value);
        fits_ = fits_ && next;
        total_ = next.value_or(0);
        return *this;
    }
    std::optional<Amount> amount() const { return fits_ ? narrow(total_) : std::nullopt; }

private:
    Wide total_ = 0;
    bool fits_ = true;
};

std::optional<Amount> sum_of(const std::vector<const model::Adjustment*>& entries,
                             const Component& component) {
    Sum sum;
    for (const auto* entry : entries) {
        const auto units = entry->units.find(component.name);
        if (units == entry->units.end())
            continue;
        const auto amount = to_amount(units->second, component);
        if (!amount)
            return std::nullopt;
        sum.plus(*amount);
    }
    return sum.amount();
}

// Smaller corrections are nothing: slurmctld may have lost a job, whose end was an estimate.
Amount least_fall(Amount allocation) {
    return std::max<Amount>(allocation / 100, 3600);
}

// What is missing of the highest usage; 0: nothing.
Amount fallen(Amount highest, Amount now, Amount allocation) {
    const Wide lost = Wide{highest} - now;
    return lost > least_fall(allocation) ? narrow(lost).value_or(0) : 0;
}

void raise(Amount used, Amount allocation, const std::string& component,
           std::map<std::string, Amount>& highest) {
    const auto [at, fresh] = highest.try_emplace(component, used);
    if (!fresh && Wide{used} - at->second > least_fall(allocation))
        at->second = used;
}

// nullopt: does not fit.
std::optional<Past> past(const Periods& periods, const AccountFacts& facts,
                         const Component& component, Figures& out) {
    Past past;
    Sum used, ended;
    for (const ClusterPart& part : facts.parts) {
        // An account that is new on this cluster may have had an allocation on another one.
        if (!past.had_allocation && part.memory != nullptr)
            past = past_of(*part.memory, periods.current, periods.before, component.name);
        if (part.usage_before == nullptr)
            continue;
        const auto usage = usage_of(*part.usage_before, component.tres);
        used.plus(usage.total());
        ended.plus(usage.ended());
    }
    const auto sum = used.amount();
    const auto done = ended.amount();
    const auto moved = sum_of(facts.moved_before, component);
    if (!sum || !done || !moved)
        return std::nullopt;
    past.given = std::min<Amount>(0, *moved);
    past.used = *sum;
    past.vanished = fallen(past.highest, *done, past.base);
    if (!narrow(Wide{past.used} + past.vanished))
        past.vanished = 0;
    past.used += past.vanished;
    if (past.had_allocation && facts.here().usage_before != nullptr)
        out.ended_before[component.name] = *done + past.vanished;
    if (past.period)
        out.period_before = past.period->label;
    return past;
}

// False: does not fit.
bool add_usage(const AccountFacts& facts, Figure& figure) {
    constexpr Amount model::UsageSplit::*kParts[] = {
        &model::UsageSplit::settled, &model::UsageSplit::finished, &model::UsageSplit::running,
        &model::UsageSplit::factor,  &model::UsageSplit::idle,     &model::UsageSplit::open,
        &model::UsageSplit::beyond};
    std::array<Sum, std::size(kParts)> sums;
    Sum all;
    for (const ClusterPart& part : facts.parts) {
        if (part.usage == nullptr)
            continue;
        const auto usage = usage_of(*part.usage, figure.component.tres);
        for (std::size_t i = 0; i < sums.size(); ++i)
            sums[i].plus(usage.*kParts[i]);
        all.plus(usage.settled).plus(usage.finished).plus(usage.running);
        all.plus(usage.factor).plus(usage.idle);
        if (facts.parts.size() > 1)
            figure.by_cluster.emplace(part.cluster, usage);
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const auto amount = sums[i].amount();
        if (!amount)
            return false;
        figure.usage.*kParts[i] = *amount;
    }
    return all.amount().has_value();
}

// Fills in what does not depend on the past.
Result<Figure> base_figure(const AccountFacts& facts, const Component& component, Decimal units) {
    Figure figure;
    figure.component = component;
    const auto base = to_amount(units, component);
    if (!base)
        return too_large(component, "the allocation");
    if (*base < 0)
        return Error{Errc::malformed, "the allocation of " + component.name + " is negative"};
    figure.allocation = *base;
    const auto adjustments = sum_of(facts.adjustments, component);
    if (!adjustments)
        return too_large(component, "the sum of adjustments");
    figure.adjustments = *adjustments;
    if (!add_usage(facts, figure))
        return too_large(component, "the usage");
    return figure;
}

// What an account with a life is granted in the periods before, now and next.
struct Shares {
    Amount before = 0;
    Amount now = 0;
    Amount next = 0;
};

// nullopt: does not fit.
std::optional<Shares> shares_of(const Periods& periods, Amount whole) {
    Shares out{whole, whole, whole};
    if (periods.whole.label.empty())
        return out; // no life
    const auto share = [&](const auto& part, const auto& all, Amount& to) {
        const auto amount = periods.prorate ? prorated(whole, part, all) : whole;
        to = amount.value_or(0);
        return amount.has_value();
    };
    if (!periods.next)
        out.next = 0;
    const bool fits =
        share(periods.current, periods.whole, out.now) &&
        (!periods.before || share(*periods.before, *periods.whole_before, out.before)) &&
        (!periods.next || share(*periods.next, *periods.whole_next, out.next));
    return fits ? std::optional(out) : std::nullopt;
}

Result<Figure> figure_of(const model::Policy& policy, const Periods& periods,
                         const AccountFacts& facts, const Component& component, Decimal units,
                         Figures& out) {
    auto made = base_figure(facts, component, units);
    if (!made)
        return made;
    Figure& figure = *made;
    auto before = past(periods, facts, component, out);
    if (!before)
        return too_large(component, "the usage of the period before");
    const Amount whole = figure.allocation;
    const auto life = shares_of(periods, whole);
    if (!life)
        return too_large(component, "the share of the allocation");
    figure.allocation = life->now;
    if (life->before != life->now)
        before->granted = life->before;
    auto carry = carryover(policy.carryover, figure.allocation, *before);
    if (!carry)
        return too_large(component, "the carryover");
    const bool unknown =
        before->period && before->had_allocation && facts.here().usage_before == nullptr;
    if (carry->applied && unknown) {
        carry = model::CarryoverDerivation{};
        carry->reason = "previous_usage_unknown";
        out.notes.push_back("usage of " + before->period->label +
                            " is not known: no carryover of " + component.name);
    }
    figure.carryover = *carry;
    if (carry->applied || policy.borrow.factor.scaled() > 0)
        figure.vanished_before = before->vanished;
    // The first period of a life lends nothing to an earlier one, but may borrow.
    if (!before->period)
        before->period = periods.whole_before;
    const auto loan = borrow(policy.borrow, life->next, unknown ? Past{} : *before);
    if (!loan)
        return too_large(component, "the borrowed part");
    Sum sum;
    const auto grant = sum.plus(figure.allocation)
                           .plus(figure.carryover.carry)
                           .plus(figure.adjustments)
                           .plus(-Wide{loan->repaid})
                           .amount();
    figure.borrowed = loan->taken - loan->repaid;
    const auto effective = sum.plus(loan->taken).amount();
    if (!grant || !effective)
        return too_large(component, "the effective allocation");
    figure.effective = std::max<Amount>(0, *effective);
    out.grants[component.name] = *grant;
    if (facts.complete() && facts.memory().period == periods.current.label)
        keep_vanished(facts.memory(), figure);
    figure.percent = metric_of(figure).percent();
    return made;
}

} // namespace

void keep_vanished(const model::AccountMemory& memory, Figure& figure) {
    const auto before = memory.used.find(figure.component.name);
    if (before == memory.used.end())
        return;
    const Amount lost = fallen(before->second, figure.usage.ended(), figure.effective);
    if (!narrow(Wide{lost} + figure.used())) // the total must fit as well
        return;
    figure.vanished = lost;
    figure.usage.settled += figure.vanished;
}

void note_used(const Figure& figure, model::AccountMemory& memory) {
    raise(figure.usage.ended(), figure.effective, figure.component.name, memory.used);
}

// Records of its last jobs arrive after a period has ended.
void note_used_before(const Figures& figures, model::AccountMemory& memory) {
    const auto past = memory.past.find(figures.period_before);
    if (past == memory.past.end())
        return;
    for (const auto& [name, used] : figures.ended_before)
        raise(used, past->second.bases[name], name, past->second.used);
}

Result<Figures> figures(const model::PolicySet& set, const Subject& subject, const Periods& periods,
                        const AccountFacts& facts) {
    Figures out;
    for (const auto& component : set.components) {
        const auto granted = subject.allocation->find(component.name);
        if (granted == subject.allocation->end())
            continue;
        auto figure = figure_of(subject.first(), periods, facts, component, granted->second, out);
        if (!figure)
            return std::move(figure).error();
        out.figures.push_back(std::move(*figure));
    }
    if (out.figures.empty())
        return Error{Errc::malformed, "the allocation has no component that `components` defines"};
    return out;
}

} // namespace sluice::policy
