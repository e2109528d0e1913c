// SPDX-License-Identifier: GPL-2.0-or-later
// What a munge credential proves when it logs in over HTTP: a login for one request to one run of
// sluiced, which made the nonce. docs/http-api.md describes the text.
#pragma once

#include <string>
#include <string_view>

namespace sluice::cred {

// The first line of the payload. No other use of munge begins with it.
inline constexpr std::string_view kHttpLogin = "sluice http v1\n";

// `target`: path and query as they are sent. `body_digest`: SHA-256 of the body in hex.
inline std::string http_login_text(std::string_view nonce, std::string_view method,
                                   std::string_view target, std::string_view body_digest) {
    std::string out(kHttpLogin);
    out.append(nonce).append("\n").append(method).append(" ").append(target);
    return out.append("\n").append(body_digest).append("\n");
}

} // namespace sluice::cred
