// SPDX-License-Identifier: GPL-2.0-or-later
// What the HTTP server is made of: the library's daemons, one on each socket, the threads that
// answer, and what is known of each connection and request. Inside this folder only.
#pragma once

#include "common/base/unix_listener.hpp"
#include "daemon/adapters/http/accounts_text.hpp"
#include "daemon/adapters/http/deadlines.hpp"
#include "daemon/adapters/http/login.hpp"
#include "daemon/adapters/http/server.hpp"
#include "daemon/adapters/http/tcp.hpp"
#include "daemon/adapters/http/workers.hpp"

#include <algorithm>
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

constexpr std::size_t kMostWaiting = 600; // requests for an answering thread
constexpr std::size_t kAnswerThreads = 4;

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
// the connection is suspended, by one answering thread; never by both.
struct Exchange {
    Request request;
    bool head = false;
    std::size_t received = 0;
    bool started = false;
    bool answered = false;
    Deadlines::Id deadline = 0;
    std::string authorization;
    std::string address;
    Response response;
};

// A listening socket and the library's daemon on it.
struct Front {
    UniqueFd fd;
    DaemonRef daemon;
    bool tls = false;
};

struct HttpServer::Engine {
    HttpSettings settings;
    const ports::Services services;
    UnixListener listener;
    Guarded<std::map<std::uint32_t, std::size_t>> connections; // by uid
    Deadlines deadlines{settings.request_time, settings.answer_time};
    Lane answers{kAnswerThreads, kMostWaiting};
    Lane turns{1, 16};
    std::unique_ptr<TokenFile> tokens;
    std::unique_ptr<Login> login; // with TCP
    AccountsText texts;
    Certificate certificate;
    DaemonRef daemon; // on the Unix socket
    std::vector<Front> fronts;
    std::list<DaemonRef> retired; // of former certificates, until their connections are over

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
    DaemonRef start_daemon(int fd, const Certificate* with);
    void reload();
    void connected(int fd, void** context);
    void disconnected(void** context);
    Exchange* begin(MHD_Connection* connection, const char* url, const char* method);
    MhdResult advance(MHD_Connection* connection, Exchange& exchange, const char* data,
                      std::size_t* size);
    MhdResult answer(MHD_Connection* connection, Exchange& exchange);
    Response respond(Exchange& exchange);

    ~Engine();
};

} // namespace sluice::http
