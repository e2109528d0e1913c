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
    return (decision.by_usage.flags.paused && !decision.by_usage.until) ||
           (figure != nullptr && empty(*figure)) ||
           (!figures.empty() && std::all_of(figures.begin(), figures.end(), empty));
}

} // namespace

bool by_life(const AccountDecision& decision) {
    return decision.cause.kind == model::CauseKind::life && decision.life.has_value();
}

std::string life_text(const Zone& zone, const AccountDecision& decision) {
    if (!decision.life)
        return "";
    const bool before = decision.life->state == model::LifeState::before;
    const auto& at = before ? decision.life->from : decision.life->until;
    return (before ? "begins on " : "ended on ") + (at ? moment_text(zone, *at) : "-");
}

bool overridden(const AccountDecision& decision) {
    return decision.cause.kind == model::CauseKind::override_ && decision.in_force.has_value();
}

std::string usage_text(const AccountDecision& decision) {
    const std::string grace = "grace to " + decision.grace_limit.text() + " %";
    return spent(decision) + (decision.percent
                                  ? " (" + share_text(decision.percent) + ", " + grace + ")"
                                  : " (no allocation)");
}

std::string next_start(const Zone& zone, const AccountDecision& decision) {
    if (decision.held() || decision.closed())
        return "";
    if (decision.life && decision.life->until && decision.period.end == decision.life->until)
        return "The account ends on " + moment_text(zone, *decision.life->until) + ".";
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
    if (by_life(source)) {
        const bool before = source.life->state == model::LifeState::before;
        const auto& at = before ? source.life->from : source.life->until;
        return (own ? "its " : "the ") + std::string(before ? "begin" : "end") +
               (own ? "" : " of account " + printable(source.account)) + " on " +
               (at ? moment_text(zone, *at) : "-");
    }
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
           (source.figures.empty() || source.kept || by_life(source) ? ""
                                                                     : ": " + usage_text(source));
}

} // namespace sluice::format
