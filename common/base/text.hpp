// SPDX-License-Identifier: GPL-2.0-or-later
// Small text helpers that several folders need. ASCII rules only: Slurm's names are ASCII and fold
// case so.
#pragma once

#include <span>
#include <string>
#include <string_view>
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
bool equals_ignoring_case(std::string_view a, std::string_view b);
// The candidate nearest to `word` (edit distance, case ignored) when it is near enough to be a slip
// of the pen; else "".
std::string nearest(std::string_view word, std::span<const std::string> candidates);

} // namespace sluice
