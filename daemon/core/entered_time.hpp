// SPDX-License-Identifier: GPL-2.0-or-later
// Instants as people type them. Reads no clock: `now` is given.
#pragma once

#include "common/base/result.hpp"
#include "common/base/zone.hpp"

#include <string>

namespace sluice::core {

// "2026-12-01", "2026-12-01T12:00", "2026-12-01T12:00:30" in `zone`; with "Z" or "+02:00" behind in
// that offset; "now", "now+3days" as Slurm has it (seconds, minutes, hours, days, weeks).
// malformed: the text names the accepted forms.
Result<Instant> parse_instant(const std::string& text, const Zone& zone, Instant now);

} // namespace sluice::core
