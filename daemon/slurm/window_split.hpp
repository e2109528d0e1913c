// SPDX-License-Identifier: GPL-2.0-or-later
// Which part of a window is answered by slurmdbd's rollups and which by job records. Pure.
#pragma once

#include "common/base/clock.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace sluice::slurm {

struct Cut {
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

// `rolled`: end of the last hour that slurmdbd is known to have rolled up, so one of its hour
// boundaries; nullopt: none is known, and job records answer for all. A window is taken from
// 1970-01-02 on: a start of 0 means "yesterday" to slurmdbd.
Cut cut(Window window, Instant now, std::optional<Instant> rolled, const Calendar& calendar);

// This process's time zone. Where slurmdbd lives in another one it merely answers from its hour
// table.
Calendar local_calendar();

} // namespace sluice::slurm
