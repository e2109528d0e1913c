// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/cause.hpp"

#include "common/base/printable.hpp"
#include "common/format/message_templates.hpp"
#include "common/format/numbers.hpp"

#include <algorithm>

namespace sluice::format {

using model::AccountDecision;

namespace {

// "1231 of 1200 node_hours used in 2026-Q4"
std::string spent(const AccountDecision& decision) {
    const std::string when = decision.period.end ? " in " + printable(decision.period.label) : "";
    if (const auto* figure = deciding_figure(decision))
        return units_text(figure->used(), figure->component) + " of " +
               units_text(figure->effective, figure->component) + " " +
               printable(figure->component.name) + " used" + when;
    return share_text(decision.percent) + " of the weighted allocation used" + when;
}

// The next period begins with nothing, too: its start changes nothing for the user.
bool nothing_follows(const AccountDecision& decision) {
    const auto empty = [](const model::Figure& figure) { return figure.allocation == 0; };
    const auto& figures = decision.figures;
    const auto* figure = deciding_figure(decision);
    const auto& usage = decision.by_usage;
    return ((usage.flags.paused || usage.pauses_at) && !usage.until) ||
           (figure != nullptr && empty(*figure)) ||
           (!figures.empty() && std::all_of(figures.begin(), figures.end(), empty));
}

} // namespace

bool overridden(const AccountDecision& decision) {
    return decision.cause.kind == model::CauseKind::override_ && decision.in_force.has_value();
}

std::string usage_text(const AccountDecision& decision) {
    const std::string grace = "grace to " + decision.grace_limit.text() + " %";
    return spent(decision) + (decision.percent
                                  ? " (" + share_text(decision.percent) + ", " + grace + ")"
                                  : " (no allocation)");
}

std::string grace_days_text(const Zone& zone, const AccountDecision& decision) {
    const auto& stands = decision.memory.stands;
    const auto full = stands.find("full");
    const auto due = decision.by_usage.pauses_at;
    const bool by_limit =
        std::any_of(decision.thresholds.begin(), decision.thresholds.end(),
                    [](const model::Threshold& one) { return one.name == "pause" && one.reached; });
    if (full == stands.end() || overridden(decision) || by_limit)
        return "";
    if (due && !decision.own.paused)
        return (decision.mode == model::Mode::enforce ? "New jobs are refused from "
                                                      : "New jobs would be refused from ") +
               moment_text(zone, *due) + " on, unless usage falls below 100 % before.";
    const bool by_days = decision.own.paused && (due || stands.contains("grace_days"));
    return by_days
               ? "Usage was at 100 % or above from " + moment_text(zone, instant(full->second)) +
                     " on, so that the grace in days is over."
               : "";
}

std::string next_start(const Zone& zone, const AccountDecision& decision) {
    if (decision.held())
        return "";
    if (!decision.period.end)
        return "This is a one-time allocation and does not renew.";
    if (nothing_follows(decision))
        return "";
    return "Next period starts " + moment_text(zone, *decision.period.end) + ".";
}

std::string entry_text(const Zone& zone, const model::Override& entry) {
    if (entry.foreign)
        return "a flag in " + one_line(entry.by);
    return (entry.by.empty() ? "staff" : "staff (" + one_line(entry.by) + ")") + " until " +
           moment_text(zone, entry.until);
}

std::string reason_text(const model::Override& entry) {
    return entry.show_reason && !entry.reason.empty() ? ": " + one_line(entry.reason) : "";
}

std::string cause_text(const Zone& zone, const AccountDecision& source,
                       const std::string& account) {
    const bool own = account == source.account;
    if (overridden(source))
        return entry_text(zone, *source.in_force) +
               (own ? "" : " (account " + printable(source.account) + ")");
    if (own)
        return source.kept ? "its last evaluation" : "its own usage";
    return (source.kept ? "the last evaluation of account " : "the usage of account ") +
           printable(source.account);
}

std::string cause_line(const Zone& zone, const AccountDecision& source,
                       const AccountDecision& account) {
    if (account.cause.kind == model::CauseKind::foreign)
        return "its QOS was set outside Sluice";
    if (account.cause.kind == model::CauseKind::ancestor && source.account == account.account)
        return "account " + printable(account.cause.account) + " above it";
    if (overridden(source))
        return cause_text(zone, source, account.account) + reason_text(*source.in_force);
    if (standing_word(account) == "normal" && would_be(account).empty())
        return "";
    return cause_text(zone, source, account.account) +
           (source.figures.empty() || source.kept ? "" : ": " + usage_text(source));
}

} // namespace sluice::format
