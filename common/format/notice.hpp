// SPDX-License-Identifier: GPL-2.0-or-later
// Mail and webhook texts for an account that reaches a level: composed, not sent.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/policy.hpp"
#include "common/model/texts.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::format {

// For the strictest level that this decision reached and the one before had not; nullopt: none, or
// an observed account with another level than "notify" and "rate" (nothing was done to it). Without
// recipients where the policies only observe, unless one has notify_while_observing. The outbox
// sees to one message of a kind a period.
std::optional<model::Notice> notice(const model::PolicySet& set, const model::NoticeRules& rules,
                                    const Zone& zone, const model::Decision& decision,
                                    const model::AccountDecision& account,
                                    const std::map<std::string, std::string>& parents);

// Mail addresses of those whom the account's policies notify, sorted; empty where they only observe
// without notify_while_observing. nullopt: none of them has an action that notifies.
std::optional<std::vector<std::string>>
recipients_of(const model::PolicySet& set, const model::NoticeRules& rules,
              const model::AccountDecision& account,
              const std::map<std::string, std::string>& parents);

// All clusters that share the account's allocation; else `cluster` alone.
std::vector<std::string> clusters_of(const std::string& cluster,
                                     const model::AccountDecision& account);

// The same for any level, without recipients: `sluice notify` shows templates by it.
model::Notice preview_notice(const model::NoticeRules& rules, const Zone& zone,
                             const std::string& cluster, const std::string& level,
                             const model::AccountDecision& account);

} // namespace sluice::format
