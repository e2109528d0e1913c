// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/policy/evaluate/exact.hpp"
#include "common/policy/evaluate/metric.hpp"

#include "tests/common/policy/world.hpp"

#include <random>

using namespace sluice;
using namespace sluice::policy;
using test::dec;

namespace {

model::Figure figure(const char* name, const char* tres, Amount effective, Amount used) {
    model::Figure f;
    f.component = {name, tres, Decimal::whole(60)};
    f.effective = effective;
    f.usage.settled = used;
    return f;
}

} // namespace

CASE(fractions_compare_exactly_at_any_size) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20000; ++i) {
        const auto part = [&] { return static_cast<Wide>(random() % 1000); };
        const Wide a = part(), b = part() + 1, c = part(), d = part() + 1;
        CHECK(compare_fractions(a, b, c, d) == (a * d <=> c * b));
    }
    const Wide huge = Wide{INT64_MAX} * INT64_MAX;
    CHECK(compare_fractions(huge, huge - 1, huge - 1, huge - 2) < 0);
    CHECK(compare_fractions(huge, 3, huge, 3) == 0);
}

CASE(percentages_are_rounded_down_to_hundredths) {
    CHECK_EQ(*(Metric{1231, 1200, "", 0, 1}.percent()), 10258);
    CHECK_EQ(*(Metric{1, 3, "", 0, 1}.percent()), 3333);
    CHECK_EQ(*(Metric{1, 20000, "", 0, 1}.percent()), 0); // 0.005 %
    CHECK_EQ(*(Metric{199'999, 200'000, "", 0, 1}.percent()), 9999);
    // Too large for one product, and just below the whole.
    CHECK_EQ(*(Metric{(Wide{1} << 120) - 1, Wide{1} << 120, "", 0, 1}.percent()), 9999);
    CHECK(!(Metric{1, 0, "", 0, 1}.percent()));
    CHECK_EQ(*(Metric{INT64_MAX, INT64_MAX, "", 0, 1}.percent()), 10000);
}

// Waldur mixes raw and weighted values where a component has no weight: 13.51 %. Here the file is
// refused, or the component is left out by weight 0.
CASE(a_weight_of_zero_leaves_a_component_out) {
    std::vector<model::Figure> figures = {figure("cpu", "cpu", 1000, 1000),
                                          figure("node", "node", 100, 0)};
    model::Billing billing;
    billing.enabled = true;
    billing.weights = {{"cpu", dec("0.015625")}, {"node", Decimal{}}};
    CHECK_EQ(*metric(billing, figures)->percent(), 10000);
    billing.weights.erase("node");
    CHECK(metric(billing, figures).error().code == Errc::malformed);
    billing.weights = {{"cpu", Decimal{}}, {"node", Decimal{}}};
    CHECK(metric(billing, figures).error().code == Errc::malformed);
}

CASE(weights_are_found_by_component_then_tres_ignoring_case) {
    std::vector<model::Figure> figures = {figure("gpu_hours", "gres/gpu", 10, 5)};
    model::Billing billing;
    billing.enabled = true;
    billing.weights = {{"GRES/gpu", dec("0.25")}, {"gpu", dec("9")}};
    CHECK(metric(billing, figures).has_value());
    CHECK_EQ(figures[0].weight.text(), "0.25");
    billing.weights["GPU_Hours"] = dec("0.5");
    CHECK(metric(billing, figures).has_value());
    CHECK_EQ(figures[0].weight.text(), "0.5");
}

CASE(a_component_without_allocation_is_at_every_threshold) {
    std::vector<model::Figure> figures = {figure("cpu", "cpu", 1000, 999),
                                          figure("gpu", "gres/gpu", 0, 0)};
    const auto got = metric({}, figures);
    CHECK_EQ(got->deciding, "gpu");
    CHECK(got->reaches(dec("1000")));
}

CASE(sums_that_do_not_fit_are_errors) {
    std::vector<model::Figure> figures = {figure("a", "cpu", INT64_MAX, INT64_MAX),
                                          figure("b", "node", INT64_MAX, INT64_MAX)};
    figures[0].component.unit_factor = Decimal::raw(999'999'937);
    figures[1].component.unit_factor = Decimal::raw(INT64_MAX - 24);
    model::Billing billing;
    billing.enabled = true;
    billing.weights = {{"a", Decimal::raw(INT64_MAX)}, {"b", Decimal::raw(INT64_MAX - 1)}};
    CHECK(metric(billing, figures).error().code == Errc::overflow);
}
