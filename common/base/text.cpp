// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/text.hpp"

#include <algorithm>
#include <string>

namespace sluice {
namespace {

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Levenshtein with one row; words here are short keys and names.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t swap = diagonal + (folded(a[i - 1]) == folded(b[j - 1]) ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, swap});
        }
    }
    return row.back();
}

} // namespace

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_space(text.back()))
        text.remove_suffix(1);
    return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        const std::string_view part = trim(text.substr(0, at));
        if (!part.empty())
            parts.emplace_back(part);
        if (at == std::string_view::npos)
            return parts;
        text.remove_prefix(at + 1);
    }
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
    std::string out;
    for (const auto& part : parts) {
        if (&part != &parts.front())
            out += separator;
        out += part;
    }
    return out;
}

std::string fingerprint(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325; // FNV-1a
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return std::to_string(hash);
}

std::vector<std::string> sorted(std::vector<std::string> list) {
    std::sort(list.begin(), list.end());
    return list;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), folded);
    return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && compare_ignoring_case(a, b) == 0;
}

int compare_ignoring_case(std::string_view a, std::string_view b) noexcept {
    const std::size_t both = std::min(a.size(), b.size());
    for (std::size_t i = 0; i < both; ++i)
        if (const int order =
                static_cast<unsigned char>(folded(a[i])) - static_cast<unsigned char>(folded(b[i]));
            order != 0)
            return order;
    return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    constexpr std::size_t kMaxWord =
        64; // longer input is no slip of the pen, and the cost is its square
    if (word.size() > kMaxWord)
        return {};
    std::string best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const auto& candidate : candidates) {
        if (candidate.size() > kMaxWord)
            continue;
        const std::size_t d = distance(word, candidate);
        if (d < best_distance) {
            best_distance = d;
            best = candidate;
        }
    }
    return best;
}

namespace {

Error fault(std::size_t at, std::string_view what) {
    return {Errc::malformed,
            "the brace at character " + std::to_string(at + 1) + " " + std::string(what)};
}

} // namespace

Result<std::vector<FillPiece>> fill_pieces(std::string_view pattern) {
    std::vector<FillPiece> pieces;
    std::size_t at = 0;
    while (at < pattern.size()) {
        const std::size_t brace = pattern.find_first_of("{}", at);
        if (brace != at)
            pieces.push_back({pattern.substr(at, brace - at), false});
        if (brace == std::string_view::npos)
            break;
        if (brace + 1 < pattern.size() && pattern[brace + 1] == pattern[brace]) {
            pieces.push_back({pattern.substr(brace, 1), false});
            at = brace + 2;
            continue;
        }
        if (pattern[brace] == '}')
            return fault(brace, "closes nothing; write }} for a brace");
        const std::size_t end = pattern.find_first_of("{}", brace + 1);
        if (end == std::string_view::npos || pattern[end] == '{')
            return fault(brace, "is not closed; close it, or write {{ for a brace");
        if (end == brace + 1)
            return fault(brace, "has no name behind it; name a placeholder, or write {{ for a "
                                "brace");
        pieces.push_back({pattern.substr(brace + 1, end - brace - 1), true});
        at = end + 1;
    }
    return pieces;
}

bool is_mail_address(std::string_view text) {
    constexpr std::size_t kMaxBytes = 254; // RFC 5321, 4.5.3.1.3
    constexpr std::size_t kMaxName = 64;
    constexpr std::string_view kSigns = "!#$%&'*+-/=?^_`{|}~.";
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    const auto is_atom = [&](char c) {
        return is_letter(c) || kSigns.find(c) != std::string_view::npos;
    };
    const auto is_host = [&](char c) { return is_letter(c) || c == '-' || c == '.'; };
    const auto at = text.find('@');
    if (text.size() > kMaxBytes || at == std::string_view::npos || at == 0 || at > kMaxName ||
        text.front() == '-' || at + 1 == text.size())
        return false;
    const auto name = text.substr(0, at);
    const auto host = text.substr(at + 1);
    return std::all_of(name.begin(), name.end(), is_atom) &&
           std::all_of(host.begin(), host.end(), is_host);
}

std::string fixed_point(std::int64_t value, int places) {
    std::string text = std::to_string(value);
    const std::size_t sign = value < 0 ? 1 : 0;
    const auto digits = static_cast<std::size_t>(places) + 1;
    text.insert(sign, digits - std::min(digits, text.size() - sign), '0');
    return text.insert(text.size() - static_cast<std::size_t>(places), 1, '.');
}

std::string percent_encoded(std::string_view text, std::string_view also_plain) {
    constexpr std::string_view kPlain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (kPlain.find(c) != std::string_view::npos ||
            also_plain.find(c) != std::string_view::npos)
            out += c;
        else
            (((out += '%') += kHex[byte >> 4]) += kHex[byte & 15]);
    }
    return out;
}

} // namespace sluice
