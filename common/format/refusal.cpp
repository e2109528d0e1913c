// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/refusal.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/format/cause.hpp"
#include "common/format/message_templates.hpp"

namespace sluice::format {

using model::AccountDecision;

namespace {

UserText with_contact(std::string text, const AccountDecision& decision) {
    if (decision.contact.empty())
        return {shortened(std::move(text), model::kMaxTextBytes), ""};
    constexpr std::size_t kAround = std::string_view(" Ask  for more.").size();
    const std::string contact = one_line(decision.contact);
    return {shortened(std::move(text), model::kMaxTextBytes - kAround - contact.size()), contact};
}

// " by staff (root) until 2026-12-05.", " in Waldur."
std::string by_entry(const Zone& zone, const model::Override& entry) {
    return (entry.foreign ? " in " + one_line(entry.by) : " by " + entry_text(zone, entry)) +
           reason_text(entry) + ".";
}

std::string next_line(const Zone& zone, const AccountDecision& decision) {
    const std::string days = grace_days_text(zone, decision);
    const std::string text = next_start(zone, decision);
    return (days.empty() ? "" : "\n" + days) + (text.empty() ? "" : "\n" + text);
}

// "account genomics is paused", "account genomics is paused with account bio"
std::string headline(const AccountDecision& source, const std::string& account,
                     std::string_view state) {
    std::string text = "account " + printable(account) + std::string(state);
    if (account != source.account)
        text += " with account " + printable(source.account);
    return text;
}

UserText default_refusal(const Zone& zone, const AccountDecision& source,
                         const std::string& account) {
    std::string text = headline(source, account, " is paused");
    if (overridden(source))
        text += by_entry(zone, *source.in_force);
    else if (source.kept && source.held())
        text += " since its last evaluation. Staff has to confirm a change of its allocation.";
    else if (source.kept || source.figures.empty())
        text += " since the last evaluation." + next_line(zone, source);
    else
        text += ": " + usage_text(source) + "." + next_line(zone, source);
    return with_contact(std::move(text), source);
}

// What the next thresholds bring, and about when: at most two sentences, each with a blank behind.
std::string follows(const Zone& zone, const AccountDecision& source) {
    constexpr int kMaxSentences = 2;
    std::string out;
    int count = 0;
    if (source.mode != model::Mode::enforce || overridden(source))
        return out;
    for (const auto& each : source.thresholds) {
        if (each.reached || each.name == "notify" || count++ == kMaxSentences)
            continue;
        const std::string what = each.name == "downscale" ? "are slower"
                                 : each.name == "pause"   ? "are refused"
                                                          : "run with QOS " + printable(each.name);
        out += "Jobs " + what + " from " + each.percent.text() + " % on";
        if (each.forecast.date)
            out += ", about " + date_text(zone.local(*each.forecast.date).date());
        out += ". ";
    }
    return out;
}

// The first line has the cause: usage, of the account or of one above it, or staff. The second one
// has what is so and what follows.
UserText default_warning(const Zone& zone, const AccountDecision& source,
                         const std::string& account, const std::string& qos) {
    const bool slow = !qos.empty();
    const bool own = account == source.account;
    std::string text =
        slow ? headline(source, account, " is slowed down") : headline(source, account, "");
    if (slow && overridden(source))
        text += by_entry(zone, *source.in_force);
    else if (!source.figures.empty())
        text += ": " + usage_text(source) + ".";
    else
        text += ".";
    std::string second;
    if (slow)
        second = "Jobs run with QOS " + printable(qos) + ". ";
    else if (own && overridden(source) && !source.in_force->foreign)
        second = "The account is kept open by " + entry_text(zone, *source.in_force) +
                 reason_text(*source.in_force) + ". ";
    second += follows(zone, source);
    if (const auto days = grace_days_text(zone, source);
        !days.empty() && source.mode == model::Mode::enforce)
        second += days + " ";
    if (!(slow && overridden(source)))
        second += next_start(zone, source);
    if (!second.empty())
        text.append("\n").append(trim(second));
    return with_contact(std::move(text), source);
}

std::vector<FillPiece> pieces(const std::string& own, const std::string& general) {
    auto out = fill_pieces(own.empty() ? general : own);
    return out ? std::move(*out) : std::vector<FillPiece>{};
}

} // namespace

SubmitTexts::SubmitTexts(const model::PolicySet& set, const Zone& zone, std::string cluster)
    : zone_(zone), cluster_(std::move(cluster)) {
    for (const auto& policy : set.policies)
        by_policy_.emplace(policy.name, Templates{pieces(policy.texts.refusal, set.texts.refusal),
                                                  pieces(policy.texts.warning, set.texts.warning)});
}

std::optional<UserText> SubmitTexts::own(Template Templates::*which, const AccountDecision& source,
                                         const std::string& account) const {
    for (const auto& name : source.policies) {
        const auto found = by_policy_.find(name);
        if (found == by_policy_.end() || (found->second.*which).empty())
            continue;
        std::string text;
        for (const auto& piece : found->second.*which)
            text += piece.placeholder
                        ? placeholder_text(piece.text, zone_, cluster_, source, account)
                        : std::string(piece.text);
        while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
            text.pop_back();
        return UserText{shortened(std::move(text), model::kMaxTextBytes), ""};
    }
    return std::nullopt;
}

UserText SubmitTexts::refusal(const AccountDecision& source, const std::string& account) const {
    const auto text = own(&Templates::refusal, source, account);
    return text ? *text : default_refusal(zone_, source, account);
}

UserText SubmitTexts::warning(const AccountDecision& source, const std::string& account,
                              const std::string& qos) const {
    const auto text = own(&Templates::warning, source, account);
    return text ? *text : default_warning(zone_, source, account, qos);
}

} // namespace sluice::format
