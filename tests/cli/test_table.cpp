// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/table.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::cli;

namespace {

constexpr Column kColumns[] = {
    {"account", "Account", 12, "account in Slurm"},
    {"used", "Used", 10, "hours"},
    {"note", "Note", 8, "remark", text_cell, "remark"},
};

const char* const kRows = R"([
    {"account": "physics", "used": "1231", "remark": "over"},
    {"account": "chemistry-of-everything", "used": 9},
    {"account": "f\u00fc\u00fc", "used": 0, "remark": ["two\nlines", "x"]}])";

std::string shown(const std::string& format, const Style& style = {},
                  const std::string& rows = kRows) {
    auto table = Table::make(kColumns, format, style, Instant{});
    CHECK(table.has_value());
    const auto list = json::parse(rows);
    CHECK(list.has_value());
    for (const auto& row : list->view().items())
        table->add(row);
    return table->text();
}

std::string why(const std::string& format) {
    const auto table = Table::make(kColumns, format, {}, Instant{});
    CHECK(!table.has_value());
    return table.error().context;
}

} // namespace

CASE(columns_are_right_aligned_grow_to_a_bound_and_end_in_plus_when_cut) {
    Style style;
    style.terminal = 80;
    CHECK_EQ(shown("account,used", style), "     Account   Used\n"
                                           "------------ ------\n"
                                           "     physics   1231\n"
                                           "chemistry-o+      9\n"
                                           "         f\xC3\xBC\xC3\xBC      0\n");
    CHECK(shown("account").find("chemistry-of-everything") != std::string::npos);
}

CASE(points_of_numbers_stand_below_each_other) {
    const std::string rows = R"([{"used": "1231"}, {"used": "-9.25"}, {"used": "0.0125"},
                                 {"used": "-"}, {}])";
    CHECK_EQ(shown("used", {}, rows), "     Used\n"
                                      "---------\n"
                                      "1231\n"
                                      "  -9.25\n"
                                      "   0.0125\n"
                                      "   -\n\n");
    CHECK_EQ(shown("used%7", {}, rows), "   Used\n"
                                        "-------\n"
                                        "   1231\n"
                                        "  -9.25\n"
                                        " 0.0125\n"
                                        "      -\n\n");
    const std::string words = R"([{"used": "1.5"}, {"used": "1"}, {"used": "1.2.3"}])";
    CHECK_EQ(shown("used", {false}, words), "   1.5\n     1\n 1.2.3\n");
}

CASE(a_table_drops_columns_in_order_and_then_cuts_the_widest) {
    Style style;
    const auto fitted = [&](std::size_t terminal) {
        style.terminal = terminal;
        auto table = Table::make(kColumns, "account,used,note", style, Instant{});
        CHECK(table.has_value());
        table->fit({"note", "account"});
        const auto list =
            json::parse(R"([{"account": "chemistry-2", "used": 9, "remark": "over"}])");
        for (const auto& row : list->view().items())
            table->add(row);
        const auto text = table->text();
        return text.substr(text.rfind('\n', text.size() - 2) + 1);
    };
    CHECK_EQ(fitted(25), "chemistry-2      9   over\n");
    CHECK_EQ(fitted(24), "chemistry-2      9\n");
    CHECK_EQ(fitted(17), "chemistry+      9\n");
    CHECK_EQ(fitted(3), "chemist+      9\n");
    style.separation = Separation::parsable2;
    CHECK_EQ(fitted(3), "chemistry-2|9|over\n");
}

CASE(a_named_width_is_kept_and_minus_aligns_left) {
    CHECK_EQ(shown("used%3,account%-9,note%1"), "Us+ Account   +\n"
                                                "--- --------- -\n"
                                                "12+ physics   +\n"
                                                "  9 chemistr+\n"
                                                "  0 f\xC3\xBC\xC3\xBC       +\n");
}

CASE(header_can_be_left_out) {
    CHECK_EQ(shown("used", {.header = false}), "  1231\n     9\n     0\n");
}

CASE(parsable_output_is_never_cut) {
    Style style{true, Separation::parsable2, "|"};
    CHECK_EQ(
        shown("account%3,note", style),
        "Account|Note\nphysics|over\nchemistry-of-everything|\nf\xC3\xBC\xC3\xBC|two\\nlines,x\n");
    style.separation = Separation::parsable;
    style.header = false;
    style.delimiter = ";";
    CHECK_EQ(shown("used,note", style), "1231;over;\n9;;\n0;two\\nlines,x;\n");
}

CASE(a_delimiter_within_a_cell_begins_no_field) {
    const std::string rows = R"([{"account": "a|b|", "used": "x\u2502y", "remark": "c;;d"}])";
    Style style{true, Separation::parsable2, "|"};
    CHECK_EQ(shown("account,used", style, rows), "Account|Used\na\\u007cb\\u007c|x\u2502y\n");
    style.delimiter = "\u2502";
    CHECK_EQ(shown("account,used", style, rows), "Account\u2502Used\na|b|\u2502x\\u2502y\n");
    style.delimiter = ";;";
    CHECK_EQ(shown("account,note", style, rows), "Account;;Note\na|b|;;c\\u003b;d\n");
    style.delimiter = "";
    CHECK_EQ(shown("account,note", style, rows), "AccountNote\na|b|c;;d\n");
}

CASE(wide_characters_take_two_columns_and_combining_ones_none) {
    CHECK_EQ(display_width("\u7269\u7406"), 4U);
    CHECK_EQ(display_width("e\u0301\u00fc"), 2U);
    const std::string rows =
        R"([{"account": "\u7269\u7406\u5b66", "used": 1}, {"account": "physics"}])";
    CHECK_EQ(shown("account,used", {}, rows), "Account   Used\n"
                                              "------- ------\n"
                                              " \u7269\u7406\u5b66      1\n"
                                              "physics\n");
    CHECK_EQ(shown("account%4", {.header = false}, rows), " \u7269+\nphy+\n");
    CHECK_EQ(shown("account%-5,used%1", {.header = false}, rows), "\u7269\u7406+ 1\nphys+\n");
}

CASE(a_record_reads_from_its_parent_what_it_lacks) {
    const auto both =
        json::parse(R"({"row": {"used": null}, "parent": {"account": "a", "used": 1}})");
    auto table = Table::make(kColumns, "account,used", {false, Separation::parsable2, "|"}, {});
    table->add((*both)["row"], (*both)["parent"]);
    CHECK_EQ(table->text(), "a|\n");
}

CASE(fields_ignore_case_and_blanks) {
    CHECK_EQ(shown(" USED %7 ", {.header = false}), "   1231\n      9\n      0\n");
}

CASE(an_unknown_field_or_width_is_named) {
    CHECK_EQ(why("acount"), "unknown field 'acount' in --format; did you mean 'account'?");
    CHECK_EQ(why("zzzzzz"), "unknown field 'zzzzzz' in --format; --helpformat lists the fields");
    for (const char* bad : {"used%", "used%x", "used%0", "used%5x", "used%100000", "used%-"})
        CHECK(why(bad).find("the width is a number") != std::string::npos);
    CHECK_EQ(why(","), "--format names no field; --helpformat lists the fields");
}

CASE(help_lists_every_field) {
    CHECK_EQ(fields_help(kColumns), "account  account in Slurm\n"
                                    "used     hours\n"
                                    "note     remark\n");
}
