// SPDX-License-Identifier: GPL-2.0-or-later
// What logins over TCP are made of. Tokens by name, on the Unix socket only: a token shall not make
// others. Nonces for munge logins, for all.
#pragma once

#include "daemon/http/router.hpp"

namespace sluice::http {

Response view_tokens(const Call& call);
Response view_add_token(const Call& call);
Response view_remove_token(const Call& call);
// {"nonce": ..., "valid_s": 60}, before any login.
Response view_nonce(const Call& call);

} // namespace sluice::http
