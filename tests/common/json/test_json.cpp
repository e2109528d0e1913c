// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/json/json.hpp"
#include "tests/support/case.hpp"

#include <limits>

using namespace sluice;
using json::Value;

CASE(keys_come_out_in_the_order_of_setting) {
    Value v = Value::object();
    v.set("z", 1).set("a", "x").set("m", true);
    CHECK_EQ(v.compact(), "{\"z\":1,\"a\":\"x\",\"m\":true}");
    CHECK_EQ(v.indented(), "{\n  \"z\": 1,\n  \"a\": \"x\",\n  \"m\": true\n}");
}

CASE(decimals_are_exact_and_whole_ones_are_integers) {
    CHECK_EQ(Value::decimal(2310000, 6).compact(), "2.31");
    CHECK_EQ(Value::decimal(10, 2).compact(), "0.1");
    CHECK_EQ(Value::decimal(10258, 2).compact(), "102.58");
    CHECK_EQ(Value::decimal(-50, 2).compact(), "-0.5");
    CHECK_EQ(Value::decimal(1200000000, 6).compact(), "1200");
    CHECK_EQ(Value::decimal(988281250, 6).compact(), "988.28125");
    CHECK_EQ(Value::decimal(123456789012345, 3).compact(), "123456789012.345");
}

CASE(absent_optional_is_null) {
    Value v = Value::object();
    v.set("none", std::optional<std::int64_t>()).set("some", std::optional<std::int64_t>(7));
    CHECK_EQ(v.compact(), "{\"none\":null,\"some\":7}");
}

CASE(numbers_beyond_int64_are_capped) {
    CHECK_EQ(Value(std::numeric_limits<std::uint64_t>::max()).compact(), "9223372036854775807");
    CHECK_EQ(Value(std::numeric_limits<std::int64_t>::min()).compact(), "-9223372036854775808");
}

CASE(bytes_that_are_not_utf8_are_replaced) {
    CHECK_EQ(Value("a\xFFz").compact(), "\"a\xEF\xBF\xBDz\"");
    CHECK_EQ(Value("\xED\xA0\x80").compact(), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    CHECK_EQ(Value(std::string_view("a\0z", 3)).compact(), "\"a\xEF\xBF\xBDz\"");
    CHECK_EQ(Value("J\xC3\xB5geva").compact(), "\"J\xC3\xB5geva\"");
    Value v = Value::object();
    v.set("k\xC0", 1);
    CHECK_EQ(v.compact(), "{\"k\xEF\xBF\xBD\":1}");
}

CASE(reading_what_is_absent_gives_the_fallback) {
    const auto parsed =
        json::parse("{\"n\": 5, \"x\": 2.5, \"s\": \"t\", \"l\": [\"a\", 1, \"b\"]}");
    CHECK(parsed.has_value());
    const auto v = parsed->view();
    CHECK_EQ(v["n"].integer(), 5);
    CHECK_EQ(v["x"].number(), 2.5);
    CHECK_EQ(v["s"].text(), "t");
    CHECK_EQ(v["s"].integer(-1), -1);
    CHECK_EQ(v["no"]["deeper"].at(3).text("?"), "?");
    CHECK_EQ(v["l"].texts().size(), 2u);
    CHECK_EQ(v["l"].size(), 3u);
    CHECK_EQ(v.keys().size(), 4u);
    CHECK(!v["no"].exists());
}

CASE(parse_names_line_and_column) {
    const auto bad = json::parse("{\n  \"a\": }");
    CHECK(!bad.has_value());
    CHECK(bad.error().code == Errc::malformed);
    CHECK(bad.error().context.find("line 2 column") != std::string::npos);
}

CASE(parse_refuses_what_is_too_long_or_too_deep) {
    CHECK(!json::parse(std::string(100, ' '), {.bytes = 99}).has_value());
    CHECK(json::parse("[[[]]]", {.depth = 3}).has_value());
    CHECK(!json::parse("[[[[]]]]", {.depth = 3}).has_value());
    CHECK(json::parse("[\"[[[[[[\"]", {.depth = 1}).has_value());
    CHECK(!json::parse(std::string(60000, '['), {}).has_value());
}

CASE(parse_refuses_duplicates_scalars_and_rubbish_behind) {
    CHECK(!json::parse("{\"a\":1,\"a\":2}").has_value());
    CHECK(!json::parse("5").has_value());
    CHECK(!json::parse("").has_value());
    CHECK(!json::parse("{} x").has_value());
    CHECK(!json::parse(std::string_view("[\"a\0b\"]", 7)).has_value());
}

CASE(numbers_and_texts_are_read_as_they_were_written) {
    const auto read = [](const std::string& text) {
        const auto parsed = json::parse("[" + text + "]");
        CHECK(parsed.has_value());
        const auto decimal = json::decimal_of(parsed->view().items().front());
        return decimal ? decimal->text() : "none";
    };
    CHECK_EQ(read("0.1"), "0.1");
    CHECK_EQ(read("33.333"), "33.333");
    CHECK_EQ(read("-1000"), "-1000");
    CHECK_EQ(read("\" 12.5 \""), "12.5");
    CHECK_EQ(read("1e300"), "none");
    CHECK_EQ(read("\"many\""), "none");
    CHECK_EQ(read("true"), "none");
    CHECK_EQ(read("null"), "none");
}

CASE(what_a_terminal_obeys_is_escaped_and_reads_back_as_it_was) {
    const std::string text = "e\x1b[31m\x7f\u009b\u202e\u200b\ufeff\u2028\U000E0041 f\u00FC";
    const auto value = json::Value::object().set("name" + text, text).compact();
    const std::string shown = // jansson writes capital letters
        "e\\u001B[31m\\u007f\\u009b\\u202e\\u200b\\ufeff\\u2028\\udb40\\udc41 f\u00FC";
    CHECK_EQ(value, "{\"name" + shown + "\":\"" + shown + "\"}");
    const auto back = json::parse(value);
    CHECK_EQ((*back)["name" + text].text(), text);
}

CASE(bytes_that_are_no_utf8_never_reach_a_reader) {
    for (const char* bad :
         {"\x9b", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "f\xc3"})
        CHECK(json::parse(json::Value::array().append(bad).compact()).has_value());
}

CASE(each_text_is_changed_wherever_it_stands) {
    auto value = *json::parse(R"({"a": "x", "b": ["x", {"c": "x"}, 1, null]})");
    value.each_text([](std::string_view text) { return std::string(text) + "!"; });
    CHECK_EQ(value.compact(), R"({"a":"x!","b":["x!",{"c":"x!"},1,null]})");
}
