// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/text.hpp"

#include "tests/support/case.hpp"

#include <string>

using namespace sluice;

namespace {

// Placeholders in angle brackets.
std::string shape(std::string_view pattern) {
    const auto pieces = fill_pieces(pattern);
    if (!pieces)
        return pieces.error().context;
    std::string out;
    for (const auto& piece : *pieces)
        out += piece.placeholder ? "<" + std::string(piece.text) + ">" : std::string(piece.text);
    return out;
}

} // namespace

CASE(words_and_placeholders_are_told_apart) {
    CHECK_EQ(shape(""), "");
    CHECK_EQ(shape("plain"), "plain");
    CHECK_EQ(shape("{a}b{c}"), "<a>b<c>");
}

CASE(doubled_braces_are_braces) {
    CHECK_EQ(shape("{{a}} {{{b}}}"), "{a} {<b>}");
}

CASE(a_brace_without_its_other_half_is_refused) {
    CHECK_EQ(shape("ab{c"), "the brace at character 3 is not closed; close it, or write {{ for a "
                            "brace");
    CHECK_EQ(shape("{a{b}"), "the brace at character 1 is not closed; close it, or write {{ for a "
                             "brace");
    CHECK_EQ(shape("a}"), "the brace at character 2 closes nothing; write }} for a brace");
    CHECK_EQ(shape("{}"), "the brace at character 1 has no name behind it; name a placeholder, or "
                          "write {{ for a brace");
}
