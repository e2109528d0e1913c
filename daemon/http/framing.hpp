// SPDX-License-Identifier: GPL-2.0-or-later
// Requests that a proxy in front of sluiced may read differently than sluiced does (RFC 9112,
// section 11.2: request smuggling), and requests that exhaust the memory of their connection.
// libmicrohttpd refuses all of these from release 1.0 on. Pure functions of one request; no state.
#pragma once

#include "daemon/http/message.hpp"

#include <cstddef>
#include <microhttpd.h>
#include <optional>
#include <string_view>

namespace sluice::http {

constexpr std::size_t kMaxArguments = 128; // of one query

// `target` as libmicrohttpd hands it to its URI log callback, before it splits the query: a query
// of more than kMaxArguments arguments is cut off there. Release 0.9.75 keeps a record for each
// argument in the memory of the connection, and never answers when that is full.
// True: it was cut off, and the request deserves an answer without a look at its route.
bool cut_off_arguments(const char* target);

// To be called when the header is complete. `method` and `version` as the access handler has them,
// `target` as the URI log callback.
// 400 or 411; nullopt: the request has but one reading.
std::optional<Response> framing_fault(MHD_Connection* connection, const char* method,
                                      std::string_view target, const char* version);

} // namespace sluice::http
