// SPDX-License-Identifier: GPL-2.0-or-later
// What a submitter reads: the refusal of a paused account, the warning of a slowed or nearly used
// up one. One line a fact; shorter than kTextBytes. The plugin goes on from "Ask ...".
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"

#include <string>

namespace sluice::policy {

// `account` is the one that was named at submission: `decision`'s own, or one below it.
std::string refusal(const Zone& zone, const model::AccountDecision& decision,
                    const std::string& account, const model::AccountDecision* cause);
std::string warning(const Zone& zone, const model::AccountDecision& decision,
                    const std::string& account);

} // namespace sluice::policy
