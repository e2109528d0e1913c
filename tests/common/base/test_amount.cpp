// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/amount.hpp"

#include "tests/support/case.hpp"

using namespace sluice;

CASE(halves_round_away_from_zero) {
    CHECK(divide_half_up(5, 2) == 3);
    CHECK(divide_half_up(-5, 2) == -3);
    CHECK(divide_half_up(4, 3) == 1);
    CHECK(divide_half_up(5, 3) == 2);
    CHECK(divide_half_up(0, 7) == 0);
}

CASE(what_does_not_fit_is_told_and_never_wraps) {
    CHECK(!narrow(Wide{INT64_MAX} + 1).has_value());
    CHECK_EQ(narrow(Wide{INT64_MIN}).value(), INT64_MIN);
    const Wide huge = Wide{INT64_MAX} * INT64_MAX;
    CHECK(!multiply(huge, 4).has_value());
    CHECK(!add(huge * 2, huge).has_value());
}
