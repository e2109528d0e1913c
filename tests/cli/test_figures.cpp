// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/client.hpp"
#include "cli/figures.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::cli;

namespace {

json::Value number(const std::string& text) {
    auto parsed = json::parse("{\"n\": " + text + "}");
    CHECK(parsed.has_value());
    return std::move(*parsed);
}

std::string amount_of(const std::string& text, bool exact = false) {
    const auto value = number(text);
    return amount(value["n"], exact);
}

std::string day(std::int64_t at, const char* zone) {
    const auto value = number("0, \"x_epoch\": " + std::to_string(at));
    const Zone in = *Zone::posix(zone);
    return day_cell({value.view(), {}, {}, false, &in}, "x");
}

} // namespace

CASE(amounts_have_as_many_digits_as_people_need) {
    CHECK_EQ(amount_of("1231"), "1231");
    CHECK_EQ(amount_of("1231.000278"), "1231");
    CHECK_EQ(amount_of("9.314"), "9.31");
    CHECK_EQ(amount_of("99.999722"), "99.99");
    CHECK_EQ(amount_of("0.99995"), "0.9999");
    CHECK_EQ(amount_of("1069.95"), "1069.95"); // below 1069.95 in binary
    CHECK_EQ(amount_of("12345678901.25"), "12345678901.25");
    CHECK_EQ(amount_of("0.0125"), "0.0125");
    CHECK_EQ(amount_of("0.00001"), "0");
    CHECK_EQ(amount_of("-0.00001"), "0");
    CHECK_EQ(amount_of("-231.5"), "-231.5");
    CHECK_EQ(amount_of("1231.000278", true), "1231.000278");
    CHECK_EQ(amount_of("null"), "");
}

CASE(a_percentage_of_nothing_is_a_dash) {
    CHECK_EQ(percent(number("102.58")["n"]), "102.58");
    CHECK_EQ(percent(number("100")["n"]), "100.00");
    CHECK_EQ(percent(number("null")["n"]), "-");
}

CASE(instants_are_in_the_zone_of_the_policies_with_its_offset) {
    CHECK_EQ(day(1798754400, "EET-2"), "2027-01-01");
    CHECK_EQ(day(1798754400, "UTC0"), "2026-12-31T22:00:00+00:00");
    CHECK_EQ(day(1798754400, "NST3:30"), "2026-12-31T18:30:00-03:30");
    const auto at = number("0, \"x_epoch\": 1795395000");
    CHECK_EQ(local_time(at.view(), "x", Zone()), "2026-11-23T00:50:00+00:00");
    CHECK_EQ(local_time(number("1").view(), "x", Zone()), "");
}

CASE(ages_are_in_the_unit_that_fits) {
    using std::chrono::seconds;
    CHECK_EQ(age(seconds(-5)), "0 s");
    CHECK_EQ(age(seconds(119)), "119 s");
    CHECK_EQ(age(seconds(120)), "2 min");
    CHECK_EQ(age(seconds(7200)), "2 h");
    CHECK_EQ(age(seconds(86400 * 3)), "3 d");
}

CASE(targets_are_percent_encoded) {
    CHECK_EQ(target("/p", {{"account", "a b&c=\xC3\xBC"}, {"limit", "5"}}),
             "/p?account=a%20b%26c%3D%C3%BC&limit=5");
}
