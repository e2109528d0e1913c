// SPDX-License-Identifier: GPL-2.0-or-later
// Checks of a request before its route is looked at. Requests that a proxy in front of sluiced may
// read differently than sluiced does (RFC 9112, section 11.2: request smuggling), and requests that
// exhaust the memory of their connection: libmicrohttpd refuses all of these from release 1.0 on.
// Changes that a page of another site sends from a browser that knows a login, and requests of a
// page whose name was made to resolve to this host (DNS rebinding). Pure functions of one request;
// no state.
#pragma once

#include "daemon/http/server/message.hpp"

#include <cstddef>
#include <microhttpd.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

// enum MHD_Result came with 0.9.71; before, the callbacks return int.
#if MHD_VERSION < 0x00097100
using MhdResult = int;
#else
using MhdResult = MHD_Result;
#endif

constexpr std::size_t kMaxArguments = 128; // of one query

// `target` as libmicrohttpd passes it to its URI log callback, before it splits the query: a query
// of more than kMaxArguments arguments is cut off there. Release 0.9.75 keeps a record for each
// argument in the memory of the connection, and never answers when that is full.
// True: it was cut off; the answer is 414, whatever the route.
bool cut_off_arguments(const char* target);

// To be called when the header is complete. `method` and `version` as the access handler has them,
// `target` as the URI log callback.
// 400 or 411; nullopt: the request has only one reading.
std::optional<Response> framing_fault(MHD_Connection* connection, const char* method,
                                      std::string_view target, const char* version);

// Headers of a request; "": not sent.
struct SiteHeaders {
    std::string content_type = {};
    std::string origin = {};
    std::string fetch_site = {}; // Sec-Fetch-Site
    std::string host = {};
    bool tls = false;      // the connection is encrypted up to sluiced
    std::string page = {}; // http.url: where a proxy in front shows the page
};

// For a request that changes something: 415 without Content-Type: application/json, which a page
// can send to another site only after that site allowed it (sluiced never does); 403 when the
// browser reports that another site made it.
std::optional<Response> cross_site_fault(const SiteHeaders& headers);

// Where a request came in.
enum class Door {
    socket,   // Unix socket: the connection is the login
    plain,    // TCP on a loopback address
    encrypted // TLS: the browser compared the name with the certificate
};

// Names that a browser may know sluiced by: those of the loopback interface, of http.listen, and of
// http.url. Lower case, without port.
std::vector<std::string> known_names(const std::vector<std::string>& listen, std::string_view url);

// 403: a page that was loaded under a name not in `names` sent this request: a page of another
// site, whose name resolves to the loopback address where the socket is forwarded to, or where
// sluiced listens. Browsers send Origin with each change, but with no read: on the socket a read
// is refused if Host is a name with a dot, as names on the Internet are. Behind a proxy that
// terminates TLS (plain, Origin https://) any name is right.
std::optional<Response> foreign_name_fault(const SiteHeaders& headers, Door door,
                                           const std::vector<std::string>& names);

} // namespace sluice::http
