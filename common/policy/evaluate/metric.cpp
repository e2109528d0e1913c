// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/metric.hpp"

#include "common/base/text.hpp"
#include "common/policy/evaluate/exact.hpp"

#include <algorithm>

namespace sluice::policy {

using model::Billing;
using model::Figure;

namespace {

// Exact name of the component, then its TRES, both ignoring case.
const Decimal* weight_of(const Billing& billing, const model::Component& component) {
    const auto exact = billing.weights.find(component.name);
    if (exact != billing.weights.end())
        return &exact->second;
    for (const std::string* wanted : {&component.name, &component.tres})
        for (const auto& [name, weight] : billing.weights)
            if (equals_ignoring_case(name, *wanted))
                return &weight;
    return nullptr;
}

Wide used(const Figure& figure) {
    return std::max<Amount>(0, figure.used());
}

bool worse(const Metric& a, const Metric& b) {
    if (a.effective == 0 || b.effective == 0)
        return a.effective == 0 && b.effective != 0;
    return compare_fractions(a.used, a.effective, b.used, b.effective) > 0;
}

Metric worst(const std::vector<Figure>& figures) {
    Metric found = metric_of(figures.front());
    for (const Figure& figure : figures)
        if (const Metric one = metric_of(figure); worse(one, found))
            found = one;
    return found;
}

Error too_large(const Figure& figure) {
    return {Errc::overflow, "the weighted " + figure.component.name + " does not fit"};
}

// Units of a component are amount / (unit_factor * 60). Over the common multiple L of all factors
// the weighted sum becomes whole: sum(amount * weight * L / unit_factor) / (60 * L).
Result<Metric> weighted(const std::vector<Figure>& figures) {
    const auto common = common_factor(figures);
    if (!common)
        return Error{Errc::overflow, "the unit factors have no common multiple that fits"};
    Metric sum{0, 0, "billing", 0, *common};
    Wide& divisor = sum.minutes_numerator;
    for (const Figure& figure : figures) {
        const auto product =
            multiply(figure.weight.scaled(), *common / figure.component.unit_factor.scaled());
        if (!product)
            return too_large(figure);
        sum.multipliers.push_back(*product);
        divisor = greatest_divisor(divisor, *product);
    }
    if (divisor == 0)
        return Error{Errc::malformed, "no component of the allocation has a weight above 0"};
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const Wide multiplier = sum.multipliers[i] /= divisor;
        const auto total_used = add_product(sum.used, used(figures[i]), multiplier);
        const auto total = add_product(sum.effective, figures[i].effective, multiplier);
        if (!total_used || !total)
            return too_large(figures[i]);
        sum.used = *total_used;
        sum.effective = *total;
    }
    return sum;
}

// Slurm's own pricing: the component that grants the `billing` TRES decides alone.
Result<Metric> priced_by_slurm(const std::vector<Figure>& figures) {
    for (const Figure& figure : figures)
        if (figure.component.tres == "billing") {
            Metric one = metric_of(figure);
            one.deciding = "billing";
            return one;
        }
    return Error{Errc::malformed,
                 "weights: slurm needs an allocation of a component with tres: billing"};
}

} // namespace

Metric metric_of(const Figure& figure) {
    return {used(figure), figure.effective, figure.component.name, 0, 1};
}

std::optional<Wide> common_factor(const std::vector<Figure>& figures) {
    Wide common = 1;
    for (const Figure& figure : figures) {
        const Wide factor = figure.component.unit_factor.scaled();
        const auto next =
            factor > 0 ? multiply(common / greatest_divisor(common, factor), factor) : std::nullopt;
        if (!next)
            return std::nullopt;
        common = *next;
    }
    return common;
}

std::optional<Wide> add_product(Wide sum, Wide a, Wide b) {
    const auto product = multiply(a, b);
    return product ? add(sum, *product) : std::nullopt;
}

bool Metric::reaches(Decimal percent) const {
    if (effective == 0 || percent.scaled() <= 0)
        return true;
    return compare_fractions(used, effective, percent.scaled(), Wide{100} * Decimal::kScale) >= 0;
}

bool Metric::exceeds(Decimal percent) const {
    if (effective == 0 || percent.is_negative())
        return true;
    return compare_fractions(used, effective, percent.scaled(), Wide{100} * Decimal::kScale) > 0;
}

std::optional<std::int64_t> Metric::percent() const {
    if (effective == 0)
        return std::nullopt;
    // Shifting both keeps the ratio to 60 bits and more, far below the hundredth that is shown.
    // Each step errs downwards: what is below a threshold does not read as having reached it.
    Wide over = used, under = effective;
    while (over > (Wide{1} << 110) && under > 1) {
        over >>= 1;
        under = (under >> 1) + (under & 1);
    }
    const auto product = multiply(over, 10'000);
    return product ? narrow(*product / under) : std::nullopt;
}

Result<Metric> metric(const Billing& billing, std::vector<Figure>& figures) {
    for (Figure& figure : figures) {
        figure.weight = Decimal::whole(1);
        if (!billing.enabled || billing.weights_slurm)
            continue;
        const Decimal* weight = weight_of(billing, figure.component);
        if (weight == nullptr)
            return Error{Errc::malformed, "component " + figure.component.name +
                                              " has no weight (0 leaves a component out)"};
        figure.weight = weight->is_negative() ? Decimal{} : *weight;
    }
    if (!billing.enabled)
        return worst(figures);
    return billing.weights_slurm ? priced_by_slurm(figures) : weighted(figures);
}

} // namespace sluice::policy
