// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/notice.hpp"

#include "common/base/text.hpp"
#include "common/format/message_templates.hpp"
#include "common/format/numbers.hpp"

#include <algorithm>

namespace sluice::format {
namespace {

using model::AccountDecision;

constexpr std::string_view kSubject = "Account {account} on {cluster} {event}";
constexpr std::string_view kFigures = "Account {account} on cluster {cluster} {event}.\n\n"
                                      "Used:    {used} of {granted} {component} in {period}\n"
                                      "Share:   {percent}, grace to {grace}\n"
                                      "Next period starts: {next_reset}\n";
constexpr std::string_view kDownscaled = "\nJobs run with QOS {qos} from now on.\n";
constexpr std::string_view kPaused = "\nNew jobs are refused until {until}.\n";
constexpr std::string_view kAdvice = "\nQuestions: {contact}\n";
constexpr int kMaxAncestors = 100; // a loop in the tree ends there

std::string event_text(const std::string& level, const AccountDecision& account) {
    if (level == "pause")
        return "is paused";
    if (level == "downscale")
        return "is slowed down";
    return "has used " + share_text(account.percent) + " of its allocation";
}

std::string default_text(const std::string& level, const AccountDecision& account) {
    std::string text(kFigures);
    if (level == "downscale" && !account.enforced_qos.empty())
        text += kDownscaled;
    if (level == "pause")
        text += kPaused;
    if (!account.contact.empty())
        text += kAdvice;
    return text;
}

// common/settings has checked the patterns; a malformed one stands as written.
std::string filled(const std::string& pattern, const Zone& zone, const std::string& cluster,
                   const std::string& level, const AccountDecision& account) {
    const auto pieces = fill_pieces(pattern);
    if (!pieces)
        return pattern;
    std::string out;
    for (const auto& piece : *pieces)
        if (!piece.placeholder)
            out += piece.text;
        else
            out += piece.text == "event"
                       ? event_text(level, account)
                       : placeholder_text(piece.text, zone, cluster, account, account.account);
    return out;
}

std::string level_of(const AccountDecision& account) {
    const auto& taken = account.actions_taken;
    for (const char* level : {"pause", "downscale", "notify"}) {
        const bool done_to_it = account.mode == model::Mode::enforce || level[0] == 'n';
        if (done_to_it && std::find(taken.begin(), taken.end(), level) != taken.end())
            return level;
    }
    return "";
}

void add_owners(const model::NoticeRules& rules, const std::string& account,
                const std::map<std::string, std::string>& parents,
                std::vector<std::string>& recipients) {
    std::string at = account;
    for (int step = 0; step < kMaxAncestors && !at.empty(); ++step) {
        const auto found = rules.contacts.find(at);
        if (found != rules.contacts.end()) {
            recipients.insert(recipients.end(), found->second.begin(), found->second.end());
            return;
        }
        const auto parent = parents.find(at);
        at = parent == parents.end() ? "" : parent->second;
    }
}

bool is_of(const model::Policy& policy, const AccountDecision& account) {
    return std::find(account.policies.begin(), account.policies.end(), policy.name) !=
           account.policies.end();
}

} // namespace

std::vector<std::string> clusters_of(const std::string& cluster, const AccountDecision& account) {
    std::vector<std::string> names;
    for (const auto& part : account.span)
        names.push_back(part.cluster);
    return names.empty() ? std::vector{cluster} : names;
}

std::optional<model::Notice> notice(const model::PolicySet& set, const model::NoticeRules& rules,
                                    const Zone& zone, const model::Decision& decision,
                                    const AccountDecision& account,
                                    const std::map<std::string, std::string>& parents) {
    const auto level = level_of(account);
    bool owners = false, external = false;
    std::vector<std::string> recipients;
    for (const auto& policy : set.policies) {
        if (!is_of(policy, account))
            continue;
        owners = owners || policy.has(model::Action::notify_organization_owners);
        if (policy.has(model::Action::notify_external_user)) {
            external = true;
            recipients.insert(recipients.end(), policy.external_users.begin(),
                              policy.external_users.end());
        }
    }
    if (level.empty() || (!owners && !external))
        return std::nullopt;
    if (owners)
        add_owners(rules, account.account, parents, recipients);
    std::sort(recipients.begin(), recipients.end());
    recipients.erase(std::unique(recipients.begin(), recipients.end()), recipients.end());
    const auto clusters = join(clusters_of(decision.cluster, account), ", ");
    auto made = preview_notice(rules, zone, clusters, level, account);
    made.recipients = std::move(recipients);
    return made;
}

model::Notice preview_notice(const model::NoticeRules& rules, const Zone& zone,
                             const std::string& cluster, const std::string& level,
                             const AccountDecision& account) {
    const std::string subject = rules.subject.empty() ? std::string(kSubject) : rules.subject;
    const std::string text = rules.text.empty() ? default_text(level, account) : rules.text;
    return {level,
            filled(subject, zone, cluster, level, account),
            filled(text, zone, cluster, level, account),
            {}};
}

} // namespace sluice::format
