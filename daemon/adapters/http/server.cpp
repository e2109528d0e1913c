// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/adapters/http/server.hpp"

#include "common/base/log.hpp"
#include "daemon/adapters/http/accounts_text.hpp"
#include "daemon/adapters/http/deadlines.hpp"
#include "daemon/adapters/http/listener.hpp"
#include "daemon/adapters/http/login.hpp"
#include "daemon/adapters/http/router.hpp"
#include "daemon/adapters/http/tcp.hpp"
#include "daemon/adapters/http/workers.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <list>
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
constexpr std::size_t kMostWaiting = 600; // requests for an answering thread
constexpr unsigned kIdleSeconds = 15;
constexpr std::size_t kStaffFactor = 8;
constexpr std::size_t kAnswerThreads = 4;
constexpr const char* kTlsVersions = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

struct Connection {
    std::optional<std::uint32_t> uid; // Unix socket
    std::string address;              // TCP
    Deadlines::Id deadline = 0;
    bool over = false; // one more than its user may have
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

MhdResult queue_response(MHD_Connection* connection, const Response& answer) {
    // The buffer is copied: it dies with the exchange, the response with its last reference.
    const ResponseRef response(MHD_create_response_from_buffer(
        answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY));
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response.get(), "Content-Type", answer.type.c_str());
    MHD_add_response_header(response.get(), "Cache-Control", "no-store");
    if (!answer.allow.empty())
        MHD_add_response_header(response.get(), "Allow", answer.allow.c_str());
    MHD_add_response_header(response.get(), "X-Content-Type-Options", "nosniff");
    for (const auto& [key, value] : answer.headers)
        MHD_add_response_header(response.get(), key.c_str(), value.c_str());
    return MHD_queue_response(connection, static_cast<unsigned>(answer.status), response.get());
}

MhdResult add_query(void* out, MHD_ValueKind, const char* key, const char* value) {
    try {
        // A key that comes twice is a list.
        auto& text = static_cast<Request*>(out)->query[key];
        text += (text.empty() ? "" : ",") + std::string(value != nullptr ? value : "");
        return MHD_YES;
    } catch (...) {
        return MHD_NO;
    }
}

std::string header(MHD_Connection* connection, const char* name) {
    const char* text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return text != nullptr ? text : "";
}

std::size_t announced_length(MHD_Connection* connection) {
    const char* text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 0;
}

// 429
Response too_many(const std::string& what) {
    Response out = failure(429, what);
    out.headers.emplace_back("Retry-After", "1");
    return out;
}

Response too_large() {
    return failure(413, "The body is larger than " + std::to_string(kMostBody) + " bytes.");
}

} // namespace

struct HttpServer::Engine {
    HttpSettings settings;
    const ports::Services services;
    Listener listener;
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

    Engine(HttpSettings s, ports::Services v, Listener l)
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

    ~Engine() {
        // What cannot be quiesced is closed by the library itself.
        if (daemon && MHD_quiesce_daemon(daemon.get()) == MHD_INVALID_SOCKET)
            listener.descriptor().release();
        for (auto& front : fronts)
            if (front.daemon && MHD_quiesce_daemon(front.daemon.get()) == MHD_INVALID_SOCKET)
                front.fd.release();
        // A suspended connection would make the library abort: all are resumed here.
        turns.stop();
        answers.stop();
    }
};

// A few more than a user may have are told so; beyond that nobody listens to them.
void HttpServer::Engine::connected(int fd, void** context) {
    auto made = std::make_unique<Connection>();
    made->uid = peer_uid(fd);
    if (!made->uid)
        made->address = peer_address(fd);
    if (made->uid) {
        auto count = connections.lock();
        const std::size_t most =
            settings.connections_per_user * (staff(*made->uid) ? kStaffFactor : 1);
        const std::size_t now = ++(*count)[*made->uid];
        made->over = now > most;
        // Cannot be refused here; the library meets the end of the stream and closes it.
        if (now > 2 * most)
            ::shutdown(fd, SHUT_RDWR);
    }
    made->deadline = deadlines.opened(fd);
    *context = made.release();
}

