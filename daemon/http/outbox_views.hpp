// SPDX-License-Identifier: GPL-2.0-or-later
// Routes of the outbox: what waits for Waldur, mail and webhooks, and what a person does about it.
#pragma once

#include "daemon/http/router.hpp"

namespace sluice::http {

Response view_outbox(const Call& call);
Response view_retry_message(const Call& call);
Response view_drop_message(const Call& call);

} // namespace sluice::http
