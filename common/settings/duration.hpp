// SPDX-License-Identifier: GPL-2.0-or-later
// Lengths of time in the file: whole seconds, or 30s, 5m, 1h.
#pragma once

#include "common/settings/reader.hpp"

#include <chrono>
#include <string_view>

namespace sluice::settings {

// Leaves `out` alone where the key is not there or is faulty.
void read_duration(MapReader& map, std::string_view key, std::chrono::seconds& out,
                   std::chrono::seconds shortest = std::chrono::seconds{1},
                   std::chrono::seconds longest = std::chrono::hours{24});

} // namespace sluice::settings
