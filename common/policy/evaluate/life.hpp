// SPDX-License-Identifier: GPL-2.0-or-later
// The life of an account against periods: clipped periods, their share of an allocation, and the
// usage windows that they need. Pure arithmetic.
#pragma once

#include "common/base/amount.hpp"
#include "common/base/zone.hpp"
#include "common/model/facts.hpp"
#include "common/model/life.hpp"
#include "common/model/policy.hpp"
#include "common/policy/evaluate/account_facts.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::policy {

// nullopt: neither begin nor end.
std::optional<model::Life> life_of(const std::optional<model::AccountLife>& settings,
                                   const Zone& zone, Instant now);

// The periods of an account with a life. Outside it `current` is its first, or its last, one.
Periods clipped(const model::PeriodRule& rule, const Zone& zone, Instant now,
                const model::Life& life);

// round_half_up(amount * seconds of `part` / seconds of `whole`). Of a whole without an end: the
// amount. nullopt: does not fit.
std::optional<Amount> prorated(Amount amount, const model::Period& part,
                               const model::Period& whole);

// What windows() lacks: from the begin of each life to now, and to the end of the period before.
// At most kMaxLifeBegins begins are read, the newest.
inline constexpr std::size_t kMaxLifeBegins = 100;
std::vector<Window> life_windows(const model::PolicySet& set, const model::History& history,
                                 const std::vector<model::PeriodRule>& rules, const Zone& zone,
                                 Instant now);

// Instants after `now` at which a life begins or ends: the first one. nullopt: none.
std::optional<Instant> next_life_event(const std::map<std::string, model::AccountSettings>& all,
                                       const Zone& zone, Instant now);

// The account is not evaluated: it ends, or has not begun, with `then: release`.
bool is_released(const std::optional<model::AccountLife>& settings, const Zone& zone, Instant now);

} // namespace sluice::policy
