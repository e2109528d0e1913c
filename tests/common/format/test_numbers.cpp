// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/format/numbers.hpp"

#include "tests/support/case.hpp"

using namespace sluice;

CASE(a_grant_of_less_than_one_unit_does_not_read_as_nothing) {
    const model::Component node_hours{"node_hours", "node", Decimal::whole(60)};
    CHECK_EQ(format::units_text(7, node_hours), "0.0019");
    CHECK_EQ(format::units_text(18, node_hours), "0.005");
    CHECK_EQ(format::units_text(0, node_hours), "0");
    CHECK_EQ(format::units_text(3600, node_hours), "1");
    CHECK_EQ(format::units_text(3600 * 1231 + 1800, node_hours), "1231.5");
    CHECK_EQ(format::units_text(3600 * 1231 + 12, node_hours), "1231");
}
