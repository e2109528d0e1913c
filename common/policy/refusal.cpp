// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/refusal.hpp"

#include "common/base/printable.hpp"
#include "common/policy/format.hpp"

namespace sluice::policy {

using model::AccountDecision;
using model::CauseKind;

namespace {

constexpr std::size_t kReasonBytes = 100;

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

const model::Figure* judged_figure(const AccountDecision& decision) {
    for (const auto& figure : decision.figures)
        if (figure.component.name == decision.judged)
            return &figure;
    return decision.figures.size() == 1 ? &decision.figures.front() : nullptr;
}

bool overridden(const AccountDecision& decision) {
    return decision.cause.kind == CauseKind::override_ && decision.in_force.has_value();
}

namespace {

// "1231 of 1200 node_hours used in 2026-Q4"
std::string spent(const AccountDecision& decision) {
    const std::string when = decision.period.end ? " in " + printable(decision.period.label) : "";
    if (const auto* figure = judged_figure(decision))
        return units_text(figure->used(), figure->component) + " of " +
               units_text(figure->effective, figure->component) + " " +
               printable(figure->component.name) + " used" + when;
    return share_text(decision.percent) + " of the weighted allocation used" + when;
}

std::string in_brackets(const AccountDecision& decision) {
    const std::string grace = "grace to " + decision.grace_limit.text() + " %";
    return decision.percent ? " (" + share_text(decision.percent) + ", " + grace + ")"
                            : " (no allocation)";
}

std::string next_start(const Zone& zone, const AccountDecision& decision) {
    if (!decision.period.end)
        return "\nThis is a one-time allocation and does not renew.";
    return "\nNext period starts " + moment_text(zone, *decision.period.end) + ".";
}

UserText with_contact(std::string text, const AccountDecision& decision) {
    if (decision.contact.empty())
        return {shortened(std::move(text), model::kTextMost), ""};
    constexpr std::size_t kAround = std::string_view("\nAsk .").size();
    const std::string contact = one_line(decision.contact);
    return {shortened(std::move(text), model::kTextMost - kAround - contact.size()), contact};
}

std::string by_staff(const Zone& zone, const model::Override& entry) {
    std::string text = entry.foreign ? " in " + one_line(entry.by)
                                     : " by staff until " + moment_text(zone, entry.until);
    if (!entry.reason.empty())
        text += ": " + one_line(entry.reason);
    return text + ".";
}

} // namespace

UserText refusal(const Zone& zone, const AccountDecision& decision, const std::string& account,
                 const AccountDecision* cause) {
    const AccountDecision& source = cause != nullptr ? *cause : decision;
    std::string text = "account " + printable(account) + " is paused";
    if (account != source.account)
        text += " with account " + printable(source.account);
    if (overridden(source))
        text += by_staff(zone, *source.in_force);
    else if (!source.error.empty() || source.figures.empty())
        text += " since the last evaluation." + next_start(zone, source);
    else
        text += ": " + spent(source) + in_brackets(source) + "." + next_start(zone, source);
    return with_contact(std::move(text), source);
}

UserText warning(const Zone& zone, const AccountDecision& decision, const std::string& account) {
    std::string text = "account " + printable(account);
    if (account != decision.account)
        text += " (under " + printable(decision.account) + ")";
    const bool slow = standing(decision.enforced) == model::Standing::downscaled;
    if (slow && overridden(decision))
        text += " is slowed down" + by_staff(zone, *decision.in_force);
    else if (!decision.figures.empty())
        text += ": " + spent(decision) + in_brackets(decision) + ".";
    if (slow)
        text += "\nJobs run with QOS " + printable(decision.enforced_qos) + ".";
    text += next_start(zone, decision);
    return with_contact(std::move(text), decision);
}

} // namespace sluice::policy
