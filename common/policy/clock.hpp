// SPDX-License-Identifier: GPL-2.0-or-later
// What a clock that is not believed forbids, and when a period begins. Pure.
#pragma once

#include "common/model/facts.hpp"
#include "common/model/period.hpp"

#include <string>

namespace sluice::policy {

// Why an account may not be judged in `current`; "": it may.
std::string clock_fault(const model::Facts& facts, const model::AccountMemory& before,
                        const model::Period& current);

// Whether raw usage is set to zero now: when a period begins, once in its life, or when an earlier
// reset failed.
bool reset_is_due(const model::AccountMemory& before, const model::Period& period);

} // namespace sluice::policy
