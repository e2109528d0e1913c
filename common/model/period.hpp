// SPDX-License-Identifier: GPL-2.0-or-later
// Which periods a policy counts in, and one such period as instants.
#pragma once

#include "common/base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace sluice::model {

enum class PeriodKind { month, quarter, year, total, custom };

struct PeriodRule {
    PeriodKind kind = PeriodKind::quarter;
    int months = 0;                       // custom: length, 1..1200
    std::chrono::year_month_day anchor{}; // custom: first day of one of its periods

    friend bool operator==(const PeriodRule&, const PeriodRule&) = default;
};

struct Period {
    std::string label;          // "2026-03", "2026-Q1", "2026", "total", "2026-10-01"
    Instant begin{};            // total: the epoch
    std::optional<Instant> end; // total: none

    friend bool operator==(const Period&, const Period&) = default;
};

} // namespace sluice::model
