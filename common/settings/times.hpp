// SPDX-License-Identifier: GPL-2.0-or-later
// Lengths of time in the file: whole seconds, or 30s, 5m, 1h.
#pragma once

#include "common/settings/reader.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::settings {
// Leaves `out` alone where the key is not there or is faulty.
void read_duration(MapReader& map, std::string_view key, std::chrono::seconds& out,
                   std::chrono::seconds shortest = std::chrono::seconds{1},
                   std::chrono::seconds longest = std::chrono::hours{24});

// Wall-clock times and dates as people write them. No zone: the reader knows it.

// "2026-03-01", of the years 1970 to 2999.
std::optional<std::chrono::year_month_day> parse_day(std::string_view text);
// "2026-03-01", "2026-03-01T12:00", "2026-03-01T12:00:00"; a blank may stand for the T.
std::optional<std::chrono::local_seconds> parse_local(std::string_view text);
// "2026-03-01T12:00:00"
std::string local_text(std::chrono::local_seconds at);

} // namespace sluice::settings
