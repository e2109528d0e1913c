// SPDX-License-Identifier: GPL-2.0-or-later
// What must have been granted for Waldur to come to the figures of an order. Pure.
#pragma once

#include "daemon/ports/portal.hpp"
#include "waldur/sync/event.hpp"

namespace sluice::app {

using Limits = std::map<std::string, Decimal>; // units by component, as of a resource

// The limits of `resource` by `event`; where they lead to the same figures as those that are known,
// the known ones. conflict: the figures do not follow from the policy in `view`, so that Waldur has
// to be asked first.
Result<Limits> granted_by(const PortalEvent& event, const ports::PortalView& view,
                          const ports::PortalResource& resource);

} // namespace sluice::app
