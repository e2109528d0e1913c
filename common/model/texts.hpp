// SPDX-License-Identifier: GPL-2.0-or-later
// The site's own words for what submitters and account owners read, and the notice made of them.
// common/settings checks the patterns, common/format fills them in. How a notice travels (mail,
// webhook) is not known here.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

// "": the built-in text.
struct Texts {
    std::string refusal;
    std::string warning;
};

// Most bytes of a pattern for Texts; filled-in texts are cut to as many.
inline constexpr std::size_t kMaxTextBytes = 399;
// Most bytes of a notice's patterns.
inline constexpr std::size_t kMaxSubjectBytes = 200;
inline constexpr std::size_t kMaxNoticeBytes = 8000;

// What may stand in braces; sluiced.yaml(5) describes each.
inline constexpr std::array<std::string_view, 20> kPlaceholders{
    "account", "cause",    "cluster", "component", "contact",    "grace", "granted",
    "left",    "period",   "percent", "policy",    "next_reset", "qos",   "reason",
    "source",  "standing", "tres",    "unit",      "until",      "used"};

// The body of a webhook's request: Sluice's own JSON, or the message of a chat.
enum class WebhookFormat { generic, slack, matrix, teams };

// Who has an account in the portal that it comes from.
struct Holder {
    std::string organization;
    std::string project;
};

struct NoticeRules {
    bool by_mail = false;
    bool by_webhook = false;
    bool weekly = false; // also one mail a week to each recipient, of all its accounts
    WebhookFormat webhook_format = WebhookFormat::generic;
    // Recipients of notify_organization_owners by account; an account without addresses has those
    // of the nearest account above it.
    std::map<std::string, std::vector<std::string>> contacts;
    // By account, for {organization} and {project}; an account without one has that of the nearest
    // account above it.
    std::map<std::string, Holder> holders = {};
    // Patterns with model::kPlaceholders, {event}, {organization} and {project}; "": built in
    std::string subject;
    std::string text;
};

// One account, one level ("notify", "downscale", "pause", "restore", "rate") and detail, once a
// period.
struct Notice {
    std::string level;
    std::string subject;
    std::string text;
    std::vector<std::string> recipients; // mail addresses; may be empty
    std::string cause = {};              // of the level, for the webhook
    std::string detail =
        {}; // notify: its percentage; downscale: a further step's QOS; rate: the week
};

} // namespace sluice::model