void HttpServer::Engine::disconnected(void** context) {
    const std::unique_ptr<Connection> gone(static_cast<Connection*>(*context));
    *context = nullptr;
    if (!gone)
        return;
    deadlines.closed(gone->deadline);
    if (!gone->uid)
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
    made->authorization = header(connection, "Authorization");
    const auto* tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (const std::string host = header(connection, "Host"); !host.empty())
        made->request.origin =
            (tls != nullptr && tls->tls_session != nullptr ? "https://" : "http://") + host;
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
    if (exchange.answered) {
        deadlines.sends(exchange.deadline);
        return queue_response(connection, exchange.response);
    }
    return answer(connection, exchange);
}

MhdResult HttpServer::Engine::answer(MHD_Connection* connection, Exchange& exchange) {
    if (exchange.received > kMostBody)
        return queue_response(connection, too_large());
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const auto* peer =
        info != nullptr ? static_cast<const Connection*>(info->socket_context) : nullptr;
    if (peer == nullptr || (!peer->uid && peer->address.empty()))
        return queue_response(connection, failure(401, "The kernel does not tell who you are."));
    if (peer->over)
        return queue_response(connection, too_many("Too many connections of yours are open."));
    exchange.deadline = peer->deadline;
    exchange.address = peer->address;
    if (peer->uid)
        exchange.request.viewer = {*peer->uid, staff(*peer->uid)};
    Lane& lane = waits(exchange.request) ? turns : answers;
    const auto resume = [connection, &exchange](Response response) {
        exchange.response = std::move(response);
        exchange.answered = true;
        MHD_resume_connection(connection);
    };
    Lane::Job job = [this, resume, &exchange](bool abandoned) {
        resume(abandoned ? failure(503, "The daemon is stopping.") : respond(exchange));
    };
    deadlines.waits(exchange.deadline);
    MHD_suspend_connection(connection);
    if (!lane.submit(std::move(job)))
        resume(too_many("Too many requests are waiting; try again."));
    return MHD_YES;
}

// On an answering thread: munged may be slow.
Response HttpServer::Engine::respond(Exchange& exchange) {
    if (!exchange.address.empty() && exchange.request.path != "/healthz") {
        auto found = login->identify(exchange.authorization, exchange.address);
        if (auto* refusal = std::get_if<Response>(&found))
            return std::move(*refusal);
        exchange.request.viewer = std::get<ports::Viewer>(found);
    }
    return dispatch(exchange.request, services, {tokens.get(), &texts});
}

// The lambdas are the library's callbacks: nothing may be thrown through them.
DaemonRef HttpServer::Engine::start_daemon(int fd, const Certificate* with) {
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
    const auto completed = [](void* self, MHD_Connection*, void** context,
                              MHD_RequestTerminationCode) {
        const std::unique_ptr<Exchange> done(static_cast<Exchange*>(*context));
        *context = nullptr;
        if (done && done->deadline != 0)
            static_cast<Engine*>(self)->deadlines.receives(done->deadline);
    };
    const auto log = [](void*, const char* format, va_list arguments) {
        char text[256];
        std::vsnprintf(text, sizeof text, format, arguments);
        log::event(log::Level::debug, "SLUICE-0502", "http-library", {{"text", text}});
    };
    std::vector<MHD_OptionItem> extra;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (fd != listener.descriptor().get())
        extra.push_back({MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                         static_cast<intptr_t>(settings.connections_per_address), nullptr});
    const auto text = [](std::string_view from) { return const_cast<char*>(from.data()); };
    if (with != nullptr) {
        flags |= MHD_USE_TLS;
        extra.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, text(with->chain)});
        extra.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, text(with->key.reveal())});
        extra.push_back({MHD_OPTION_HTTPS_PRIORITIES, 0, text(kTlsVersions)});
    }
    extra.push_back({MHD_OPTION_END, 0, nullptr});
    return DaemonRef(MHD_start_daemon(
        flags, 0, nullptr, nullptr, +access, this, MHD_OPTION_EXTERNAL_LOGGER, +log, nullptr,
        MHD_OPTION_NOTIFY_CONNECTION, +connection_changed, this, MHD_OPTION_NOTIFY_COMPLETED,
        +completed, this, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, kListenThreads,
        MHD_OPTION_CONNECTION_LIMIT, settings.connections, MHD_OPTION_CONNECTION_TIMEOUT,
        kIdleSeconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory, MHD_OPTION_ARRAY,
        extra.data(), MHD_OPTION_END));
}

