// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/decimal.hpp"

#include "tests/support/case.hpp"

using sluice::Decimal;

CASE(text_is_read_exactly_and_written_shortest) {
    for (const char* same :
         {"0", "0.1", "-1.5", "6000", "0.015625", "0.001953125", "9223372036.854775807"})
        CHECK_EQ(Decimal::parse(same).value().text(), same);
    CHECK_EQ(Decimal::parse("1.50").value().text(), "1.5");
    CHECK_EQ(Decimal::parse("+2").value().text(), "2");
    CHECK_EQ(Decimal::parse("1.25e3").value().text(), "1250");
    CHECK_EQ(Decimal::parse("25E-2").value().text(), "0.25");
    CHECK_EQ(Decimal::parse(".5").value().text(), "0.5");
}

CASE(what_is_no_exact_decimal_is_refused) {
    for (const char* bad :
         {"", "-", ".", "1.2.3", "abc", "1x", "0x10", "1e", "1e999", "nan", "inf", "1 2",
          "0.0000000001", "9223372037", "99999999999999999999999999999999999999999"})
        CHECK(!Decimal::parse(bad).has_value());
}

CASE(order_is_by_value) {
    CHECK(Decimal::parse("0.2").value() < Decimal::parse("0.21").value());
    CHECK(Decimal::parse("-1").value() < Decimal{});
    CHECK(Decimal::whole(3) == Decimal::parse("3.000").value());
}
