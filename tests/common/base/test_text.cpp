// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/text.hpp"

#include "tests/support/case.hpp"

using namespace sluice;

CASE(split_trims_and_leaves_out_empty_parts) {
    const auto parts = split(" a, b ,,c ", ',');
    CHECK_EQ(join(parts, "|"), "a|b|c");
    CHECK(split("", ',').empty());
}

CASE(names_fold_case) {
    CHECK(equals_ignoring_case("GRES/gpu", "gres/GPU"));
    CHECK(!equals_ignoring_case("gpu", "gres/gpu"));
    CHECK_EQ(lower("Physics"), "physics");
}

CASE(only_a_near_word_is_suggested) {
    const std::vector<std::string> known = {"grace_ratio", "carryover", "period"};
    CHECK_EQ(nearest("grace_ration", known), "grace_ratio");
    CHECK_EQ(nearest("periode", known), "period");
    CHECK_EQ(nearest("zzz", known), "");
    CHECK_EQ(nearest(std::string(10000, 'x'), known), "");
}

CASE(a_mail_address_is_plain) {
    CHECK(is_mail_address("pi@example.org"));
    CHECK(is_mail_address("first.last+hpc@sub.example.org"));
    for (const char* bad : {"", "pi", "@example.org", "pi@", "-oQ@example.org", "a b@example.org",
                            "a@b\r\nBcc: c@d", "a,b@example.org", "<a@b>", "a@b@c", "a@exa mple",
                            "\"a\"@b", "a@b>", "a@b?x", "\xc3\xa4@b"})
        CHECK(!is_mail_address(bad));
    CHECK(!is_mail_address(std::string(65, 'a') + "@example.org"));
    CHECK(!is_mail_address("a@" + std::string(253, 'b')));
}
