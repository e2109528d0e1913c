// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/cross_site.hpp"

#include "common/base/text.hpp"

namespace sluice::http {
namespace {

// Behind a proxy that ends TLS the scheme is the proxy's.
bool own_origin(const SiteHeaders& headers) {
    const std::string origin = lower(headers.origin);
    const std::string host = lower(headers.host);
    return !host.empty() &&
           (origin == "https://" + host || (!headers.tls && origin == "http://" + host));
}

} // namespace

std::optional<Response> cross_site_fault(const SiteHeaders& headers) {
    if (!headers.fetch_site.empty() && headers.fetch_site != "same-origin")
        return failure(403, "A page of another site made this request (Sec-Fetch-Site: " +
                                headers.fetch_site + "). sluiced accepts changes from programs.");
    if (!headers.origin.empty() && !own_origin(headers))
        return failure(403, "A page of another site made this request (Origin: " + headers.origin +
                                "). sluiced accepts changes from programs.");
    const auto type = std::string_view(headers.content_type);
    if (lower(trim(type.substr(0, type.find(';')))) != "application/json")
        return failure(415, "Requests that change something need the header "
                            "Content-Type: application/json, also without a body.");
    return std::nullopt;
}

} // namespace sluice::http