Result<void> HttpServer::Engine::open_tokens() {
    if (settings.tokens.empty())
        return {};
    auto opened = TokenFile::open(settings.tokens);
    if (!opened)
        return opened.error();
    tokens = std::move(*opened);
    login =
        std::make_unique<Login>(LoginSettings{settings.staff_uids, settings.munge_socket}, *tokens);
    return {};
}

Result<void> HttpServer::Engine::start_fronts() {
    if (auto opened = open_tokens(); !opened)
        return opened;
    if (settings.listen.empty())
        return {};
    if (!login)
        return Error{Errc::malformed, "http.listen needs http.tokens"};
    const bool tls = !settings.tls_certificate.empty();
    if (tls) {
        auto read = read_certificate(settings.tls_certificate, settings.tls_key);
        if (!read)
            return read.error();
        certificate = std::move(*read);
    }
    for (const auto& address : settings.listen) {
        auto fd = listen_tcp(address);
        if (!fd)
            return fd.error();
        auto started = start_daemon(fd->get(), tls ? &certificate : nullptr);
        if (!started)
            return Error{Errc::unavailable,
                         "http.listen " + address + ": the server cannot start" +
                             (tls ? "; do tls_certificate and tls_key fit together?" : "")};
        fronts.push_back({std::move(*fd), std::move(started), tls});
    }
    return {};
}

// The new certificate listens beside the old one before the old one stops: no connection is
// refused.
void HttpServer::Engine::reload() {
    if (settings.tls_certificate.empty() || fronts.empty())
        return;
    const auto refuse = [](const std::string& error) {
        log::event(log::Level::error, "SLUICE-0513", "certificate-refused", {{"error", error}});
    };
    auto read = read_certificate(settings.tls_certificate, settings.tls_key);
    if (!read)
        return refuse(read.error().context);
    if (read->chain == certificate.chain && read->key.reveal() == certificate.key.reveal())
        return;
    std::vector<Front> fresh;
    for (const auto& front : fronts) {
        UniqueFd fd(::fcntl(front.fd.get(), F_DUPFD_CLOEXEC, 0));
        auto started = start_daemon(fd.get(), &*read);
        if (!started)
            return refuse("certificate and key do not fit together, or are no PEM");
        fresh.push_back({std::move(fd), std::move(started), true});
    }
    for (auto& front : fronts) {
        if (MHD_quiesce_daemon(front.daemon.get()) == MHD_INVALID_SOCKET)
            front.fd.release();
        retired.push_back(std::move(front.daemon));
    }
    fronts = std::move(fresh);
    certificate = std::move(*read);
    log::event(log::Level::notice, "SLUICE-0514", "certificate-loaded",
               {{"file", settings.tls_certificate}});
}

void HttpServer::reload_certificate() {
    engine_->reload();
}

HttpServer::HttpServer(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpSettings settings,
                                                      ports::Services services) {
    settings.staff_uids.push_back(0);
    settings.staff_uids.push_back(::geteuid());
    auto listener = Listener::open(settings.socket_path);
    if (!listener)
        return std::move(listener).error();
    auto engine =
        std::make_unique<Engine>(std::move(settings), std::move(services), std::move(*listener));
    engine->daemon = engine->start_daemon(engine->listener.descriptor().get(), nullptr);
    if (!engine->daemon)
        return Error{Errc::unavailable,
                     "the HTTP server cannot start: " + std::string(std::strerror(errno))};
    if (auto started = engine->start_fronts(); !started)
        return started.error();
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(engine)));
}

} // namespace sluice::http
