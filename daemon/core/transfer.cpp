// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/transfer.hpp"

#include "common/base/text.hpp"
#include "common/format/numbers.hpp"
#include "common/policy/evaluate/exact.hpp"
#include "daemon/core/report_filter.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace sluice::core {
namespace {

using model::AccountDecision;
using model::Figure;
using Parents = std::map<std::string, std::string>;

// Accounts above it, nearest first. A loop in the tree ends it.
std::vector<std::string> above(const Parents& parents, const std::string& account) {
    std::vector<std::string> out;
    auto next = parents.find(account);
    while (next != parents.end() && !next->second.empty() && out.size() < parents.size()) {
        out.push_back(next->second);
        next = parents.find(next->second);
    }
    return out;
}

bool has(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Said before anything of the account is, so that its name tells nothing.
Result<void> check_coordinated(const ports::NewTransfer& wanted, const Parents& parents) {
    for (const auto& account : {wanted.from, wanted.to}) {
        const auto over = above(parents, account);
        if (std::none_of(over.begin(), over.end(),
                         [&](const auto& one) { return has(*wanted.coordinated, one); }))
            return Error{Errc::refused, "account " + account +
                                            " is not below an account that you coordinate; ask "
                                            "staff for the transfer"};
    }
    return {};
}

Result<void> check_policies(const AccountDecision& account, const model::PolicySet& set) {
    const auto allows = [&](const std::string& name) {
        return std::any_of(set.policies.begin(), set.policies.end(), [&](const auto& policy) {
            return policy.name == name && policy.coordinators == model::Coordinators::move;
        });
    };
    for (const auto& name : account.policies)
        if (!allows(name))
            return Error{Errc::refused, "policy " + name + " of account " + account.account +
                                            " does not let coordinators move allocation "
                                            "(coordinators: move); ask staff for the transfer"};
    if (account.policies.empty())
        return Error{Errc::refused, "account " + account.account + " has no policy"};
    return {};
}

Result<const AccountDecision*> with_figures(const ports::CycleReport& report,
                                            const std::string& account) {
    const auto* found = report.decision.find(account);
    if (found == nullptr)
        return Error{Errc::not_found, unknown_account(account, report.decision)};
    if (!found->error.empty())
        return Error{Errc::conflict,
                     "account " + account + " could not be evaluated: " + found->error};
    if (found->kept || found->incomplete())
        return Error{Errc::conflict, "the usage of account " + account +
                                         " is not known completely; try again "
                                         "when sluice status reports no problem"};
    return found;
}

const Figure* figure_of(const AccountDecision& account, std::string_view component) {
    for (const auto& figure : account.figures)
        if (equals_ignoring_case(figure.component.name, component))
            return &figure;
    return nullptr;
}

Result<const Figure*> known_figure(const AccountDecision& account, const std::string& component) {
    if (const auto* figure = figure_of(account, component))
        return figure;
    std::vector<std::string> known;
    for (const auto& figure : account.figures)
        known.push_back(figure.component.name);
    return Error{Errc::malformed, "account " + account.account + " has no component " + component +
                                      "; components: " + join(known, ", ")};
}

std::string text(Amount amount, const Figure& figure) {
    return format::units_text(amount, figure.component) + " " + figure.component.name;
}

Decimal opposite(Decimal units) {
    return Decimal::raw(-units.scaled());
}

// The exact amount. Tiny units that a rounding would lose on one side only are no transfer.
Result<Amount> amount_of(const std::string& component, Decimal units, const Figure& figure) {
    if (units.scaled() <= 0)
        return Error{Errc::malformed,
                     component + " must be above 0; to move it back, name the accounts the other "
                                 "way round"};
    const auto amount = policy::to_amount(units, figure.component);
    const auto taken = policy::to_amount(opposite(units), figure.component);
    if (!amount || !taken)
        return Error{Errc::malformed, component + " is too large"};
    if (*amount == 0 || *taken != -*amount)
        return Error{Errc::malformed, component + ": give at least whole seconds of one TRES"};
    return *amount;
}

Result<void> check_kept(const AccountDecision& from, const Figure& figure, Amount taken) {
    if (Wide{figure.effective} - taken >= figure.used())
        return {};
    const Amount left = std::max<Amount>(0, figure.effective - figure.used());
    return Error{Errc::conflict,
                 "account " + from.account + " keeps at least what it has used: of " +
                     text(figure.effective, figure) + " it has used " +
                     format::units_text(figure.used(), figure.component) + ", so at most " +
                     format::units_text(left, figure.component) + " can move"};
}

// The effective allocation, also below 0.
Wide signed_effective(const Figure& figure) {
    return Wide{figure.allocation} + figure.carryover.carry + figure.adjustments + figure.borrowed;
}

// In the same period, so that the amounts compare.
Result<void> check_bounds(const AccountDecision& to, const Figure& figure, Amount given,
                          const ports::CycleReport& report) {
    for (const auto& name : above(report.parents, to.account)) {
        const auto* over = report.decision.find(name);
        if (over == nullptr || over->period.label != to.period.label)
            continue;
        if (!over->error.empty() || over->kept || over->incomplete())
            return Error{Errc::conflict, "the figures of account " + name +
                                             ", which bounds account " + to.account +
                                             ", are not known completely; try again when sluice "
                                             "status reports no problem"};
        const auto* bound = figure_of(*over, figure.component.name);
        if (bound != nullptr && Wide{figure.effective} + given > bound->effective)
            return Error{Errc::conflict,
                         "account " + to.account + " would have more than account " + name +
                             " above it, which has " + text(bound->effective, *bound)};
    }
    return {};
}

} // namespace

Result<std::vector<model::Adjustment>> transfer_entries(const ports::NewTransfer& wanted,
                                                        const ports::CycleReport& report,
                                                        const model::PolicySet& set) {
    if (wanted.coordinated)
        if (auto may = check_coordinated(wanted, report.parents); !may)
            return may.error();
    if (wanted.from == wanted.to)
        return Error{Errc::malformed, "both accounts are " + wanted.from + "; name two accounts"};
    const auto from = with_figures(report, wanted.from);
    if (!from)
        return from.error();
    const auto to = with_figures(report, wanted.to);
    if (!to)
        return to.error();
    if (wanted.coordinated)
        for (const auto* account : {*from, *to})
            if (auto may = check_policies(*account, set); !may)
                return may.error();
    if (has(above(report.parents, wanted.from), wanted.to) ||
        has(above(report.parents, wanted.to), wanted.from))
        return Error{Errc::conflict,
                     "one of the accounts " + wanted.from + " and " + wanted.to +
                         " is below the other, whose allocation includes it already; use sluice "
                         "adjust add for the lower one"};
    const auto& period = (*from)->period;
    if (period.label != (*to)->period.label || period.begin != (*to)->period.begin ||
        period.end != (*to)->period.end)
        return Error{Errc::conflict, "account " + wanted.from + " is in period " + period.label +
                                         ", account " + wanted.to + " in " + (*to)->period.label +
                                         "; allocation moves within one period only"};
    if (wanted.units.empty())
        return Error{Errc::malformed, "the units are missing; give COMPONENT=UNITS"};
    std::vector<model::Adjustment> out(2);
    out[0].account = wanted.from;
    out[1].account = wanted.to;
    out[0].period = out[1].period = period.label;
    for (const auto& [component, units] : wanted.units) {
        const auto giving = known_figure(**from, component);
        if (!giving)
            return giving.error();
        const auto taking = known_figure(**to, component);
        if (!taking)
            return taking.error();
        const auto amount = amount_of(component, units, **giving);
        if (!amount)
            return amount.error();
        if (auto kept = check_kept(**from, **giving, *amount); !kept)
            return kept.error();
        if (auto bound = check_bounds(**to, **taking, *amount, report); !bound)
            return bound.error();
        const std::string& name = (*giving)->component.name;
        if (!out[0].units.emplace(name, opposite(units)).second)
            return Error{Errc::malformed, component + " is given twice"};
        out[1].units.emplace(name, units);
    }
    return out;
}

Result<void> check_after_transfer(const ports::NewTransfer& wanted, const std::string& period,
                                  const ports::CycleReport& tried) {
    if (!tried.error.empty())
        return Error{Errc::unavailable, tried.error + "; nothing is entered: try again later"};
    if (tried.usage_age != 0)
        return Error{Errc::unavailable, "the usage is " + std::to_string(tried.usage_age) +
                                            " s old, because its source did not respond; nothing "
                                            "is entered: try again later"};
    if (!tried.decision.clock.trusted())
        return Error{Errc::unavailable, model::clock_text(tried.decision.clock) +
                                            "; nothing is entered: see sluice clock"};
    const auto from = with_figures(tried, wanted.from);
    if (!from)
        return from.error();
    const auto to = with_figures(tried, wanted.to);
    if (!to)
        return to.error();
    if ((*from)->period.label != period || (*to)->period.label != period)
        return Error{Errc::conflict, "period " + period +
                                         " has ended meanwhile; nothing is entered: try again for "
                                         "the new one"};
    for (const auto& [component, units] : wanted.units) {
        const auto* figure = figure_of(**from, component);
        const auto* taking = figure_of(**to, component);
        if (figure == nullptr || taking == nullptr)
            continue;
        if (signed_effective(*figure) < figure->used())
            return Error{Errc::conflict, "account " + wanted.from +
                                             " keeps at least what it has used, meanwhile " +
                                             text(figure->used(), *figure) + "; move less"};
        if (auto bound = check_bounds(**to, *taking, 0, tried); !bound)
            return bound;
    }
    if ((*from)->flags.paused && !(*from)->previous_flags.paused)
        return Error{Errc::conflict,
                     "account " + wanted.from + " would be paused after the transfer; move less"};
    return {};
}

} // namespace sluice::core
