// SPDX-License-Identifier: GPL-2.0-or-later
// Whether anybody listens. Sends nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice::slurm {

// Connects and closes. May block for the name service and then for `patience`.
bool listens(const std::string& host, std::uint16_t port, std::chrono::milliseconds patience);

} // namespace sluice::slurm
