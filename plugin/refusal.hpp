// SPDX-License-Identifier: GPL-2.0-or-later
// What a user reads at submission: the daemon's text, whom to ask, and for a refusal the accounts
// that would still take the job. Under 500 bytes. Only for jobs that get a text, so it may
// allocate.
#pragma once

#include "plugin/admission.hpp"

#include <string>

namespace sluice::plugin {

// REQUIRES: `account` is the view's. `uid`: whose other accounts are offered.
std::string refusal_text(const View& view, const View::Account& account, std::uint32_t uid,
                         Instant now);
std::string warning_text(const View& view, const View::InForce& in_force);

} // namespace sluice::plugin
