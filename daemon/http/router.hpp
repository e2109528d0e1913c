// SPDX-License-Identifier: GPL-2.0-or-later
// The table of routes and who may use them. Knows nothing of sockets.
#pragma once

#include "daemon/http/message.hpp"
#include "daemon/ports/services.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sluice::http {

class TokenFile;
class AccountsText;
class Nonces;

// What requests share; what is missing is answered with 404 or computed each time.
struct Shared {
    TokenFile* tokens = nullptr;
    AccountsText* texts = nullptr;
    const Nonces* nonces = nullptr;
};

struct Call {
    const Request& request;
    ports::Service& service; // of the cluster that is asked for
    const ports::Services& services;
    Shared shared;
    std::string name; // what stands for the {placeholder} in the path
};

using Handler = Response (*)(const Call& call);

struct Route {
    std::string_view method;
    std::string_view path; // one segment may be a "{placeholder}"
    bool staff;            // users get 403
    bool waits;            // runs a cycle: must not occupy a thread that others need
    Handler handler;
    std::string_view summary;
    std::string_view query = {}; // parameters, comma-separated
};

std::span<const Route> routes();

// True when the answer takes as long as a cycle. Unknown routes do not wait.
bool waits(const Request& request);

// Where several clusters are served, ?cluster= says which; without it a route that is about one
// cluster answers 400 with their names in `clusters`. Never throws; a fault of ours is status 500
// and a log line.
Response dispatch(const Request& request, const ports::Services& services,
                  Shared shared = {}) noexcept;

} // namespace sluice::http
