// SPDX-License-Identifier: GPL-2.0-or-later
// The shares of an account's association, from its effective allocation.
#pragma once

#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/policy.hpp"

namespace sluice::policy {

class Draft;

// Updates memory.shares: what the account had is saved before Sluice first changes it.
void remember_shares(const model::PolicySet& set, const model::Association& row,
                     model::AccountDecision& decision);
// The command for the account's own association; the saved shares when no policy enforces them.
void plan_shares(const model::Association& row, const model::AccountDecision& decision,
                 Draft& draft);
// The saved shares, for no policy covers the association any more.
void plan_shares_release(const model::Association& row, const model::AccountMemory& memory,
                         Draft& draft);

} // namespace sluice::policy
