// SPDX-License-Identifier: GPL-2.0-or-later
// What a submitter reads: the refusal of a paused account, the warning of a slowed or nearly used
// up one, in the built-in words. One line a fact. A site's own words: message_templates.hpp.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/texts.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::policy {

// At most kTextMost bytes with "\nAsk CONTACT.", which the plugin adds.
struct UserText {
    std::string text;
    std::string contact; // "": `text` is complete
};

// `account` is the one that was named at submission: `decision`'s own, or one below it.
UserText refusal(const Zone& zone, const model::AccountDecision& decision,
                 const std::string& account, const model::AccountDecision* cause);
UserText warning(const Zone& zone, const model::AccountDecision& decision,
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
