// SPDX-License-Identifier: GPL-2.0-or-later
// One function per route of /api/v1. They check what was asked and show what the service says.
#pragma once

#include "daemon/http/router.hpp"

namespace sluice::http {

Response view_health(const Call& call);
Response view_info(const Call& call);
Response view_status(const Call& call);
Response view_accounts(const Call& call);
Response view_account(const Call& call);
Response view_balances(const Call& call);
Response view_evaluate(const Call& call);
Response view_evaluations(const Call& call);
Response view_commands(const Call& call);
Response view_plugins(const Call& call);
Response view_cycles(const Call& call);
Response view_controller(const Call& call);

} // namespace sluice::http
