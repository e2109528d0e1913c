// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/notice.hpp"

#include "common/base/printable.hpp"
#include "common/base/text.hpp"
#include "common/format/cause.hpp"
#include "common/format/message_templates.hpp"
#include "common/format/numbers.hpp"

#include <algorithm>

namespace sluice::format {
namespace {

using model::AccountDecision;

constexpr std::string_view kSubject = "Account {account} on {cluster} {event}";
constexpr int kMaxAncestors = 100; // a loop in the tree ends there
// Bytes of patterns with their placeholders filled in: a mail takes as much.
constexpr std::size_t kMaxSubjectFilled = 900;
constexpr std::size_t kMaxTextFilled = 90'000;

// What happened to `account`. `source`: Decision::source(), or the account itself where usage
// warns.
struct Event {
    const Zone& zone;
    const std::string& cluster;
    const std::string& level;
    const AccountDecision& source;
    const AccountDecision& account;
    model::Holder holder = {};
};

std::string restored_text(const AccountDecision& account) {
    if (!account.flags.downscaled)
        return account.previous_flags.paused ? "is open again" : "is no longer slowed down";
    return "is no longer paused, but slowed down";
}

// Of the last day.
std::string jump_event(const AccountDecision& account) {
    return account.jump
               ? "used " + share_text(account.jump->percent) + " of its allocation in one day"
               : "spends much faster than before";
}

std::string_view end_text(model::LifeEnd then) {
    switch (then) {
    case model::LifeEnd::downscale:
        return "From then on its jobs are slower.";
    case model::LifeEnd::release:
        return "From then on Sluice leaves its jobs alone.";
    case model::LifeEnd::pause:
        break;
    }
    return "From then on new jobs are refused.";
}

// "is paused with account bio", "has used 83.02 % of its allocation"
std::string event_text(const Event& event) {
    if (event.level == "notify")
        return "has used " + share_text(event.source.percent) + " of its allocation";
    if (event.level == "rate")
        return jump_event(event.source);
    if (event.level == "restore")
        return restored_text(event.account);
    if (event.level == "ending")
        return "ends on " + moment_text(event.zone, *event.account.life->until);
    if (!event.account.notice_step.empty())
        return "is slowed down further";
    std::string text = event.level == "pause" ? "is paused" : "is slowed down";
    if (event.source.account != event.account.account)
        text += " with account " + printable(event.source.account);
    return text;
}

// The figures are those of the cause; an entry of staff has none.
std::string default_text(const Event& event) {
    const auto& source = event.source;
    const bool rate = event.level == "rate";
    const bool ending = event.level == "ending";
    const bool usage = rate || ending || event.level == "notify" || event.level == "restore";
    const bool staff = !rate && !ending && event.level != "notify" && overridden(source);
    std::string text = "Account " + printable(event.account.account) + " on cluster " +
                       printable(event.cluster) + " " + event_text(event) + ".\n\n";
    if (rate && source.jump)
        text += jump_text(event.zone, *source.jump) + "\n";
    if (!usage || staff)
        text += "Cause: " + cause_text(event.zone, source, event.account.account) +
                (staff ? reason_text(*source.in_force) : "") + "\n";
    if (ending)
        text += std::string(event.account.mode == model::Mode::enforce
                                ? end_text(event.account.life->then)
                                : "Its policy only observes: nothing is changed in Slurm then.") +
                "\n";
    if (!staff && !source.figures.empty() && !by_life(source))
        text += "Usage: " + usage_text(source) + "\n";
    if (rate)
        text +=
            "\nIf this is not expected, look at the jobs of that day: sacct -A " +
            printable(event.account.account) + " -X -S " +
            (source.jump
                 ? date_text(event.zone.local(source.jump->until - std::chrono::seconds{1}).date())
                 : std::string("now-1day")) +
            "\n";
    if (const auto days = grace_days_text(event.zone, source); !staff && !days.empty())
        text += days + "\n";
    if (event.level == "downscale" && !event.account.enforced_qos.empty())
        text += "\nJobs run with QOS " + printable(event.account.enforced_qos) + " from now on.\n";
    if (event.level == "pause")
        text += "\nNew jobs are refused until " +
                placeholder_text("until", event.zone, event.cluster, event.account,
                                 event.account.account) +
                ".\n";
    if (const auto next = next_start(event.zone, source); !staff && !ending && !next.empty())
        text += "\n" + next + "\n";
    if (!event.account.contact.empty())
        text += "\nQuestions: " + one_line(event.account.contact) + "\n";
    return text;
}

std::string placeholder(std::string_view name, const Event& event) {
    if (name == "event")
        return event_text(event);
    if (name == "organization" || name == "project") {
        const auto& text = name == "project" ? event.holder.project : event.holder.organization;
        return text.empty() ? "-" : one_line(text);
    }
    return placeholder_text(name, event.zone, event.cluster, event.source, event.account.account);
}

// common/settings has checked the patterns; a malformed one stands as written.
std::string filled(const std::string& pattern, const Event& event) {
    const auto pieces = fill_pieces(pattern);
    if (!pieces)
        return pattern;
    std::string out;
    for (const auto& piece : *pieces)
        out += piece.placeholder ? placeholder(piece.text, event) : std::string(piece.text);
    return out;
}

// Tells notices of one level apart: each notify level, each further step.
std::string detail_of(const Event& event) {
    if (event.level == "notify" && event.account.notice_at)
        return event.account.notice_at->text();
    if (event.level == "rate")
        return event.account.jump ? event.account.jump->week : "";
    if (event.level == "ending")
        return std::to_string(event.account.ends_within);
    return event.level == "downscale" ? event.account.notice_step : "";
}

model::Notice made(const model::NoticeRules& rules, const Event& event) {
    const std::string subject = rules.subject.empty() ? std::string(kSubject) : rules.subject;
    return {event.level,
            shortened(filled(subject, event), kMaxSubjectFilled),
            rules.text.empty() ? default_text(event)
                               : shortened(filled(rules.text, event), kMaxTextFilled),
            {},
            cause_text(event.zone, event.source, event.account.account),
            detail_of(event)};
}

// Nothing is done to the account by it: of an observed one, too.
bool only_tells(std::string_view level) {
    return level == "notify" || level == "rate" || level == "ending";
}

std::string level_of(const AccountDecision& account) {
    if (account.ends_within != 0)
        return "ending";
    const auto& taken = account.actions_taken;
    for (const char* level : {"pause", "downscale", "restore", "notify", "rate"})
        if ((account.mode == model::Mode::enforce || only_tells(level)) &&
            std::find(taken.begin(), taken.end(), level) != taken.end())
            return level;
    return "";
}

// Of the account, else of the nearest account above it; nullptr: none has one.
template <class Values>
const typename Values::mapped_type* nearest_of(const Values& values, const std::string& account,
                                               const std::map<std::string, std::string>& parents) {
    std::string at = account;
    for (int step = 0; step < kMaxAncestors && !at.empty(); ++step) {
        if (const auto found = values.find(at); found != values.end())
            return &found->second;
        const auto parent = parents.find(at);
        at = parent == parents.end() ? "" : parent->second;
    }
    return nullptr;
}

// Policies of the account; where its last rules hold it, those. External users are in `set` alone.
std::vector<model::Policy> policies_of(const model::PolicySet& set,
                                       const AccountDecision& account) {
    const bool last = account.by_last_rules();
    const auto& names = last ? account.memory.rules.policies : account.policies;
    std::vector<model::Policy> out;
    for (const auto& policy : (last ? *account.last_rules : set).policies)
        if (std::find(names.begin(), names.end(), policy.name) != names.end()) {
            out.push_back(policy);
            if (const auto* now = set.policy(policy.name))
                out.back().external_users = now->external_users;
        }
    return out;
}

} // namespace

std::vector<std::string> clusters_of(const std::string& cluster, const AccountDecision& account) {
    std::vector<std::string> names;
    for (const auto& part : account.span)
        names.push_back(part.cluster);
    return names.empty() ? std::vector{cluster} : names;
}

std::optional<std::vector<std::string>>
recipients_of(const model::PolicySet& set, const model::NoticeRules& rules,
              const AccountDecision& account, const std::map<std::string, std::string>& parents) {
    bool owners = false, external = false, to_people = account.mode == model::Mode::enforce;
    std::vector<std::string> recipients;
    for (const auto& policy : policies_of(set, account)) {
        owners = owners || policy.has(model::Action::notify_organization_owners);
        to_people = to_people || policy.notify_while_observing;
        if (policy.has(model::Action::notify_external_user)) {
            external = true;
            recipients.insert(recipients.end(), policy.external_users.begin(),
                              policy.external_users.end());
        }
    }
    if (!owners && !external)
        return std::nullopt;
    if (!to_people)
        return std::vector<std::string>{};
    if (owners)
        if (const auto* contacts = nearest_of(rules.contacts, account.account, parents))
            recipients.insert(recipients.end(), contacts->begin(), contacts->end());
    std::sort(recipients.begin(), recipients.end());
    recipients.erase(std::unique(recipients.begin(), recipients.end()), recipients.end());
    return recipients;
}

std::optional<model::Notice> notice(const model::PolicySet& set, const model::NoticeRules& rules,
                                    const Zone& zone, const model::Decision& decision,
                                    const AccountDecision& account,
                                    const std::map<std::string, std::string>& parents) {
    const auto level = level_of(account);
    if (level.empty())
        return std::nullopt;
    auto recipients = recipients_of(set, rules, account, parents);
    if (!recipients)
        return std::nullopt;
    const auto clusters = join(clusters_of(decision.cluster, account), ", ");
    const auto* holder = nearest_of(rules.holders, account.account, parents);
    auto out =
        made(rules, {zone, clusters, level, only_tells(level) ? account : decision.source(account),
                     account, holder != nullptr ? *holder : model::Holder{}});
    out.recipients = std::move(*recipients);
    return out;
}

model::Notice preview_notice(const model::NoticeRules& rules, const Zone& zone,
                             const std::string& cluster, const std::string& level,
                             const AccountDecision& account) {
    return made(rules, {zone, cluster, level, account, account, {}});
}

} // namespace sluice::format
