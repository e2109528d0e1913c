// SPDX-License-Identifier: GPL-2.0-or-later
// What an account's evaluation leaves in its memory, and when a new period may begin in it.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/policy/evaluate/account_facts.hpp"
#include "common/policy/evaluate/figures.hpp"
#include "common/policy/evaluate/thresholds.hpp"

#include <string>

namespace sluice::policy {

// Why the clock forbids an evaluation in `current`; "": it does not.
std::string clock_fault(const model::Facts& facts, const model::AccountMemory& before,
                        const model::Period& current);

// Whether raw usage is set to zero now: when a period begins, once in its life, or when an earlier
// reset failed.
bool reset_is_due(const model::AccountMemory& before, const model::Period& period);

// Into the memory: the rules that the account is evaluated by.
void remember_rules(const model::Facts& facts, const Subject& subject,
                    model::AccountMemory& memory);

// The memory after an evaluation of the account with these figures and this result. While usage of
// a cluster is missing, allocation and grants stay. What Slurm has and what was notified comes
// later.
model::AccountMemory remember(const model::Facts& facts, const Subject& subject,
                              const model::Period& period, const AccountFacts& known,
                              const Figures& figures, const ThresholdResult& result);

} // namespace sluice::policy
