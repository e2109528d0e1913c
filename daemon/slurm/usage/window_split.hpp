// SPDX-License-Identifier: GPL-2.0-or-later
// Which parts of a window slurmdbd's rollups answer for, and which job records. Pure.
#pragma once

#include "common/base/clock.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace sluice::slurm {

struct WindowSplit {
    // Whole hours of slurmdbd that are rolled up. Cut at its months and days: slurmdbd answers from
    // its day or month table when both ends are its local midnights, else from its hour table, and
    // the sum is the same whichever it takes.
    std::vector<Window> settled;
    std::vector<Window> records; // the rest, up to `now`
};

using Floor = std::function<Instant(Instant)>;

// Where days and months of slurmdbd begin, at or before an instant.
struct Calendar {
    Floor midnight;
    Floor month;
};

// slurmdbd's hours begin on whole hours of its local time, which in some zones is xx:30 of UTC.
// `boundary`: the begin of any of them.
Instant floor_hour(Instant at, Instant boundary);

// `rolled`: end of the last hour that slurmdbd is known to have rolled up, so one of its hour
// boundaries; nullopt: no rollup is known, and all usage comes from job records. A window begins at
// 1970-01-02 at the earliest: slurmdbd takes a start of 0 for "yesterday" (common_as.c,
// set_usage_information).
WindowSplit split_window(Window window, Instant now, std::optional<Instant> rolled,
                         const Calendar& calendar);

// This process's time zone. Where slurmdbd runs in another one, it only answers from its hour
// table.
Calendar local_calendar();

} // namespace sluice::slurm
