// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's policy of the offering in our words. Pure.
#pragma once

#include "daemon/core/rules.hpp"
#include "daemon/ports/portal.hpp"

namespace sluice::app {

// Replaces in the one policy of `rules` (made if there is none; it then observes) what Waldur's
// policy says; what cannot be taken becomes a problem and stays as the file has it.
void take_policy(const ports::PortalView& view, Rules& rules);

} // namespace sluice::app
