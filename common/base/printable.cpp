// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

// Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt; C1; U+2028 to U+202E;
// U+FFF9 to U+FFFB, which hide text between them.
constexpr std::array<Range, 19> kUnseen{{{0x7F, 0x9F},
                                         {0xAD, 0xAD},
                                         {0x34F, 0x34F},
                                         {0x61C, 0x61C},
                                         {0x115F, 0x1160},
                                         {0x17B4, 0x17B5},
                                         {0x180B, 0x180F},
                                         {0x200B, 0x200F},
                                         {0x2028, 0x202E},
                                         {0x2060, 0x206F},
                                         {0x3164, 0x3164},
                                         {0xFE00, 0xFE0F},
                                         {0xFEFF, 0xFEFF},
                                         {0xFFA0, 0xFFA0},
                                         {0xFFF0, 0xFFFB},
                                         {0x1BCA0, 0x1BCA3},
                                         {0x1D173, 0x1D17A},
                                         {0xE0000, 0xE0FFF},
                                         {0x110000, ~0U}}};

bool is_unseen(char32_t code) {
    const auto found = std::lower_bound(kUnseen.begin(), kUnseen.end(), code,
                                        [](const Range& r, char32_t c) { return r.last < c; });
    return code >= found->first;
}

char32_t byte(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

char32_t code_of(std::string_view character) {
    constexpr std::array<char32_t, 5> kLead{0, 0x7F, 0x1F, 0x0F, 0x07};
    char32_t code = byte(character, 0) & kLead[character.size()];
    for (std::size_t i = 1; i < character.size(); ++i)
        code = code << 6 | (byte(character, i) & 0x3F);
    return code;
}

std::string hex(std::string_view lead, char32_t value, unsigned digits) {
    std::string out(lead);
    while (digits-- > 0)
        out += "0123456789abcdef"[value >> 4 * digits & 0xF];
    return out;
}

std::string escape(char32_t code) {
    switch (code) {
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        break;
    }
    if (code < 0x10000)
        return hex("\\u", code, 4);
    const char32_t rest = code - 0x10000;
    return hex("\\u", 0xD800 + (rest >> 10), 4) + hex("\\u", 0xDC00 + (rest & 0x3FF), 4);
}

bool is_plain(char c, Breaks breaks) {
    return (c >= ' ' && c < 0x7F) || (breaks == Breaks::kept && (c == '\n' || c == '\t'));
}

// Takes what `text` begins with off it; `form`: how it is written, "" as it is.
std::string_view next(std::string_view& text, Breaks breaks, std::string& form) {
    form.clear();
    const auto end = std::find_if_not(text.begin(), text.end(),
                                      [breaks](char c) { return is_plain(c, breaks); });
    std::size_t length = static_cast<std::size_t>(end - text.begin());
    if (length == 0) {
        length = character_length(text);
        if (length == 0)
            form = hex("\\x", byte(text, 0), 2);
        else if (const char32_t code = code_of(text.substr(0, length));
                 code < ' ' || is_unseen(code))
            form = escape(code);
        length = std::max<std::size_t>(length, 1);
    }
    const std::string_view taken = text.substr(0, length);
    text.remove_prefix(length);
    return taken;
}

} // namespace

std::size_t character_length(std::string_view text) {
    if (text.empty())
        return 0;
    const char32_t lead = byte(text, 0);
    if (lead < 0x80)
        return 1;
    const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || length > text.size())
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(text, i) & 0xC0) != 0x80)
            return 0;
    const char32_t code = code_of(text.substr(0, length));
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    return overlong || surrogate || code > 0x10FFFF ? 0 : length;
}

std::string printable(std::string_view text, Breaks breaks) {
    std::string out;
    out.reserve(text.size());
    for (std::string form; !text.empty();) {
        const auto taken = next(text, breaks, form);
        out += form.empty() ? taken : form;
    }
    return out;
}

std::string first_unprintable(std::string_view text, Breaks breaks) {
    std::string form;
    while (!text.empty() && form.empty())
        next(text, breaks, form);
    return form;
}

} // namespace sluice
