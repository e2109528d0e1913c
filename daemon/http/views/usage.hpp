// SPDX-License-Identifier: GPL-2.0-or-later
// Who used an account: what a viewer may see of it. Users see their own share, staff everybody's.
#pragma once

#include "daemon/http/server/router.hpp"

#include <string>
#include <vector>

namespace sluice::http {

// For each component the users that used most of it, as far as this cycle knows: [{component, tres,
// users_settled, users: [...]}].
json::Value top_users(const ports::CycleReport& cycle, const model::AccountDecision& account,
                      const Viewer& viewer);
// The same as a sentence for each component in use.
std::vector<std::string> top_users_text(const json::Value& top, const std::string& account);

} // namespace sluice::http
