// SPDX-License-Identifier: GPL-2.0-or-later
// A handful of figures, and what a policy would make of them.
#pragma once

#include "common/base/decimal.hpp"
#include "common/model/decision.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sluice::model {

// Units are hours.
struct PreviewInput {
    Decimal allocation = Decimal::whole(1000);       // >= 0
    Decimal grace_ratio = Decimal::raw(200'000'000); // 0..10
    Decimal previous_usage;
    bool carryover_enabled = true;
    Decimal carryover_factor = Decimal::whole(50); // 0..100
    Decimal current_usage;
    Decimal daily_usage_rate; // >= 0
    std::chrono::year_month_day today{};
};

enum class Outlook { never, exceeded, projected };

struct PreviewThreshold {
    std::string name;  // "notification", "slowdown", "blocked"
    Decimal percent;   // of the effective allocation
    Amount amount = 0; // TRES-seconds, rounded half up
    Outlook outlook = Outlook::never;
    std::optional<std::int64_t> days; // whole days until it is crossed; 0 when exceeded
    std::optional<std::chrono::year_month_day> date; // nullopt beyond year 9999 too
};

struct Preview {
    Component component; // hours
    Amount allocation = 0;
    CarryoverDerivation carryover;
    Amount effective = 0;
    Amount used = 0;
    std::optional<std::int64_t> percent; // hundredths
    std::string status;                  // "normal", "notification", "slowdown", "blocked"
    std::vector<PreviewThreshold> thresholds;
};

} // namespace sluice::model
