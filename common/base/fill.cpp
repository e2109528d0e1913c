// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/fill.hpp"

#include <string>

namespace sluice {
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

} // namespace sluice
