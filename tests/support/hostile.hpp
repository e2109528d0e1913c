// SPDX-License-Identifier: GPL-2.0-or-later
// A text with all that must not reach people as it is, and a look at what reached them. Knows
// nothing of printable().
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace sluice::test {

// ESC, BEL, CR, DEL, a C1 control, overrides and isolates of direction, marks, what has no width,
// separators; a line of its own; a byte that is no UTF-8.
inline const std::string kHostile = "\x1b[31m\x07\r\x7f\u009b1m\u202e\u2066\u200f\u061c\u200b\ufeff"
                                    "\u2028\nforged line \x9b";
// The same in UTF-8.
inline const std::string kHostileText = kHostile.substr(0, kHostile.size() - 1);

// What of kHostile, or of its kind, is in `text`; "": nothing.
inline std::string harm_in(std::string_view text) {
    constexpr std::array<std::string_view, 11> kSigns{"\u202e", "\u202a", "\u2066",  "\u200f",
                                                      "\u200e", "\u061c", "\u200b",  "\ufeff",
                                                      "\u2028", "\u2029", "\nforged"};
    for (const auto sign : kSigns)
        if (text.find(sign) != std::string_view::npos)
            return "a sign of direction, width or line";
    std::size_t rest = 0; // bytes that the character still needs
    char before = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F)
            return "control character " + std::to_string(byte);
        if (before == '\xc2' && byte < 0xA0)
            return "C1 control " + std::to_string(byte);
        if ((rest > 0) != ((byte & 0xC0) == 0x80))
            return "byte " + std::to_string(byte) + " that is no UTF-8";
        rest = rest > 0 ? rest - 1 : byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0 ? 1 : 0;
        before = c;
    }
    return rest > 0 ? "a character that is cut off" : "";
}

} // namespace sluice::test
