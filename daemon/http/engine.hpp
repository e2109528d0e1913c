// SPDX-License-Identifier: GPL-2.0-or-later
// What the HTTP server is made of: the library's daemons, one on each socket, the threads that
// answer, and what is known of each connection and request. Inside this folder only.
#pragma once

#include "common/base/unix_listener.hpp"
#include "daemon/http/accounts_text.hpp"
#include "daemon/http/cross_site.hpp"
#include "daemon/http/deadlines.hpp"
#include "daemon/http/login.hpp"
#include "daemon/http/nonces.hpp"
#include "daemon/http/server.hpp"
#include "daemon/http/tcp.hpp"
#include "daemon/http/workers.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <microhttpd.h>
#include <optional>
#include <string>
#include <vector>

namespace sluice::http {

// enum MHD_Result came with 0.9.71; before, the callbacks return int.
#if MHD_VERSION < 0x00097100
using MhdResult = int;
#else
using MhdResult = MHD_Result;
#endif

constexpr std::size_t kMaxWaiting = 600; // requests for an answering thread
constexpr std::size_t kAnswerThreads = 4;
// Logins that wait for munged: at once, waiting, and of one address together. libmunge gives a
// munged that hangs up after 10 s (5 attempts of 2 s); those who wait are then refused at once.
constexpr std::size_t kLoginThreads = 4;
constexpr std::size_t kMaxLoginsWaiting = 32;
constexpr std::size_t kMaxLoginsOfAddress = 8;

struct Connection {
    std::optional<std::uint32_t> uid; // Unix socket
    std::string address;              // TCP
    Deadlines::Id deadline = 0;
    bool over = false; // one more than its user may have
};

struct DaemonRelease {
    void operator()(MHD_Daemon* daemon) const noexcept { MHD_stop_daemon(daemon); }
};
using DaemonRef = std::unique_ptr<MHD_Daemon, DaemonRelease>;

// One request from its first header to its last byte. Touched by a listening thread, then, while
// the connection is suspended, by one answering or login thread at a time; never by two.
struct Exchange {
    Request request;
    std::string method; // as sent, like the next
    std::string target;
    bool arguments_cut_off = false;
    bool head = false;
    bool begun = false; // the access handler has been called
    bool started = false;
    std::size_t received = 0;
    bool answered = false;
    bool logged_in = false;
    Deadlines::Id deadline = 0;
    std::string authorization;
    SiteHeaders site;
    std::string address;
    std::optional<Response> fault; // of the header: the answer, whatever the route
    Response response;
};

// The open connections of one of the library's daemons.
struct Population {
    HttpServer::Engine& engine;
    std::atomic<std::size_t> count{0};

    explicit Population(HttpServer::Engine& of) : engine(of) {} // clang 14 needs it for make_unique
};

// A listening socket and the library's daemon on it, which goes first.
struct Front {
    UniqueFd fd;
    std::unique_ptr<Population> open;
    DaemonRef daemon; // nullptr: it could not start
};

// Of a former certificate: listens no more, and is freed when its connections have ended.
struct Retired {
    Front front;
    std::chrono::steady_clock::time_point since;
};

struct HttpServer::Engine {
    HttpSettings settings;
    const ports::Services services;
    UnixListener listener;
    Guarded<std::map<std::uint32_t, std::size_t>> connections; // by uid
    Deadlines deadlines{settings.request_time, settings.answer_time};
    Lane answers{kAnswerThreads, kMaxWaiting};
    Lane cycles{1, 16};
    Lane logins{kLoginThreads, kMaxLoginsWaiting};
    Guarded<std::map<std::string, std::size_t>> logins_of; // by address: waiting and running ones
    std::unique_ptr<TokenFile> tokens;
    std::unique_ptr<Nonces> nonces; // with TCP
    std::unique_ptr<Login> login;   // with TCP
    AccountsText texts;
    Certificate certificate;
    Guarded<std::list<Retired>> retired; // outlives the daemons below, which look into it
    Front local;                         // on the Unix socket
    std::vector<Front> fronts;           // TCP

    Engine(HttpSettings s, ports::Services v, UnixListener l)
        : settings(std::move(s)), services(std::move(v)), listener(std::move(l)) {}
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    bool staff(std::uint32_t uid) const {
        return std::find(settings.staff_uids.begin(), settings.staff_uids.end(), uid) !=
               settings.staff_uids.end();
    }

    Result<void> start_fronts();
    Result<void> open_tokens();
    Front start_front(UniqueFd fd, const Certificate* with);
    DaemonRef start_daemon(int fd, const Certificate* with, Population& open);
    void reload();
    void free_retired();
    void connected(int fd, void** context);
    void disconnected(void** context);
    void retire(Front front);
    static void begin(MHD_Connection* connection, Exchange& exchange, const char* url,
                      const char* method, const char* version);
    MhdResult advance(MHD_Connection* connection, Exchange& exchange, const char* data,
                      std::size_t* size);
    MhdResult answer(MHD_Connection* connection, Exchange& exchange);
    void log_in(MHD_Connection* connection, Exchange& exchange);
    void queue(MHD_Connection* connection, Exchange& exchange);
    bool enter_login(const std::string& address);
    void leave_login(const std::string& address);
    std::optional<Response> identify(Exchange& exchange);
    Response respond(Exchange& exchange);

    ~Engine();
};

} // namespace sluice::http
