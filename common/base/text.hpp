// SPDX-License-Identifier: GPL-2.0-or-later
// Small text helpers that several folders need. ASCII rules only: Slurm's names are ASCII and fold
// case so.
#pragma once

#include "common/base/result.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace sluice {
// One character in lower case.
constexpr char folded(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string_view trim(std::string_view text);
// Parts between separators, trimmed; empty parts are left out.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string lower(std::string_view text);
// All of `text` as a decimal number; nothing else may stand beside it.
template <class Number = std::int64_t>
std::optional<Number> whole_number(std::string_view text) {
    Number value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}
// Texts that differ have different ones, but for chance; the same on every host.
std::string fingerprint(std::string_view text);
std::vector<std::string> sorted(std::vector<std::string> list);
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;
// Below 0, 0 or above 0, by the bytes of both in lower case.
int compare_ignoring_case(std::string_view a, std::string_view b) noexcept;
// The candidate nearest to `word` (edit distance, case ignored) when it is near enough to be a slip
// of the pen; else "".
std::string nearest(std::string_view word, std::span<const std::string> candidates);
// Whether it is name@host of plain ASCII, at most 254 bytes, without a character that a mail header
// or an SMTP command could misread.
bool is_mail_address(std::string_view text);
// value / 10^places with all its places: 12310 and 4 are "1.2310".
std::string fixed_point(std::int64_t value, int places);

// Texts with {placeholders}, taken apart. What a placeholder stands for is the caller's business.

// A view into the pattern: words to be copied, or the name between two braces.
struct FillPiece {
    std::string_view text;
    bool placeholder = false;
};

// "{{" and "}}" stand for the braces themselves. Errors: malformed (a brace without its other half,
// an empty name); the context names it and the remedy. The pieces live as long as `pattern`.
Result<std::vector<FillPiece>> fill_pieces(std::string_view pattern);

// Percent-encoding of texts that become part of a URL or of a form (RFC 3986, section 2).

// Everything but letters, digits, -._~ and the characters of `also_plain` becomes %XX.
std::string percent_encoded(std::string_view text, std::string_view also_plain = {});

} // namespace sluice
