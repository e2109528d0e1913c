// SPDX-License-Identifier: GPL-2.0-or-later
// Days on which the periods of a rule begin, and their labels. Not for `total`, which has none.
// Total functions: a length out of range is taken as the nearest in range. Pure.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/policy.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace sluice::model {

// First day of the period with this number; 0 begins at the anchor. An anchor on the 31st begins
// shorter months' periods on their last day.
std::chrono::year_month_day first_day(const PeriodRule& rule, int number);
// Number of the period that the date is in, or of a neighbour of that.
int number_near(const PeriodRule& rule, std::chrono::year_month_day date);
std::string label(const PeriodRule& rule, int number);
// A label that two of the first 400 periods, or of those of 90 years, share; nullopt: none.
std::optional<std::string> repeated_label(const PeriodRule& rule);

} // namespace sluice::model
