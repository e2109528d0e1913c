// SPDX-License-Identifier: GPL-2.0-or-later
// Notices as messages of the outbox. The journal adds them in the transaction that records the
// decision: a crash loses no notice, and sends none for a decision that was not recorded.
#pragma once

#include "common/format/weekly.hpp"
#include "common/model/decision.hpp"
#include "common/model/texts.hpp"
#include "daemon/ports/outbox.hpp"

#include <string>
#include <vector>

namespace sluice::notify {

// One for each mail address, which is its key, and one for the webhook. Their correlation holds
// account, period and level: added again, they do nothing.
std::vector<ports::Message> notice_messages(const model::NoticeRules& rules,
                                            const model::Notice& notice,
                                            const model::Decision& decision,
                                            const model::AccountDecision& account);

// One for each recipient and week: added again, they do nothing.
std::vector<ports::Message> weekly_messages(const std::vector<format::WeeklySummary>& summaries,
                                            const std::string& cluster, const std::string& week,
                                            Instant at);

} // namespace sluice::notify
