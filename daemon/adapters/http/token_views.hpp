// SPDX-License-Identifier: GPL-2.0-or-later
// Tokens by name. On the Unix socket only: a token shall not make others.
#pragma once

#include "daemon/adapters/http/router.hpp"

namespace sluice::http {

Response view_tokens(const Call& call);
Response view_add_token(const Call& call);
Response view_remove_token(const Call& call);

} // namespace sluice::http
