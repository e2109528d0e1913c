// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/adapters/http/server.hpp"

#include "common/base/log.hpp"
#include "daemon/adapters/http/listener.hpp"
#include "daemon/adapters/http/router.hpp"
#include "daemon/adapters/http/workers.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <microhttpd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::http {
namespace {

// enum MHD_Result came with 0.9.71; before, the callbacks return int.
#if MHD_VERSION < 0x00097100
using MhdResult = int;
#else
using MhdResult = MHD_Result;
#endif

constexpr std::size_t kMostBody = 64 * 1024;
constexpr std::size_t kMostDrained = 1024 * 1024;    // of a body that is refused anyway
constexpr std::size_t kConnectionMemory = 32 * 1024; // bounds the header
constexpr unsigned kListenThreads = 2;
constexpr unsigned kMostConnections = 600;
constexpr unsigned kIdleSeconds = 15;
constexpr std::size_t kMostPerUser = 32;
constexpr std::size_t kMostPerStaff = 256;
constexpr std::size_t kAnswerThreads = 4;

struct Connection {
    std::optional<std::uint32_t> uid;
};

struct DaemonRelease {
    void operator()(MHD_Daemon* daemon) const noexcept { MHD_stop_daemon(daemon); }
};
struct ResponseRelease {
    void operator()(MHD_Response* response) const noexcept { MHD_destroy_response(response); }
};
using DaemonRef = std::unique_ptr<MHD_Daemon, DaemonRelease>;
using ResponseRef = std::unique_ptr<MHD_Response, ResponseRelease>;

// One request from its first header to its last byte. Touched by a listening thread, then, while
// the connection is suspended, by one answering thread; never by both.
struct Exchange {
    Request request;
    bool head = false;
    std::size_t received = 0;
    bool started = false;
    bool answered = false;
    Response response;
};

MhdResult queue_response(MHD_Connection* connection, const Response& answer) {
    // The buffer is copied: it dies with the exchange, the response with its last reference.
    const ResponseRef response(MHD_create_response_from_buffer(
        answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY));
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response.get(), "Content-Type", "application/json");
    MHD_add_response_header(response.get(), "Cache-Control", "no-store");
    if (!answer.allow.empty())
        MHD_add_response_header(response.get(), "Allow", answer.allow.c_str());
    return MHD_queue_response(connection, static_cast<unsigned>(answer.status), response.get());
}

MhdResult add_query(void* out, MHD_ValueKind, const char* key, const char* value) {
    try {
        static_cast<Request*>(out)->query[key] = value != nullptr ? value : "";
        return MHD_YES;
    } catch (...) {
        return MHD_NO;
    }
}

std::size_t announced_length(MHD_Connection* connection) {
    const char* text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 0;
}

Response too_large() {
    return failure(413, "The body is larger than " + std::to_string(kMostBody) + " bytes.");
}

} // namespace

struct HttpServer::Engine {
    HttpSettings settings;
    ports::Service& service;
    Listener listener;
    Guarded<std::map<std::uint32_t, std::size_t>> connections; // by uid
    Lane answers{kAnswerThreads, kMostConnections};
    Lane turns{1, 16};
    DaemonRef daemon;

    Engine(HttpSettings s, ports::Service& v, Listener l)
        : settings(std::move(s)), service(v), listener(std::move(l)) {}
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    bool staff(std::uint32_t uid) const {
        return std::find(settings.staff_uids.begin(), settings.staff_uids.end(), uid) !=
               settings.staff_uids.end();
    }

    bool start_daemon();
    void connected(int fd, void** context);
    void disconnected(void** context);
    Exchange* begin(MHD_Connection* connection, const char* url, const char* method);
    MhdResult advance(MHD_Connection* connection, Exchange& exchange, const char* data,
                      std::size_t* size);
    MhdResult answer(MHD_Connection* connection, Exchange& exchange);

    ~Engine() {
        if (!daemon)
            return;
        // What cannot be quiesced is closed by the library itself.
        if (MHD_quiesce_daemon(daemon.get()) == MHD_INVALID_SOCKET)
            listener.descriptor().release();
        // A suspended connection would make the library abort: all are resumed here.
        turns.stop();
        answers.stop();
    }
};

void HttpServer::Engine::connected(int fd, void** context) {
    auto made = std::make_unique<Connection>(Connection{peer_uid(fd)});
    if (made->uid) {
        auto count = connections.lock();
        const std::size_t most = staff(*made->uid) ? kMostPerStaff : kMostPerUser;
        // Cannot be refused here; the library meets the end of the stream and closes it.
        if (++(*count)[*made->uid] > most)
            ::shutdown(fd, SHUT_RDWR);
    }
    *context = made.release();
}

void HttpServer::Engine::disconnected(void** context) {
    const std::unique_ptr<Connection> gone(static_cast<Connection*>(*context));
    *context = nullptr;
    if (!gone || !gone->uid)
        return;
    auto count = connections.lock();
    if (--(*count)[*gone->uid] == 0)
        count->erase(*gone->uid);
}

