// SPDX-License-Identifier: GPL-2.0-or-later
// What is written to people when an account reaches a level: composed, not sent.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/notice.hpp"
#include "common/model/policy.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::policy {

// The strictest level that this decision reached for the first time since the one before; nullopt:
// none, or an observed account below the notify level (nothing was done to it). Whether it was told
// in this period already is the outbox's business: it holds one message of a kind.
std::optional<model::Notice> notice(const model::PolicySet& set, const model::NoticeRules& rules,
                                    const Zone& zone, const model::Decision& decision,
                                    const model::AccountDecision& account,
                                    const std::map<std::string, std::string>& parents);

// All that share the account's allocation; else `cluster`, the one it was judged on.
std::vector<std::string> clusters_of(const std::string& cluster,
                                     const model::AccountDecision& account);

// The same for a level of one's choice, for people who look at their templates.
model::Notice preview_notice(const model::NoticeRules& rules, const Zone& zone,
                             const std::string& cluster, const std::string& level,
                             const model::AccountDecision& account);

} // namespace sluice::policy
