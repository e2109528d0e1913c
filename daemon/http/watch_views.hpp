// SPDX-License-Identifier: GPL-2.0-or-later
// What watches the daemon from outside: readiness, metrics, the description of the routes, Open
// OnDemand's balances, and the page for a browser.
#pragma once

#include "daemon/http/router.hpp"

namespace sluice::http {

Response view_ready(const Call& call);
Response view_metrics(const Call& call);
Response view_openapi(const Call& call);
Response view_ondemand(const Call& call);
Response view_page(const Call& call);

} // namespace sluice::http
