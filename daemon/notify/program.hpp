// SPDX-License-Identifier: GPL-2.0-or-later
// Runs one program with a text on its standard input. No shell, and a fixed, small environment.
#pragma once

#include "common/base/result.hpp"

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::mail {

// Its exit status (128 + N when signal N ended it). unavailable: it cannot be started, or reads
// nothing; timeout: it has not ended within 30 s, or `stop` became true: it was killed.
Result<int> run_program(const std::string& path, const std::vector<std::string>& arguments,
                        std::string_view input, const std::atomic<bool>& stop);

} // namespace sluice::mail
