// SPDX-License-Identifier: GPL-2.0-or-later
// From the file's rules and what Waldur says to the rules that cycles run by. Pure.
#pragma once

#include "common/settings/portal.hpp"
#include "daemon/core/rules.hpp"
#include "daemon/ports/portal.hpp"
#include "waldur/sync/flags.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::app {

using AskedFlags = std::map<std::string, AskedFlag>; // by flag_key()

// flag: "paused", "downscaled"
std::string flag_key(const std::string& resource, const char* flag);

// Which account is which resource, and what is wrong with the others.
struct AccountResources {
    std::map<std::string, const ports::PortalResource*> accounts; // those to be dealt with
    std::vector<model::Problem> problems;
};
AccountResources roster(const ports::PortalView& view);

// `view` nullptr: Waldur has never answered.
std::shared_ptr<Rules> portal_rules(const Rules& file, const settings::PortalSettings& settings,
                                    const ports::PortalView* view, const AskedFlags& asked);

} // namespace sluice::app
