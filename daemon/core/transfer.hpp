// SPDX-License-Identifier: GPL-2.0-or-later
// What may move from the allocation of one account to that of another. A transfer leaves the sum,
// gives no account more than those above it have, and leaves the giving account what it has used.
// Pure functions of one evaluation.
#pragma once

#include "common/base/result.hpp"
#include "common/model/history.hpp"
#include "common/model/policy.hpp"
#include "daemon/ports/cycle_report.hpp"
#include "daemon/ports/operator.hpp"

#include <string>
#include <vector>

namespace sluice::core {

// The entries of FROM and of TO, without name, reason and time. `set`: what `report` was decided
// by. Errors as those of Operator::transfer().
Result<std::vector<model::Adjustment>> transfer_entries(const ports::NewTransfer& wanted,
                                                        const ports::CycleReport& report,
                                                        const model::PolicySet& set);

// `tried`: the evaluation that supposes these entries of `period`, with the usage of now and with
// whatever was entered since.
Result<void> check_after_transfer(const ports::NewTransfer& wanted, const std::string& period,
                                  const ports::CycleReport& tried);

} // namespace sluice::core
