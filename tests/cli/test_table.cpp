// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/table.hpp"
#include "tests/support/case.hpp"

#include <array>

using namespace sluice;
using namespace sluice::cli;

namespace {

constexpr std::array kColumns{
    Column{"account", "Account", 12, "account in Slurm"},
    Column{"used", "Used", 10, "hours"},
    Column{"note", "Note", 8, "remark"},
};

const std::vector<Row> kRows{{"physics", "1231", "over"},
                             {"chemistry-of-everything", "9.5", ""},
                             {"f\xC3\xBC\xC3\xBC", "0", "two\nlines"}};

std::string shown(const std::string& format, Style style = {}) {
    const auto chosen = choose(kColumns, format);
    CHECK(chosen.has_value());
    return render(kColumns, *chosen, kRows, style);
}

std::string why(const std::string& format) {
    const auto chosen = choose(kColumns, format);
    CHECK(!chosen.has_value());
    return chosen.error().context;
}

} // namespace

CASE(columns_are_right_aligned_grow_to_a_bound_and_end_in_plus_when_cut) {
    CHECK_EQ(shown("account,used"), "     Account   Used\n"
                                    "------------ ------\n"
                                    "     physics   1231\n"
                                    "chemistry-o+    9.5\n"
                                    "         f\xC3\xBC\xC3\xBC      0\n");
}

CASE(a_named_width_is_kept_and_minus_aligns_left) {
    CHECK_EQ(shown("used%3,account%-9,note%1"), "Us+ Account   +\n"
                                                "--- --------- -\n"
                                                "12+ physics   +\n"
                                                "9.5 chemistr+\n"
                                                "  0 f\xC3\xBC\xC3\xBC       +\n");
}

CASE(header_can_be_left_out) {
    CHECK_EQ(shown("used", {.header = false}), "  1231\n   9.5\n     0\n");
}

CASE(parsable_output_is_never_cut) {
    Style style{true, Separation::parsable2, "|"};
    CHECK_EQ(
        shown("account%3,note", style),
        "Account|Note\nphysics|over\nchemistry-of-everything|\nf\xC3\xBC\xC3\xBC|two\\nlines\n");
    style.separation = Separation::parsable;
    style.header = false;
    style.delimiter = ";";
    CHECK_EQ(shown("used,note", style), "1231;over;\n9.5;;\n0;two\\nlines;\n");
}

CASE(fields_ignore_case_and_blanks) {
    CHECK_EQ(shown(" USED %7 ", {.header = false}), "   1231\n    9.5\n      0\n");
}

CASE(an_unknown_field_or_width_is_named) {
    CHECK_EQ(why("acount"), "unknown field 'acount' in --format; did you mean 'account'?");
    CHECK_EQ(why("zzzzzz"), "unknown field 'zzzzzz' in --format (--helpformat lists them)");
    for (const char* bad : {"used%", "used%x", "used%0", "used%5x", "used%100000", "used%-"})
        CHECK(why(bad).find("the width is a number") != std::string::npos);
    CHECK_EQ(why(","), "--format names no field (--helpformat lists them)");
}

CASE(help_lists_every_field) {
    CHECK_EQ(fields_help(kColumns), "account  account in Slurm\n"
                                    "used     hours\n"
                                    "note     remark\n");
}
