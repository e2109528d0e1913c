// SPDX-License-Identifier: GPL-2.0-or-later
// Calendar-aligned periods as instants. Boundaries are local midnights turned into instants once,
// so a day with a DST change is 23 or 25 hours long and nothing is lost or counted twice.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/facts.hpp"
#include "common/model/history.hpp"
#include "common/model/policy.hpp"

#include <optional>
#include <vector>

namespace sluice::policy {

// The period that contains `at`; a boundary instant belongs to the period that begins there.
// Total, for any rule and instant (years outside 1..9998 are taken as the nearest of these).
model::Period period_at(const model::PeriodRule& rule, const Zone& zone, Instant at);

// The period before; nullopt for `total`.
std::optional<model::Period> previous(const model::PeriodRule& rule, const Zone& zone,
                                      const model::Period& period);

// Those of the policies, distinct.
std::vector<model::PeriodRule> rules_of(const model::PolicySet& set);
// And those that held accounts were last evaluated by.
std::vector<model::PeriodRule> rules_of(const model::PolicySet& set, const model::Facts& facts);

// The usage windows that decide() needs: of each rule the current period as [begin, now) and the
// whole period before it (carryover, borrowing); and `more`. Distinct, sorted; empty windows are
// left out.
std::vector<Window> windows(const std::vector<model::PeriodRule>& rules, const Zone& zone,
                            Instant now, std::vector<Window> more = {});

// The first instant after `now` at which a decision changes without new usage: a period boundary,
// an override or the life of an account that begins or ends, the end of a grace time. nullopt: none
// (only `total`, no overrides).
std::optional<Instant> next_event(const model::PolicySet& set, const Zone& zone, Instant now,
                                  const model::History& history);

} // namespace sluice::policy
