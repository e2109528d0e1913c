// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur makes of hours of a component int(int(hours * 60) * (1 + grace_ratio)) minutes, in binary
// floating point, so that the last minute may be missing. `hours` are what is granted and what was
// carried over.
#include "waldur/sync/granted.hpp"

#include "common/base/amount.hpp"
#include "waldur/sync/event.hpp"

#include <algorithm>

namespace sluice::app {
namespace {

constexpr Wide kScale = Decimal::kScale;
constexpr std::int64_t kSlack = 2; // minutes: cut twice, and once more by floating point

Error conflict(std::string what) {
    return {Errc::conflict, std::move(what)};
}

Wide with_grace(Wide minutes, Decimal grace) {
    return minutes * (kScale + grace.scaled()) / kScale;
}

// The least number of minutes that becomes `figure`.
Wide without_grace(std::int64_t figure, Decimal grace) {
    const Wide parts = kScale + grace.scaled();
    return (figure * kScale + parts - 1) / parts;
}

bool are_close(Wide a, Wide b) {
    return std::max(a, b) - std::min(a, b) <= kSlack;
}

// nullopt: all is well. What the figures rest on must be what was pulled.
std::optional<Error> foundation(const PortalEvent& event, const ports::PortalView& view) {
    const auto& policy = view.policy;
    if (!policy || (!event.policy.empty() && event.policy != policy->uuid))
        return conflict("its policy is not known yet");
    if (event.limit_type != policy->limit_type)
        return conflict("limit_type is " + event.limit_type + " there, " + policy->limit_type +
                        " in the policy");
    if (!policy->grace_ratio || policy->grace_ratio->is_negative() ||
        *policy->grace_ratio > Decimal::whole(10))
        return conflict("the policy's grace_ratio is not known");
    if (event.threshold > 0 && event.grace_limit > 0 &&
        !are_close(with_grace(event.threshold, *policy->grace_ratio), event.grace_limit))
        return conflict("grace_ratio is not " + policy->grace_ratio->text() + " there");
    if (event.carried == PortalEvent::Carried::unsaid && policy->carryover.value_or(true))
        return conflict("it does not say what was carried over");
    return std::nullopt;
}

Result<Decimal> granted(const PortalEvent& event, const std::string& name, std::int64_t figure,
                        Decimal grace) {
    const Wide minutes = without_grace(figure, grace);
    if (event.carried == PortalEvent::Carried::something) {
        const auto base = event.granted.find(name);
        if (base == event.granted.end() || base->second.is_zero())
            return conflict("it does not say what is granted of " + name);
        if (Wide{base->second.scaled()} * 60 / kScale > minutes + kSlack)
            return conflict("less of " + name + " than is granted");
        return base->second;
    }
    return Decimal::raw(static_cast<std::int64_t>(divide_half_up(minutes * kScale, 60)));
}

// Minutes are all that a figure tells: a third of an hour has no end.
bool leads_to_same(Decimal known, Decimal found) {
    return known == found ||
           Wide{known.scaled()} * 60 / kScale == divide_half_up(Wide{found.scaled()} * 60, kScale);
}

bool is_limited(const ports::PortalView& view, const std::string& name) {
    return std::any_of(view.components.begin(), view.components.end(), [&](const auto& component) {
        return component.type == name && component.billing_type == "limit";
    });
}

} // namespace

Result<Limits> granted_by(const PortalEvent& event, const ports::PortalView& view,
                          const ports::PortalResource& resource) {
    if (auto fault = foundation(event, view))
        return std::move(*fault);
    Limits limits;
    for (const auto& [name, figure] : event.limits) {
        if (name == kBilling)
            continue;
        if (!is_limited(view, name))
            return conflict(name + " is no limited component of the offering");
        auto units = granted(event, name, figure, *view.policy->grace_ratio);
        if (!units)
            return std::move(units).error();
        const auto known = resource.limits.find(name);
        const bool same = known != resource.limits.end() && leads_to_same(known->second, *units);
        limits.emplace(name, same ? known->second : *units);
    }
    if (limits.empty())
        return conflict("it has no limits");
    return limits;
}

} // namespace sluice::app
