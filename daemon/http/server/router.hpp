// SPDX-License-Identifier: GPL-2.0-or-later
// The table of routes and who may use them. Knows nothing of sockets.
#pragma once

#include "daemon/http/server/message.hpp"
#include "daemon/ports/services.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

class TokenFile;
class AccountsCache;
class Nonces;
class WebSessions;

struct Route;

// What requests share. Without tokens, nonces or sessions their routes answer 404; without the
// cache accounts are rendered for each request.
struct Shared {
    TokenFile* tokens = nullptr;
    AccountsCache* accounts = nullptr;
    const Nonces* nonces = nullptr;
    std::span<const Route> more = {}; // of a module, beside routes()
    WebSessions* sessions = nullptr;
    std::string_view page = {}; // address of the web page, for links; "": not over TCP
};

struct Call {
    const Request& request;
    ports::Status& status; // of the cluster that is asked for, as `actions`
    ports::Operator& actions;
    const ports::Services& services;
    Shared shared;
    std::string name; // the text in the place of the {placeholder}
    ports::UsageHistory& history;
    ports::Replays& replays;
};

using Handler = std::function<Response(const Call& call)>;

// Traits of a route.
constexpr unsigned kStaff = 1;  // users get 403
constexpr unsigned kWaits = 2;  // waits for a cycle: must not occupy a thread that others need
constexpr unsigned kDaemon = 4; // about the daemon, not about one cluster

struct Route {
    std::string_view method;
    std::string path; // one segment may be a "{placeholder}"
    unsigned traits;
    Handler handler;
    std::string_view summary;
    std::string_view query = {}; // parameters, comma-separated
    // Keys of the JSON object in the body as "name:type", comma-separated: "!" after the name of
    // one that is required, "?" after the type of one that may be null.
    std::string_view body = {};
};

// The routes of the daemon itself.
const std::vector<Route>& routes();

// True: the answer takes as long as a cycle. Unknown routes do not wait.
bool waits(const Request& request, std::span<const Route> more = {});

// Where several clusters are served, ?cluster= names one; without it a route that is about one
// cluster answers 400 with their names in `clusters`. Never throws: an exception is status 500 and
// a log line.
Response dispatch(const Request& request, const ports::Services& services,
                  Shared shared = {}) noexcept;

} // namespace sluice::http
