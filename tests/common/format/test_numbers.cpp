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

// One rule everywhere: digits that have no place are cut off.
CASE(what_is_below_a_threshold_does_not_read_as_reaching_it) {
    const model::Component node_hours{"node_hours", "node", Decimal::whole(60)};
    CHECK_EQ(format::units_text(3600 * 1000 - 1, node_hours), "999.99");
    CHECK_EQ(format::units_text(3599, node_hours), "0.9997");
    CHECK_EQ(format::units_text(-3600 * 2 + 1, node_hours), "-1.99");
    CHECK_EQ(format::units_text(-1, node_hours), "-0.0002");
    CHECK_EQ(format::percent_text(9'999), "99.99");
    CHECK_EQ(format::share_text(10'258), "102.58 %");
    CHECK_EQ(format::share_text(5), "0.05 %");
    CHECK_EQ(format::share_text(std::nullopt), "-");
}

CASE(a_moment_has_the_offset_of_its_zone) {
    const Zone zone = *Zone::posix("EET-2EEST,M3.5.0/3,M10.5.0/4");
    CHECK_EQ(format::moment_text(zone, instant(1'798'754'400)), "2027-01-01");
    CHECK_EQ(format::moment_text(zone, instant(1'780'000'000)), "2026-05-28T23:26:40+03:00");
    CHECK_EQ(utc_text(instant(1'780'000'000)), "2026-05-28T20:26:40Z");
}
