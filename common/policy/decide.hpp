// SPDX-License-Identifier: GPL-2.0-or-later
// The judgement: facts and policies in, decision with its reasons out. Pure; total: odd input gives
// an AccountDecision with `error`, never a crash.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"

namespace sluice::policy {

// Accounts with a policy and an allocation, by name. `usage` of the facts must hold the windows
// that windows() named for the same instant; an account whose window is missing is not judged.
// Stale usage (usage_age > 0) never lifts a flag inside its period.
model::Decision decide(const model::PolicySet& set, const Zone& zone, const model::Facts& facts);

// A log record is due although no person asked: the evaluation changed something, or the metric
// moved by a whole percent since the last one that was.
bool worth_recording(const model::AccountDecision& decision);

} // namespace sluice::policy
