// SPDX-License-Identifier: GPL-2.0-or-later
// One request from its header to its answer: collected by a listening thread of libmicrohttpd,
// answered by a worker thread while its connection is suspended, sent by libmicrohttpd. Owns the
// worker threads and what logins over TCP need.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/http/auth/login.hpp"
#include "daemon/http/auth/rights.hpp"
#include "daemon/http/server/deadlines.hpp"
#include "daemon/http/server/encoding.hpp"
#include "daemon/http/server/request_checks.hpp"
#include "daemon/http/server/router.hpp"
#include "daemon/http/server/server.hpp"
#include "daemon/http/server/worker_pool.hpp"
#include "daemon/http/views/accounts.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <microhttpd.h>
#include <optional>
#include <string>
#include <vector>

namespace sluice::http {

struct Connection {
    std::optional<std::uint32_t> uid; // Unix socket
    std::string address;              // TCP
    Deadlines::Id deadline = 0;
    bool over = false; // one more than its user may have
};

// Touched by a listening thread, then, while the connection is suspended, by one worker thread at a
// time; never by two.
struct Exchange {
    Request request;
    std::string method; // as sent, like the next
    std::string target;
    bool arguments_cut_off = false;
    bool head = false;
    bool begun = false; // the access handler has been called
    bool started = false;
    std::size_t received = 0;
    std::size_t most = 0; // bytes of the body that are taken
    bool answered = false;
    bool logged_in = false;
    Deadlines::Id deadline = 0;
    std::string authorization;
    std::string cookie;
    ProxyHeaders proxy;
    bool from_page = false;
    Accepted accepted;
    SiteHeaders site;
    std::string address;
    std::optional<Response> fault; // of the header: the answer, whatever the route
    Response response;
};

class RequestHandler {
public:
    // The services must outlive it. `more`: routes of a module.
    RequestHandler(const HttpSettings& settings, ports::Services services, std::vector<Route> more);
    // For logins over TCP; before the first request. Errors as those of TokenFile::open and
    // ProxyLogin::open.
    Result<void> open_logins(const HttpSettings& settings);

    bool staff(std::uint32_t uid) const;
    std::size_t most_of(MHD_Connection* connection, const std::string& path) const;
    Deadlines& deadlines() { return deadlines_; }
    // On a worker thread, soon. Not done when the queue is full or stopped.
    void run(std::function<void()> task);
    // When the header is complete.
    void begin(MHD_Connection* connection, Exchange& exchange, const char* url, const char* method,
               const char* version) const;
    // Called again and again by the library: after the header, for each piece of the body, at its
    // end, and after the connection was resumed.
    MhdResult advance(MHD_Connection* connection, Exchange& exchange, const char* data,
                      std::size_t* size);
    // Answers 503 to what waits and returns when what runs has ended. No connection is suspended
    // afterwards.
    void stop();

private:
    MhdResult answer(MHD_Connection* connection, Exchange& exchange);
    void log_in(MHD_Connection* connection, Exchange& exchange);
    void queue(MHD_Connection* connection, Exchange& exchange);
    LoginRequest login_of(const Exchange& exchange) const;
    bool needs_login(const Exchange& exchange) const;
    bool enter_login(const std::string& address);
    void leave_login(const std::string& address);
    std::optional<Response> identify(Exchange& exchange);
    Response respond(Exchange& exchange);

    const std::vector<std::uint32_t> staff_uids_;
    Rights rights_;
    const ports::Services services_;
    const std::vector<Route> more_;
    const std::vector<std::string> names_; // of sluiced, for browsers
    Deadlines deadlines_;
    Guarded<std::map<std::string, std::size_t>> logins_of_; // by address: waiting and running ones
    std::unique_ptr<TokenFile> tokens_;
    std::unique_ptr<Nonces> nonces_;
    WebSessions sessions_;
    std::unique_ptr<ProxyLogin> proxy_;
    std::string page_;         // http.url, or made of http.listen; "": none
    std::string proxied_page_; // http.url
    std::unique_ptr<Login> login_;
    AccountsCache accounts_;
    WorkerPool answers_;
    WorkerPool cycles_;
    WorkerPool logins_;
};

} // namespace sluice::http
