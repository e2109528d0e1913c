// SPDX-License-Identifier: GPL-2.0-or-later
// A cycle run on request, as text: accounts, commands, problems. What was said to be done
// was done; what would be done says so.
#pragma once

#include "cli/report.hpp"

#include <string>

namespace sluice::cli {

// `answer` as POST /api/v1/evaluate gives it. All accounts that were named in the options; without
// names those that changed or failed.
std::string cycle_text(const Parsed& parsed, const json::Value& answer);
// A command of the cycle failed.
bool any_failed(const json::Value& answer);

} // namespace sluice::cli
