// SPDX-License-Identifier: GPL-2.0-or-later
// What people are told of a cycle: the part they asked for, and the name they may have meant.
#pragma once

#include "daemon/ports/service.hpp"

#include <string>
#include <vector>

namespace sluice::app {

// "account phisics has no policy with an allocation; did you mean physics?"
std::string unknown_account(const std::string& account, const model::Decision& decision);

// The cycle is always the whole cycle; the answer holds what was asked for.
ports::CycleReport cut_to(ports::CycleReport report, const std::vector<std::string>& accounts);

} // namespace sluice::app
