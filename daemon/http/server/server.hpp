// SPDX-License-Identifier: GPL-2.0-or-later
// Serves the routes on a Unix socket and, when configured, on TCP with TLS, by libmicrohttpd: one
// of its daemons on each socket.
#pragma once

#include "common/base/result.hpp"
#include "daemon/http/auth/proxy.hpp"
#include "daemon/http/auth/rights.hpp"
#include "daemon/http/server/router.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::http {

struct HttpSettings {
    std::string socket_path;
    // May do everything. Root and the daemon's own uid are added.
    std::vector<std::uint32_t> staff_uids;
    StaffRules staff = {};                // who else may
    std::vector<std::string> listen = {}; // host:port; none: the Unix socket only
    std::string tls_certificate = {};     // PEM files; both or none
    std::string tls_key = {};
    std::string tokens = {}; // file of TokenFile; needed with `listen`
    std::string munge_socket = {};
    std::string url = {}; // of the page, with a slash at its end; "": made of `listen`
    ProxySettings proxy = {};
    unsigned connections = 600;                     // at the same time, of each listening socket
    unsigned connections_per_user = 32;             // Unix socket; 8 times as many for staff
    unsigned connections_per_address = 256;         // TCP; a proxy is one address
    std::chrono::milliseconds request_time{30'000}; // for a whole request to come in
    std::chrono::milliseconds answer_time{300'000}; // for a whole answer to be taken
};

class HttpServer {
public:
    // Listens and answers when it returns. The services must outlive the server. `more`: routes of
    // a module, beside the daemon's own. Errors as those of UnixListener::open.
    static Result<std::unique_ptr<HttpServer>>
    start(HttpSettings settings, ports::Services services, std::vector<Route> more = {});
    // Reads certificate and key again; new connections get the new one. When it
    // cannot be used, the log has the reason and the old one stays.
    void reload_certificate();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    // Stops listening, answers 503 to what waits, and returns when the running calls of the
    // services have returned: stop the cycle first if that shall be soon.
    ~HttpServer();

    struct Engine; // in server.cpp

private:
    explicit HttpServer(std::unique_ptr<Engine> engine);
    std::unique_ptr<Engine> engine_;
};

} // namespace sluice::http
