// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/printable.hpp"

#include "tests/support/case.hpp"

using namespace sluice;

namespace {

struct Pair {
    std::string_view text;
    std::string_view shown;
};

constexpr Pair kStay[] = {{"", ""},
                          {"physics", "physics"},
                          {"C:\\physics", "C:\\physics"},
                          {"f\u00FC\u00FC", "f\u00FC\u00FC"},
                          {"\u7269\u7406 \U0001F600", "\u7269\u7406 \U0001F600"},
                          {"\u00A0", "\u00A0"},
                          {"\u200A\u2010\u2027\u202F\u205F", "\u200A\u2010\u2027\u202F\u205F"},
                          {"\u0627\u05D0", "\u0627\u05D0"},
                          {"\uFFFD", "\uFFFD"}};

constexpr Pair kChange[] = {
    {"e\x1b[31mvil", "e\\u001b[31mvil"},
    {{"a\0b", 3}, "a\\u0000b"},
    {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
    {"\x07\x08\x1f\x7f", "\\u0007\\u0008\\u001f\\u007f"},
    {"\u0080\u009b1m\u009f", "\\u0080\\u009b1m\\u009f"},
    {"\u202ainner\u202b\u202c\u202d\u202e", "\\u202ainner\\u202b\\u202c\\u202d\\u202e"},
    {"\u2066\u2067\u2068\u2069", "\\u2066\\u2067\\u2068\\u2069"},
    {"\u200e\u200f\u061c", "\\u200e\\u200f\\u061c"},
    {"\u2028\u2029", "\\u2028\\u2029"},
    {"\u200b\u200c\u200d\u2060\ufeff", "\\u200b\\u200c\\u200d\\u2060\\ufeff"},
    {"phy\u00adsics\ufe0f\u3164\u115f", "phy\\u00adsics\\ufe0f\\u3164\\u115f"},
    {"\ufff9\ufffb", "\\ufff9\\ufffb"},
    {"\U000E0041\U0001D173", "\\udb40\\udc41\\ud834\\udd73"},
    {"\x9b"
     "31m",
     "\\x9b31m"},
    {"\xc0\x9b", "\\xc0\\x9b"},                   // overlong
    {"\xe0\x80\x9b", "\\xe0\\x80\\x9b"},          // overlong
    {"\xf0\x80\x80\x9b", "\\xf0\\x80\\x80\\x9b"}, // overlong
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          // surrogate
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, // above U+10FFFF
    {"\xff\xfe", "\\xff\\xfe"},
    {"f\xc3", "f\\xc3"}, // cut off
    {"\xe2\x82\x1b", "\\xe2\\x82\\u001b"}};

} // namespace

CASE(what_people_can_read_stays) {
    for (const auto& [text, shown] : kStay) {
        CHECK_EQ(printable(text), shown);
        CHECK_EQ(first_unprintable(text), "");
    }
}

CASE(what_is_obeyed_or_not_seen_is_written_out) {
    for (const auto& [text, shown] : kChange) {
        CHECK_EQ(printable(text), shown);
        CHECK_EQ(printable(printable(text)), shown);
        CHECK(!first_unprintable(text).empty());
    }
    CHECK_EQ(first_unprintable("ab\u202e\x1b"), "\\u202e");
}

CASE(a_text_of_several_lines_keeps_line_ends_and_tabs_only) {
    CHECK_EQ(printable("a\tb\nc\x1b\r\n", Breaks::kept), "a\tb\nc\\u001b\\r\n");
    CHECK_EQ(first_unprintable("a\tb\n", Breaks::kept), "");
    CHECK_EQ(first_unprintable("a\tb\n"), "\\t");
}

CASE(no_byte_sequence_gets_a_control_through) {
    // All pairs of bytes, so that lead and continuation bytes meet everything.
    for (int first = 0; first < 256; ++first)
        for (int second = 0; second < 256; ++second) {
            const std::string text{static_cast<char>(first), static_cast<char>(second)};
            const std::string shown = printable(text);
            for (std::string_view rest = shown; !rest.empty();) {
                const std::size_t length = character_length(rest);
                CHECK(length > 0);
                const auto lead = static_cast<unsigned char>(rest[0]);
                CHECK(lead >= 0x20 && lead != 0x7F);
                CHECK(length == 1 || lead != 0xC2 || static_cast<unsigned char>(rest[1]) >= 0xA0);
                rest.remove_prefix(length);
            }
        }
}
