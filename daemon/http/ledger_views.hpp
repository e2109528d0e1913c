// SPDX-License-Identifier: GPL-2.0-or-later
// The routes by which staff enter things by hand, and everybody reads what was entered for their
// accounts. They check the form of what was sent; the ledger checks the rest.
#pragma once

#include "daemon/http/router.hpp"

namespace sluice::http {

Response view_overrides(const Call& call);
Response view_set_override(const Call& call);
Response view_end_override(const Call& call);
Response view_adjustments(const Call& call);
Response view_add_adjustment(const Call& call);
Response view_take_back(const Call& call);
Response view_resets(const Call& call);
Response view_reopen(const Call& call);
Response view_clock(const Call& call);
Response view_accept_clock(const Call& call);
Response view_cleanup(const Call& call);

} // namespace sluice::http
