// SPDX-License-Identifier: GPL-2.0-or-later
// Why an account stands as it does, for users: usage, of the account or of one above it, or an
// entry of staff. Everything that comes from outside is printable().
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"

#include <string>

namespace sluice::format {

// Staff or Waldur, not usage, set the standing.
bool overridden(const model::AccountDecision& decision);
// "1231 of 1200 node_hours used in 2026-Q4 (102.58 %, grace to 120 %)"
std::string usage_text(const model::AccountDecision& decision);
// What grace_days do or did: "New jobs are refused from 2026-11-30 on, unless usage falls below 100
// % before."; "": nothing.
std::string grace_days_text(const Zone& zone, const model::AccountDecision& decision);
// "Next period starts 2027-01-01."; "" when the next period begins as this one ends.
std::string next_start(const Zone& zone, const model::AccountDecision& decision);
// "staff (root) until 2026-12-05T04:02:21+02:00", "a flag in Waldur"
std::string entry_text(const Zone& zone, const model::Override& entry);
// ": TEXT", only where the entry says that users may read its reason.
std::string reason_text(const model::Override& entry);
// "its own usage", "the usage of account bio", "its last evaluation" (an error), "staff (root)
// until 2026-12-05 (account bio)". `source`: Decision::source() of the account.
std::string cause_text(const Zone& zone, const model::AccountDecision& source,
                       const std::string& account);
// The same with the figures of the usage; "" for an account that stands as if nothing were used.
std::string cause_line(const Zone& zone, const model::AccountDecision& source,
                       const model::AccountDecision& account);

} // namespace sluice::format
