// SPDX-License-Identifier: GPL-2.0-or-later
// When an account will reach its thresholds, with an interval, from its usage in the last weeks.
// Decides nothing: thresholds are compared with real usage only. Integers only, so that the same
// facts give the same dates everywhere. docs/policy.md, section 10, has the arithmetic.
#pragma once

#include "common/base/clock.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/policy/evaluate/metric.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace sluice::policy {

// What the last weeks let expect: the mean of each day of the week, and how far whole weeks differ
// from each other. Weeks before the first use do not count.
class WeeklyPattern {
public:
    // Of sums of several TRES: weighted.
    struct Sums {
        std::array<Wide, model::kForecastWeeks> weeks{};
        std::array<Wide, 7> weekdays{};
    };
    // nullopt: fewer than two weeks since the first use.
    static std::optional<WeeklyPattern> of(const Sums& sums);

    // In how many hours `need` more are used, counted from `elapsed` hours after the end of the
    // last week: the expected number, and the tenth and ninetieth percentile. Lowers those of
    // `soonest` that are larger. REQUIRES: need > 0; elapsed >= 0
    struct Hours {
        std::int64_t expected = 0;
        std::int64_t early = 0;
        std::int64_t late = 0;
    };
    void until(Wide need, std::int64_t elapsed, Hours& soonest) const;

private:
    std::int64_t used_by(std::int64_t hours) const;
    std::int64_t hours_to(std::int64_t wanted) const;

    std::int64_t weeks_ = 0;
    int shift_ = 0;                        // amounts are kept without so many of their last bits
    std::array<std::int64_t, 8> before_{}; // of the days of the week before each, over all weeks
    std::int64_t total_ = 0;
    Wide spread_ = 0; // sum over the weeks of (weeks * week - total)^2
};

// Sets `forecast` of the thresholds that are not reached. Without two weeks of usage by day: the
// rate since the period began, without an interval. `weeks`: nullptr: not known.
void add_forecasts(const Metric& metric, const std::vector<model::Figure>& figures,
                   const model::Period& period, const model::WeeklyUsage* weeks, Instant now,
                   std::vector<model::Threshold>& thresholds);

} // namespace sluice::policy
