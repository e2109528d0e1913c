// SPDX-License-Identifier: GPL-2.0-or-later
// The body of a message to a chat, as the incoming webhooks of Slack, of Matrix (matrix-hookshot)
// and of Microsoft Teams (Workflows) take it. Pure.
#pragma once

#include "common/json/json.hpp"
#include "common/model/texts.hpp"

#include <string>

namespace sluice::notify {

// The texts may hold anything: none becomes a link, a mention or markup. What is longer than a chat
// takes is cut. REQUIRES: not WebhookFormat::generic
json::Value chat_body(model::WebhookFormat format, const std::string& subject,
                      const std::string& text);

} // namespace sluice::notify
