// SPDX-License-Identifier: GPL-2.0-or-later
// Notices as messages of the outbox. Whoever records the decision puts them into the same
// transaction, so that none is lost and none is sent for what did not happen.
#pragma once

#include "common/model/decision.hpp"
#include "daemon/core/rules.hpp"
#include "daemon/ports/outbox.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::app {

// One for each mail address and one for the webhook. Their correlation holds account, period and
// level: added again, they do nothing.
std::vector<ports::Message> notice_messages(const Rules& rules, const model::Decision& decision,
                                            const model::AccountDecision& account,
                                            const std::map<std::string, std::string>& parents);

} // namespace sluice::app
