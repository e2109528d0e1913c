// SPDX-License-Identifier: GPL-2.0-or-later
// The placeholders of model::kPlaceholders, and how texts of other people fit into a message.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::format {

// The text of a placeholder in a message to users of `account`; printable(). `source` decides: the
// decision of the account itself, or of one above it.
std::string placeholder_text(std::string_view name, const Zone& zone, const std::string& cluster,
                             const model::AccountDecision& source, const std::string& account);

// Cuts before a UTF-8 character that does not fit.
std::string shortened(std::string text, std::size_t most);
// A text that a person wrote, printable() and short enough for a line.
std::string one_line(std::string_view text);
// The figure that decides; nullptr: a weighted sum of several, or none.
const model::Figure* deciding_figure(const model::AccountDecision& decision);

} // namespace sluice::format
