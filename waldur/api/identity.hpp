// SPDX-License-Identifier: GPL-2.0-or-later
// Our agent identity in Waldur: under it the service and the queues are registered.
#pragma once

#include "waldur/api/api.hpp"

#include <optional>
#include <string>

namespace sluice::waldur {

constexpr const char* kIdentities = "/api/marketplace-site-agent-identities/";

// `uuid` of the identity with that name; "" when there is none. nullopt: no fault.
std::optional<Fault> find_identity(Api& api, const std::string& name, std::string& uuid);

} // namespace sluice::waldur
