// SPDX-License-Identifier: GPL-2.0-or-later
// The number that thresholds are compared with: one fraction, used of effective. With billing the
// weighted sum over the components that have an allocation; without, the worst component.
#pragma once

#include "common/base/result.hpp"
#include "common/model/decision.hpp"
#include "common/model/policy.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::policy {

// used / effective; both in the same scale, both >= 0. effective 0: at every threshold.
struct Metric {
    Wide used = 0;
    Wide effective = 0;
    std::string deciding; // the component that decides, or "billing"
    // Weighted sum only: (used | effective) * numerator / denominator are billing minutes.
    Wide minutes_numerator = 0;
    Wide minutes_denominator = 1;
    std::vector<Wide> multipliers = {}; // of the figures' amounts in `used` and `effective`

    // Exactly used * 100 >= effective * percent.
    bool reaches(Decimal percent) const;
    // Exactly used * 100 > effective * percent.
    bool exceeds(Decimal percent) const;
    // Hundredths of a percent, half up. nullopt: effective 0, or beyond any table (10^18).
    std::optional<std::int64_t> percent() const;
};

// Of one component alone.
Metric metric_of(const model::Figure& figure);

// Finds the weight of each figure and writes it there. REQUIRES: at least one figure; their
// `effective` and `usage` are filled in. malformed: no weight for a component; overflow: names it.
Result<Metric> metric(const model::Billing& billing, std::vector<model::Figure>& figures);

// The least common multiple of the components' unit factors: sums over it are whole. nullopt: does
// not fit, or a factor <= 0.
std::optional<Wide> common_factor(const std::vector<model::Figure>& figures);
// sum + a * b. nullopt: does not fit.
std::optional<Wide> add_product(Wide sum, Wide a, Wide b);

} // namespace sluice::policy
