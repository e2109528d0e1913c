// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/figures.hpp"

#include "common/policy/carryover.hpp"
#include "common/policy/exact.hpp"
#include "common/policy/metric.hpp"

#include <algorithm>

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

std::optional<Amount> adjusted(const FiguresInput& in, const Component& component) {
    Sum sum;
    for (const auto* entry : in.adjustments) {
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

// An account that is new on this cluster may have been granted something on another one. nullopt:
// does not fit.
std::optional<Past> past(const FiguresInput& in, const Component& component) {
    Past past = past_of(*in.memory, *in.current, *in.before, component.name);
    Sum used;
    if (in.usage_before != nullptr)
        used.plus(usage_of(*in.usage_before, component.tres).total());
    for (const OtherPart& other : *in.others) {
        if (!past.had_allocation && other.memory != nullptr)
            past = past_of(*other.memory, *in.current, *in.before, component.name);
        if (other.usage_before != nullptr)
            used.plus(usage_of(*other.usage_before, component.tres).total());
    }
    const auto sum = used.amount();
    past.used = sum.value_or(0);
    return sum ? std::optional(past) : std::nullopt;
}

// False: does not fit.
bool add_usage(const FiguresInput& in, Figure& figure) {
    const std::string& tres = figure.component.tres;
    Sum settled, finished, running, all;
    const auto plus = [&](const std::string& cluster, const model::UsageSplit& usage) {
        settled.plus(usage.settled);
        finished.plus(usage.finished);
        running.plus(usage.running);
        all.plus(usage.settled).plus(usage.finished).plus(usage.running);
        if (!in.others->empty())
            figure.by_cluster.emplace(cluster, usage);
    };
    plus(*in.cluster, usage_of(*in.usage, tres));
    for (const OtherPart& other : *in.others)
        if (other.usage != nullptr)
            plus(other.cluster, usage_of(*other.usage, tres));
    if (!settled.amount() || !finished.amount() || !running.amount() || !all.amount())
        return false;
    figure.usage = {*settled.amount(), *finished.amount(), *running.amount()};
    return true;
}

std::optional<std::int64_t> own_percent(const Figure& figure) {
    return Metric{std::max<Amount>(0, figure.used()), figure.effective, "", 0, 1}.percent();
}

// Fills what does not depend on the past.
Result<Figure> base_figure(const FiguresInput& in, const Component& component, Decimal units) {
    Figure figure;
    figure.component = component;
    const auto base = to_amount(units, component);
    if (!base)
        return too_large(component, "the allocation");
    if (*base < 0)
        return Error{Errc::malformed, "the allocation of " + component.name + " is negative"};
    figure.allocation = *base;
    const auto adjustments = adjusted(in, component);
    if (!adjustments)
        return too_large(component, "the sum of adjustments");
    figure.adjustments = *adjustments;
    if (!add_usage(in, figure))
        return too_large(component, "the usage");
    return figure;
}

Result<Figure> figure_of(const FiguresInput& in, const Component& component, Decimal units,
                         Figures& out) {
    auto made = base_figure(in, component, units);
    if (!made)
        return made;
    Figure& figure = *made;
    const auto& policy = *in.subject->policies.front();
    const auto known = past(in, component);
    if (!known)
        return too_large(component, "the usage of the period before");
    const Past& before = *known;
    auto carry = carryover(policy.carryover, figure.allocation, before);
    if (!carry)
        return too_large(component, "the carryover");
    const bool unknown = before.period && before.had_allocation && in.usage_before == nullptr;
    if (carry->applied && unknown) {
        carry = model::CarryoverDerivation{};
        carry->reason = "previous_usage_unknown";
        out.notes.push_back("usage of " + before.period->label + " is not known: no carryover of " +
                            component.name);
    }
    figure.carryover = *carry;
    const auto loan = borrow(policy.borrow, figure.allocation, unknown ? Past{} : before);
    if (!loan)
        return too_large(component, "the borrowed part");
    const auto grant = Sum()
                           .plus(figure.allocation)
                           .plus(figure.carryover.carry)
                           .plus(figure.adjustments)
                           .plus(-Wide{loan->repaid})
                           .amount();
    figure.borrowed = loan->taken - loan->repaid;
    const auto effective = grant ? Sum().plus(*grant).plus(loan->taken).amount() : std::nullopt;
    if (!effective)
        return too_large(component, "the effective allocation");
    figure.effective = std::max<Amount>(0, *effective);
    out.grants[component.name] = *grant;
    figure.percent = own_percent(figure);
    return made;
}

} // namespace

Result<Figures> figures(const FiguresInput& in) {
    Figures out;
    for (const auto& component : in.set->components) {
        const auto granted = in.subject->allocation->find(component.name);
        if (granted == in.subject->allocation->end())
            continue;
        auto figure = figure_of(in, component, granted->second, out);
        if (!figure)
            return std::move(figure).error();
        out.figures.push_back(std::move(*figure));
    }
    if (out.figures.empty())
        return Error{Errc::malformed, "the allocation names no component that is defined"};
    return out;
}

} // namespace sluice::policy
