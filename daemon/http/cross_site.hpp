// SPDX-License-Identifier: GPL-2.0-or-later
// Requests that change something must come from a program or from sluiced's own page, not from a
// page of another site in a browser that knows a login. Pure function; no state.
#pragma once

#include "daemon/http/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

// Headers of a request; "": not sent.
struct SiteHeaders {
    std::string content_type = {};
    std::string origin = {};
    std::string fetch_site = {}; // Sec-Fetch-Site
    std::string host = {};
    bool tls = false; // the connection is encrypted up to sluiced
};

// GET and HEAD change nothing.
constexpr bool changes(std::string_view method) {
    return method != "GET" && method != "HEAD";
}

// For a request that changes: 415 without Content-Type: application/json, which a page can send to
// another site only after that site allowed it (sluiced never does); 403 when the browser says that
// another site made it.
std::optional<Response> cross_site_fault(const SiteHeaders& headers);

} // namespace sluice::http
