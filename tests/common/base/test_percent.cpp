// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/text.hpp"

#include "tests/support/case.hpp"

using namespace sluice;

CASE(all_but_unreserved_characters_become_two_hex_digits) {
    CHECK_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
    CHECK_EQ(percent_encoded("a b&c=d/%"), "a%20b%26c%3Dd%2F%25");
    CHECK_EQ(percent_encoded("\xc3\xa9\n"), "%C3%A9%0A");
    CHECK_EQ(percent_encoded(""), "");
}

CASE(further_characters_stay_where_the_caller_says_so) {
    CHECK_EQ(percent_encoded("/api/v1/a b", "/"), "/api/v1/a%20b");
}