Exchange* HttpServer::Engine::begin(MHD_Connection* connection, const char* url,
                                    const char* method) {
    auto made = std::make_unique<Exchange>();
    made->head = std::string_view(method) == "HEAD";
    made->request.method = made->head ? "GET" : method;
    made->request.path = url;
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, &made->request);
    return made.release();
}

// Called again and again by the library: after the header, for each piece of the body, at its end,
// and after the connection was resumed.
MhdResult HttpServer::Engine::advance(MHD_Connection* connection, Exchange& exchange,
                                      const char* data, std::size_t* size) {
    if (!exchange.started) {
        exchange.started = true;
        if (announced_length(connection) > kMostBody)
            return queue_response(connection, too_large());
        return MHD_YES;
    }
    if (*size != 0) {
        exchange.received += *size;
        if (exchange.received > kMostDrained)
            return MHD_NO;
        if (exchange.received <= kMostBody)
            exchange.request.body.append(data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (exchange.answered)
        return queue_response(connection, exchange.response);
    return answer(connection, exchange);
}

MhdResult HttpServer::Engine::answer(MHD_Connection* connection, Exchange& exchange) {
    if (exchange.received > kMostBody)
        return queue_response(connection, too_large());
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const auto* peer =
        info != nullptr ? static_cast<const Connection*>(info->socket_context) : nullptr;
    if (peer == nullptr || !peer->uid)
        return queue_response(connection, failure(401, "The kernel does not tell who you are."));
    exchange.request.viewer = {*peer->uid, staff(*peer->uid)};
    Lane& lane = waits(exchange.request) ? turns : answers;
    const auto resume = [connection, &exchange](Response response) {
        exchange.response = std::move(response);
        exchange.answered = true;
        MHD_resume_connection(connection);
    };
    Lane::Job job = [this, resume, &exchange](bool abandoned) {
        resume(abandoned ? failure(503, "The daemon is stopping.")
                         : dispatch(exchange.request, service));
    };
    MHD_suspend_connection(connection);
    if (!lane.submit(std::move(job)))
        resume(failure(503, "Too many requests are waiting; try again."));
    return MHD_YES;
}

// The lambdas are the library's callbacks: nothing may be thrown through them.
bool HttpServer::Engine::start_daemon() {
    const auto access = [](void* self, MHD_Connection* connection, const char* url,
                           const char* method, const char*, const char* data, std::size_t* size,
                           void** context) -> MhdResult {
        try {
            auto& engine = *static_cast<Engine*>(self);
            if (*context == nullptr)
                *context = engine.begin(connection, url, method);
            return engine.advance(connection, *static_cast<Exchange*>(*context), data, size);
        } catch (...) {
            return MHD_NO;
        }
    };
    const auto connection_changed = [](void* self, MHD_Connection* connection, void** context,
                                       MHD_ConnectionNotificationCode code) {
        try {
            auto& engine = *static_cast<Engine*>(self);
            if (code == MHD_CONNECTION_NOTIFY_CLOSED)
                return engine.disconnected(context);
            const auto* info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
            engine.connected(info != nullptr ? info->connect_fd : -1, context);
        } catch (...) {
            // Without a context the connection gets 401.
        }
    };
    const auto completed = [](void*, MHD_Connection*, void** context, MHD_RequestTerminationCode) {
        const std::unique_ptr<Exchange> done(static_cast<Exchange*>(*context));
        *context = nullptr;
    };
    const auto log = [](void*, const char* format, va_list arguments) {
        char text[256];
        std::vsnprintf(text, sizeof text, format, arguments);
        log::event(log::Level::debug, "SLUICE-0502", "http-library", {{"text", text}});
    };
    daemon.reset(MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, nullptr,
        nullptr, +access, this, MHD_OPTION_EXTERNAL_LOGGER, +log, nullptr,
        MHD_OPTION_NOTIFY_CONNECTION, +connection_changed, this, MHD_OPTION_NOTIFY_COMPLETED,
        +completed, nullptr, MHD_OPTION_LISTEN_SOCKET, listener.descriptor().get(),
        MHD_OPTION_THREAD_POOL_SIZE, kListenThreads, MHD_OPTION_CONNECTION_LIMIT, kMostConnections,
        MHD_OPTION_CONNECTION_TIMEOUT, kIdleSeconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        kConnectionMemory, MHD_OPTION_END));
    return daemon != nullptr;
}

HttpServer::HttpServer(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpSettings settings,
                                                      ports::Service& service) {
    settings.staff_uids.push_back(0);
    settings.staff_uids.push_back(::geteuid());
    auto listener = Listener::open(settings.socket_path);
    if (!listener)
        return std::move(listener).error();
    auto engine = std::make_unique<Engine>(std::move(settings), service, std::move(*listener));
    if (!engine->start_daemon())
        return Error{Errc::unavailable,
                     "the HTTP server cannot start: " + std::string(std::strerror(errno))};
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(engine)));
}

} // namespace sluice::http
