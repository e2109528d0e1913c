// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/message_templates.hpp"

#include "common/base/printable.hpp"
#include "common/policy/format.hpp"
#include "common/policy/refusal.hpp"

#include <algorithm>

namespace sluice::policy {

using model::AccountDecision;

namespace {

// "hours" for the default unit_factor of 60 TRES-minutes.
std::string unit_name(Decimal factor) {
    if (factor == Decimal::whole(60))
        return "hours";
    if (factor == Decimal::whole(1))
        return "minutes";
    if (factor == Decimal::whole(1440))
        return "days";
    return "x " + factor.text() + " minutes";
}

// What the placeholders stand for. `source` is the account whose standing it is.
class Values {
public:
    Values(const Zone& zone, const AccountDecision& source, const std::string& account)
        : zone_(zone), source_(source), account_(account), figure_(judged_figure(source)) {}

    std::string of(std::string_view name, const std::string& cluster) const {
        if (name == "account")
            return account_;
        if (name == "source")
            return source_.account;
        if (name == "cluster")
            return cluster;
        if (name == "policy")
            return source_.policies.empty() ? "-" : source_.policies.front();
        if (name == "contact")
            return source_.contact.empty() ? "-" : one_line(source_.contact);
        if (name == "standing")
            return std::string(model::name(model::standing(source_.enforced)));
        if (name == "qos")
            return source_.enforced_qos.empty() ? "-" : source_.enforced_qos;
        return why(name);
    }

private:
    std::string why(std::string_view name) const {
        const bool staff = overridden(source_);
        if (name == "cause") {
            if (staff && source_.in_force->foreign)
                return "a flag in " + one_line(source_.in_force->by);
            if (staff)
                return "staff until " + moment_text(zone_, source_.in_force->until);
            return account_ == source_.account ? "its own usage"
                                               : "the usage of account " + source_.account;
        }
        if (name == "reason")
            return staff && !source_.in_force->reason.empty() ? one_line(source_.in_force->reason)
                                                              : "-";
        if (name == "until")
            return source_.until ? moment_text(zone_, *source_.until) : "further notice";
        if (name == "period")
            return source_.period.label.empty() ? "-" : source_.period.label;
        if (name == "next_reset")
            return source_.period.end ? moment_text(zone_, *source_.period.end) : "never";
        if (name == "percent")
            return share_text(source_.percent);
        if (name == "grace")
            return source_.grace_limit.text() + " %";
        return number(name);
    }

    // A weighted sum has no unit of its own: it is told in percent.
    std::string number(std::string_view name) const {
        const bool sum = figure_ == nullptr && !source_.figures.empty();
        if (name == "used")
            return figure_ != nullptr ? units_text(figure_->used(), figure_->component)
                                      : share_text(source_.percent);
        if (name == "granted")
            return figure_ != nullptr ? units_text(figure_->effective, figure_->component)
                   : sum              ? "100 %"
                                      : "-";
        if (name == "left")
            return figure_ != nullptr
                       ? units_text(std::max<Amount>(0, figure_->effective - figure_->used()),
                                    figure_->component)
                       : "-";
        if (name == "component")
            return figure_ != nullptr ? figure_->component.name : source_.judged;
        if (name == "tres")
            return figure_ != nullptr ? figure_->component.tres : "-";
        return figure_ != nullptr ? unit_name(figure_->component.unit_factor) : "-"; // unit
    }

    const Zone& zone_;
    const AccountDecision& source_;
    const std::string& account_;
    const model::Figure* figure_;
};

std::vector<FillPiece> pieces(const std::string& own, const std::string& general) {
    auto out = fill_pieces(own.empty() ? general : own);
    return out ? std::move(*out) : std::vector<FillPiece>{};
}

} // namespace

std::string placeholder_text(std::string_view name, const Zone& zone, const std::string& cluster,
                             const AccountDecision& account) {
    return printable(Values(zone, account, account.account).of(name, cluster));
}

Wording::Wording(const model::PolicySet& set, const Zone& zone, std::string cluster)
    : zone_(zone), cluster_(std::move(cluster)) {
    for (const auto& policy : set.policies)
        by_policy_.emplace(policy.name, Patterns{pieces(policy.texts.refusal, set.texts.refusal),
                                                 pieces(policy.texts.warning, set.texts.warning)});
}

const Wording::Pattern* Wording::pattern(const AccountDecision& decision,
                                         Pattern Patterns::*which) const {
    for (const auto& name : decision.policies) {
        const auto found = by_policy_.find(name);
        if (found != by_policy_.end() && !(found->second.*which).empty())
            return &(found->second.*which);
    }
    return nullptr;
}

std::string Wording::filled(const Pattern& pattern, const AccountDecision& source,
                            const std::string& account) const {
    const Values values(zone_, source, account);
    std::string text;
    for (const auto& piece : pattern)
        text += piece.placeholder ? printable(values.of(piece.text, cluster_))
                                  : std::string(piece.text);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    return shortened(std::move(text), model::kTextMost);
}

UserText Wording::refusal(const AccountDecision& decision, const std::string& account,
                          const AccountDecision* cause) const {
    const AccountDecision& source = cause != nullptr ? *cause : decision;
    if (const auto* own = pattern(source, &Patterns::refusal))
        return {filled(*own, source, account), ""};
    return policy::refusal(zone_, decision, account, cause);
}

UserText Wording::warning(const AccountDecision& decision, const std::string& account) const {
    if (const auto* own = pattern(decision, &Patterns::warning))
        return {filled(*own, decision, account), ""};
    return policy::warning(zone_, decision, account);
}

} // namespace sluice::policy
