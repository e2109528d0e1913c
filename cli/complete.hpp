// SPDX-License-Identifier: GPL-2.0-or-later
// `sluice __complete WORD...`: the one source of the completions for bash, zsh and fish. The last
// WORD is the one that is completed, "" for a new one.
#pragma once

#include "cli/command.hpp"

#include <string>
#include <vector>

namespace sluice::cli {

// Prints one candidate a line, with a tab and its meaning behind where it has one. A candidate that
// ends in "=" or "," is continued without a blank. Instead of candidates, ":files" or ":users" asks
// the shell for its own. Prints nothing when the daemon does not answer.
int complete(const Context& context, const std::vector<std::string>& words);

} // namespace sluice::cli
