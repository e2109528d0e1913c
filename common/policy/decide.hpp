// SPDX-License-Identifier: GPL-2.0-or-later
// Facts and policies in, decision with its reasons out. Total: odd input gives an AccountDecision
// with a fault, never a crash.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"

namespace sluice::policy {

// Accounts with a policy and an allocation, by name. `usage` of the facts must hold the windows
// that windows() named for the same instant; an account whose window is missing has a fault.
// Stale usage (usage_age > 0) never lifts a flag inside its period.
model::Decision decide(const model::PolicySet& set, const Zone& zone, const model::Facts& facts);

} // namespace sluice::policy
