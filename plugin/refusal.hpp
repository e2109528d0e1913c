// SPDX-License-Identifier: GPL-2.0-or-later
// What a refused person reads: the daemon's text, and the accounts that would still take the job.
// Under 500 bytes. Runs on the refusing path only, so it may allocate.
#pragma once

#include "plugin/admission.hpp"

#include <string>

namespace sluice::plugin {

// REQUIRES: `account` is the view's. `uid`: whose other accounts are offered.
std::string refusal_text(const View& view, const View::Account& account, std::uint32_t uid,
                         Instant now);

} // namespace sluice::plugin
