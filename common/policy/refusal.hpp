// SPDX-License-Identifier: GPL-2.0-or-later
// What a submitter reads: the refusal of a paused account, the warning of a slowed or nearly used
// up one, in the built-in words. One line a fact; at most kTextMost bytes. The plugin goes on from
// "Ask ...". A site's own words: wording.hpp.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/texts.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::policy {

// `account` is the one that was named at submission: `decision`'s own, or one below it.
std::string refusal(const Zone& zone, const model::AccountDecision& decision,
                    const std::string& account, const model::AccountDecision* cause);
std::string warning(const Zone& zone, const model::AccountDecision& decision,
                    const std::string& account);

// Cuts before a UTF-8 character that does not fit.
std::string shortened(std::string text, std::size_t most);
// A text that a person wrote, printable() and short enough for a line.
std::string one_line(std::string_view text);
// The figure that decides; nullptr: a weighted sum of several, or none.
const model::Figure* judged_figure(const model::AccountDecision& decision);
// Staff, not usage, made the standing.
bool overridden(const model::AccountDecision& decision);

} // namespace sluice::policy
