// SPDX-License-Identifier: GPL-2.0-or-later
// Figures of an account for a preview of what a policy would mean for it.
#pragma once

#include "common/model/policy.hpp"
#include "common/model/preview.hpp"
#include "daemon/ports/cycle_report.hpp"

namespace sluice::http {

// Grace and carryover of the account's first policy in `set`; allocation, usage and daily rate of
// the component that is nearest to its limit.
void take_account(model::PreviewInput& input, const model::PolicySet& set,
                  const ports::CycleReport& cycle, const model::AccountDecision& account);

} // namespace sluice::http
