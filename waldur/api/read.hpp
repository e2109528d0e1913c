// SPDX-License-Identifier: GPL-2.0-or-later
// Waldur's JSON to values. Pure. What of one resource cannot be understood goes to its `fault`: it
// must not take the others with it.
#pragma once

#include "common/json/json.hpp"
#include "daemon/ports/portal.hpp"

#include <optional>
#include <string>

namespace sluice::waldur {

// 32 lower-case hex digits, out of one with or without dashes or the last part of a URL; "": none.
std::string uuid_of(std::string_view text);

std::vector<ports::PortalComponent> read_components(json::View list);
ports::PortalResource read_resource(json::View object);
ports::PortalPolicy read_policy(json::View object);
// UUIDs of a policy's organization groups.
// "": none that mail can go to.
std::string read_address(json::View view);
std::vector<std::string> read_groups(json::View policy);

// Our own form of it, for the journal.
std::string write_view(const ports::PortalView& view);
Result<ports::PortalView> read_view(const std::string& text);

} // namespace sluice::waldur
