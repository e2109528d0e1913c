// SPDX-License-Identifier: GPL-2.0-or-later
// Who is told when an account reaches a level, and in which words. How a notice travels (mail,
// webhook) is not known here.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace sluice::model {

// A pattern may have as many bytes.
inline constexpr std::size_t kSubjectMost = 200;
inline constexpr std::size_t kNoticeMost = 8000;

struct NoticeRules {
    bool by_mail = false;
    bool by_webhook = false;
    // Whom notify_organization_owners writes to, by account; an account without addresses has those
    // of the nearest account above it.
    std::map<std::string, std::vector<std::string>> contacts;
    std::string subject; // patterns with model::kPlaceholders and {event}; "": built in
    std::string text;
};

// One account, one level ("notify", "downscale", "pause"), once a period.
struct Notice {
    std::string level;
    std::string subject;
    std::string text;
    std::vector<std::string> recipients; // mail addresses; may be empty
};

} // namespace sluice::model
