// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/message_templates.hpp"

#include "common/base/printable.hpp"
#include "common/format/cause.hpp"
#include "common/format/numbers.hpp"

#include <algorithm>
#include <utility>

namespace sluice::format {

using model::AccountDecision;

namespace {

constexpr std::size_t kReasonBytes = 100;

// "hours" for the default unit_factor of 60 TRES-minutes.
std::string unit_name(Decimal factor) {
    const std::pair<int, const char*> known[] = {{60, "hours"}, {1, "minutes"}, {1440, "days"}};
    for (const auto& [minutes, name] : known)
        if (factor == Decimal::whole(minutes))
            return name;
    return "x " + factor.text() + " minutes";
}

// The texts of the placeholders.
class Values {
public:
    Values(const Zone& zone, const AccountDecision& source, const std::string& account)
        : zone_(zone), source_(source), account_(account), figure_(deciding_figure(source)) {}

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
            return standing_text(source_);
        if (name == "qos")
            return source_.enforced_qos.empty() ? "-" : source_.enforced_qos;
        return why(name);
    }

private:
    std::string why(std::string_view name) const {
        if (name == "cause")
            return cause_text(zone_, source_, account_);
        if (name == "reason") {
            const std::string text = overridden(source_) ? reason_text(*source_.in_force) : "";
            return text.empty() ? "-" : text.substr(2);
        }
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

    std::string number(std::string_view name) const {
        if (figure_ == nullptr) { // a weighted sum has no unit of its own: percent instead
            if (name == "used")
                return share_text(source_.percent);
            if (name == "granted" && !source_.figures.empty())
                return "100 %";
            return name == "component" ? source_.deciding : "-";
        }
        const auto& component = figure_->component;
        if (name == "used")
            return units_text(figure_->used(), component);
        if (name == "granted")
            return units_text(figure_->effective, component);
        if (name == "left")
            return units_text(std::max<Amount>(0, figure_->effective - figure_->used()), component);
        if (name == "component")
            return component.name;
        return name == "tres" ? component.tres : unit_name(component.unit_factor); // else "unit"
    }

    const Zone& zone_;
    const AccountDecision& source_;
    const std::string& account_;
    const model::Figure* figure_;
};

} // namespace

std::string shortened(std::string text, std::size_t most) {
    if (text.size() <= most)
        return text;
    std::size_t end = most - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    return text.substr(0, end) + "...";
}

std::string one_line(std::string_view text) {
    return shortened(printable(text), kReasonBytes);
}

const model::Figure* deciding_figure(const AccountDecision& decision) {
    for (const auto& figure : decision.figures)
        if (figure.component.name == decision.deciding)
            return &figure;
    return decision.figures.size() == 1 ? &decision.figures.front() : nullptr;
}

std::string placeholder_text(std::string_view name, const Zone& zone, const std::string& cluster,
                             const AccountDecision& source, const std::string& account) {
    return printable(Values(zone, source, account).of(name, cluster));
}

} // namespace sluice::format
