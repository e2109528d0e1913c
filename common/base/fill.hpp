// SPDX-License-Identifier: GPL-2.0-or-later
// Texts with {placeholders}, taken apart. What a placeholder stands for is the caller's business.
#pragma once

#include "common/base/result.hpp"

#include <string_view>
#include <vector>

namespace sluice {

// A view into the pattern: words to be copied, or the name between two braces.
struct FillPiece {
    std::string_view text;
    bool placeholder = false;
};

// "{{" and "}}" stand for the braces themselves. Errors: malformed (a brace without its other half,
// an empty name); the context says which and what mends it. The pieces live as long as `pattern`.
Result<std::vector<FillPiece>> fill_pieces(std::string_view pattern);

} // namespace sluice
