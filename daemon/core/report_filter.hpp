// SPDX-License-Identifier: GPL-2.0-or-later
// The part of a cycle's report that a person asked for, and the name that was probably meant.
#pragma once

#include "daemon/ports/cycle_report.hpp"

#include <string>
#include <vector>

namespace sluice::core {

// "account phisics has no policy with an allocation; did you mean physics?"
std::string unknown_account(const std::string& account, const model::Decision& decision);

// A cycle always covers all accounts; the answer holds these.
ports::CycleReport cut_to(ports::CycleReport report, const std::vector<std::string>& accounts);

} // namespace sluice::core
