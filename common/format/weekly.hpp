// SPDX-License-Identifier: GPL-2.0-or-later
// The weekly mail: one for each recipient, with a line for each of its accounts. Composed, not
// sent.
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

// "2026-W49": the week whose mail is due at `now`, from Monday 08:00 of the zone on; before that
// nullopt.
std::optional<std::string> week_due(const Zone& zone, Instant now);

struct WeeklySummary {
    std::string recipient;
    std::string subject;
    std::string text;
};

// Of accounts whose policies write to people, the most used first; by recipient. An allocation that
// clusters share is in the mail of the first of them.
std::vector<WeeklySummary> weekly_summaries(const model::PolicySet& set,
                                            const model::NoticeRules& rules, const Zone& zone,
                                            const model::Decision& decision,
                                            const std::map<std::string, std::string>& parents,
                                            const std::string& week);

} // namespace sluice::format
