// SPDX-License-Identifier: GPL-2.0-or-later
// Instants as people type them: Slurm's forms, and ISO 8601. Reads no clock: `now` is given.
#pragma once

#include "common/base/result.hpp"
#include "common/base/zone.hpp"

#include <string>

namespace sluice {

// What a time without a date, or a date without a year, means: the next one, or the last one.
enum class Entered { coming, past };

// As parse_time() of Slurm (src/common/parse_time.c), case ignored:
// "now", "now+3days", "now-90" (seconds, minutes, hours, days, weeks);
// "today", "tomorrow", "MMDD[YY]", "MM/DD[/YY]", "MM.DD[.YY]", "YYYY-MM-DD", each with or without
// "midnight", "noon", "fika", "teatime", "HH:MM[:SS][am|pm]", separated by a blank, "-" or "T";
// "uts1795395000". A stamp may end in "Z" or "+02:00"; all else is in `zone`.
// malformed: the text names the accepted forms.
Result<Instant> parse_instant(const std::string& text, const Zone& zone, Instant now,
                              Entered entered = Entered::coming);

} // namespace sluice
