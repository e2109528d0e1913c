// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/server/server.hpp"

#include "common/base/files.hpp"
#include "common/base/log.hpp"
#include "common/base/secret.hpp"
#include "common/base/unix_listener.hpp"
#include "daemon/http/server/request_handler.hpp"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <list>
#include <netdb.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace sluice::http {

struct Certificate {
    std::string chain; // PEM
    Secret key;        // PEM
};

namespace {

constexpr std::size_t kConnectionMemory = 32 * 1024; // bounds the header
constexpr unsigned kListenThreads = 2;
constexpr unsigned kIdleSeconds = 15;
constexpr std::size_t kStaffFactor = 8;
constexpr const char* kTlsVersions = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
// The library has received a connection that the kernel accepted just before the end of listening.
constexpr std::chrono::seconds kLateArrivals{1};
constexpr int kTcpBacklog = 256;
constexpr std::size_t kMaxPem = 1024 * 1024;

struct AddressRelease {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressRelease>;

Error tcp_failed(const std::string& what, const char* step) {
    const int code = errno;
    const Errc kind = code == EADDRINUSE                ? Errc::conflict
                      : code == EACCES || code == EPERM ? Errc::refused
                                                        : Errc::unavailable;
    return {kind, what + ": " + step + ": " + std::strerror(code)};
}

Result<AddressList> resolve(const std::string& address) {
    const auto colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[')
        host = host.substr(1, host.size() - 2);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found);
    if (code != 0)
        return Error{Errc::not_found, "http.listen " + address + ": " + ::gai_strerror(code)};
    return AddressList(found);
}

// `address`: "127.0.0.1:6831", "[::]:6831", "host:6831". conflict: the port is taken; not_found: no
// such host; refused: a port below 1024 without the right.
Result<UniqueFd> listen_tcp(const std::string& address) {
    const auto list = resolve(address);
    if (!list)
        return list.error();
    const addrinfo& to = **list;
    const std::string what = "http.listen " + address;
    UniqueFd fd(::socket(to.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        return tcp_failed(what, "socket");
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd.get(), to.ai_addr, to.ai_addrlen) != 0)
        return tcp_failed(what, "bind");
    if (::listen(fd.get(), kTcpBacklog) != 0)
        return tcp_failed(what, "listen");
    return fd;
}

// "192.0.2.7", without the port; "": not a TCP socket.
std::string peer_address(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    char host[NI_MAXHOST] = "";
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        (address.ss_family != AF_INET && address.ss_family != AF_INET6) ||
        ::getnameinfo(reinterpret_cast<sockaddr*>(&address), size, host, sizeof host, nullptr, 0,
                      NI_NUMERICHOST) != 0)
        return "";
    return host;
}

// refused: other users may read the key; unavailable: a file cannot be read.
Result<Certificate> read_certificate(const std::string& chain_path, const std::string& key_path) {
    auto chain = read_file(chain_path, kMaxPem);
    if (!chain)
        return Error(chain.error()).in("http.tls_certificate");
    auto key = read_file(key_path, kMaxPem, ReadableBy::group);
    if (!key)
        return Error(key.error()).in("http.tls_key");
    return Certificate{std::move(*chain), Secret(std::move(*key))};
}

} // namespace

struct DaemonRelease {
    void operator()(MHD_Daemon* daemon) const noexcept { MHD_stop_daemon(daemon); }
};
using DaemonRef = std::unique_ptr<MHD_Daemon, DaemonRelease>;

// How many connections one of the library's daemons has open.
struct OpenConnections {
    HttpServer::Engine& engine;
    std::atomic<std::size_t> count{0};

    explicit OpenConnections(HttpServer::Engine& of)
        : engine(of) {} // clang 14 needs it for make_unique
};

// A listening socket and the library's daemon on it, which goes first.
struct Endpoint {
    UniqueFd fd;
    std::unique_ptr<OpenConnections> open;
    DaemonRef daemon; // nullptr: it could not start
};

// Of a former certificate: does not listen any more, and is freed when its connections have ended.
struct Retired {
    Endpoint endpoint;
    std::chrono::steady_clock::time_point since;
};

struct HttpServer::Engine {
    const HttpSettings settings;
    UnixListener listener;
    RequestHandler handler;
    Guarded<std::map<std::uint32_t, std::size_t>> connections; // by uid
    Certificate certificate;
    Guarded<std::list<Retired>> retired; // outlives the daemons below, which look into it
    Endpoint local;                      // on the Unix socket
    std::vector<Endpoint> tcp;

    Engine(HttpSettings s, ports::Services services, std::vector<Route> more, UnixListener l)
        : settings(std::move(s)), listener(std::move(l)),
          handler(settings, std::move(services), std::move(more)) {}
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine();

    Result<void> start_tcp();
    Endpoint start_endpoint(UniqueFd fd, const Certificate* with);
    DaemonRef start_daemon(int fd, const Certificate* with, OpenConnections& open);
    void reload();
    void free_retired();
    void connected(int fd, void** context);
    void disconnected(void** context);
    void retire(Endpoint endpoint);
};

namespace {

// What cannot be quiesced is closed by the library itself.
void end_listening(Endpoint& endpoint, UniqueFd& fd) {
    if (endpoint.daemon && MHD_quiesce_daemon(endpoint.daemon.get()) == MHD_INVALID_SOCKET)
        fd.release();
}

} // namespace

HttpServer::Engine::~Engine() {
    end_listening(local, listener.descriptor());
    for (auto& endpoint : tcp)
        end_listening(endpoint, endpoint.fd);
    // A suspended connection would make the library abort: all are resumed here.
    handler.stop();
    // While the rest of this exists: their connections look into the list when they end.
    std::list<Retired> left;
    left.swap(*retired.lock());
}

Result<void> HttpServer::Engine::start_tcp() {
    if (settings.listen.empty())
        return {};
    if (settings.tokens.empty())
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
        auto endpoint = start_endpoint(std::move(*fd), tls ? &certificate : nullptr);
        if (!endpoint.daemon)
            return Error{Errc::unavailable,
                         "http.listen " + address + ": the server cannot start" +
                             (tls ? "; check that tls_key belongs to tls_certificate" : "")};
        tcp.push_back(std::move(endpoint));
    }
    return {};
}

// A few more than a user may have get an answer; the others are closed.
void HttpServer::Engine::connected(int fd, void** context) {
    auto made = std::make_unique<Connection>();
    made->uid = peer_uid(fd);
    if (!made->uid)
        made->address = peer_address(fd);
    if (made->uid) {
        auto count = connections.lock();
        const std::size_t most =
            settings.connections_per_user * (handler.staff(*made->uid) ? kStaffFactor : 1);
        const std::size_t now = ++(*count)[*made->uid];
        made->over = now > most;
        // Cannot be refused here; the library meets the end of the stream and closes it.
        if (now > 2 * most)
            ::shutdown(fd, SHUT_RDWR);
    }
    made->deadline = handler.deadlines().opened(fd);
    *context = made.release();
}

void HttpServer::Engine::disconnected(void** context) {
    const std::unique_ptr<Connection> gone(static_cast<Connection*>(*context));
    *context = nullptr;
    if (!gone)
        return;
    handler.deadlines().closed(gone->deadline);
    if (!gone->uid) {
        // Not here: this is a thread of the daemon that may have to be freed.
        if (!retired.lock()->empty())
            handler.run([this] { free_retired(); });
        return;
    }
    auto count = connections.lock();
    if (--(*count)[*gone->uid] == 0)
        count->erase(*gone->uid);
}

// The lambdas are the library's callbacks: nothing may be thrown through them.
DaemonRef HttpServer::Engine::start_daemon(int fd, const Certificate* with, OpenConnections& open) {
    // What this returns is the context that access gets: a request is known by its target as sent.
    const auto announced = [](void*, const char* target, MHD_Connection*) -> void* {
        try {
            auto made = std::make_unique<Exchange>();
            made->target = target != nullptr ? target : "";
            made->arguments_cut_off = cut_off_arguments(target);
            return made.release();
        } catch (...) {
            return nullptr;
        }
    };
    const auto access = [](void* self, MHD_Connection* connection, const char* url,
                           const char* method, const char* version, const char* data,
                           std::size_t* size, void** context) -> MhdResult {
        auto* exchange = static_cast<Exchange*>(*context);
        if (exchange == nullptr)
            return MHD_NO;
        try {
            auto& engine = *static_cast<Engine*>(self);
            if (!exchange->begun)
                engine.handler.begin(connection, *exchange, url, method, version);
            return engine.handler.advance(connection, *exchange, data, size);
        } catch (...) {
            return MHD_NO;
        }
    };
    const auto connection_changed = [](void* population, MHD_Connection* connection, void** context,
                                       MHD_ConnectionNotificationCode code) {
        auto& here = *static_cast<OpenConnections*>(population);
        try {
            if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
                --here.count;
                return here.engine.disconnected(context);
            }
            ++here.count;
            const auto* info =
                MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
            here.engine.connected(info != nullptr ? info->connect_fd : -1, context);
        } catch (...) {
            // Without a context the connection gets 401.
        }
    };
    const auto completed = [](void* self, MHD_Connection*, void** context,
                              MHD_RequestTerminationCode) {
        const std::unique_ptr<Exchange> done(static_cast<Exchange*>(*context));
        *context = nullptr;
        if (done && done->deadline != 0)
            static_cast<Engine*>(self)->handler.deadlines().receives(done->deadline);
    };
    const auto log = [](void*, const char* format, va_list arguments) {
        char text[256];
        std::vsnprintf(text, sizeof text, format, arguments);
        log::event(log::Level::debug, "SLUICE-0502", "http-library", {{"text", text}});
    };
    std::vector<MHD_OptionItem> extra;
    // Not epoll: with a pool of threads libmicrohttpd 0.9.75 may abort in MHD_quiesce_daemon(),
    // since the call and a thread both take the listening socket out of the set.
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
#if MHD_VERSION >= 0x01000000
    // Before 1.0 strictness is two checks, one of which answers twice: framing_fault() has them
    // all.
    extra.push_back({MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, nullptr});
#endif
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
        MHD_OPTION_URI_LOG_CALLBACK, +announced, nullptr, MHD_OPTION_NOTIFY_CONNECTION,
        +connection_changed, &open, MHD_OPTION_NOTIFY_COMPLETED, +completed, this,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, kListenThreads,
        MHD_OPTION_CONNECTION_LIMIT, settings.connections, MHD_OPTION_CONNECTION_TIMEOUT,
        kIdleSeconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory, MHD_OPTION_ARRAY,
        extra.data(), MHD_OPTION_END));
}

Endpoint HttpServer::Engine::start_endpoint(UniqueFd fd, const Certificate* with) {
    Endpoint endpoint{std::move(fd), std::make_unique<OpenConnections>(*this), nullptr};
    endpoint.daemon = start_daemon(endpoint.fd.get(), with, *endpoint.open);
    return endpoint;
}

void HttpServer::Engine::retire(Endpoint endpoint) {
    end_listening(endpoint, endpoint.fd);
    endpoint.fd.reset();
    retired.lock()->push_back({std::move(endpoint), std::chrono::steady_clock::now()});
}

// Called when a connection has ended and at each reload, so that at most the last one of an idle
// server stays. Freed without the lock: the library waits for threads that may wait for it.
void HttpServer::Engine::free_retired() {
    const auto before = std::chrono::steady_clock::now() - kLateArrivals;
    std::list<Retired> over;
    {
        auto list = retired.lock();
        for (auto it = list->begin(); it != list->end();) {
            const auto next = std::next(it);
            if (it->endpoint.open->count == 0 && it->since <= before)
                over.splice(over.end(), *list, it);
            it = next;
        }
    }
}

// The new certificate listens beside the old one before the old one stops: no connection is
// refused.
void HttpServer::Engine::reload() {
    if (settings.tls_certificate.empty() || tcp.empty())
        return;
    const auto refuse = [](const std::string& error) {
        log::event(log::Level::error, "SLUICE-0513", "certificate-refused", {{"error", error}});
    };
    auto read = read_certificate(settings.tls_certificate, settings.tls_key);
    if (!read)
        return refuse(read.error().context);
    if (read->chain == certificate.chain && read->key.reveal() == certificate.key.reveal())
        return;
    std::vector<Endpoint> fresh;
    for (const auto& endpoint : tcp) {
        UniqueFd fd(::fcntl(endpoint.fd.get(), F_DUPFD_CLOEXEC, 0));
        fresh.push_back(start_endpoint(std::move(fd), &*read));
        if (!fresh.back().daemon)
            return refuse(
                "http.tls_key does not belong to http.tls_certificate, or a file is not PEM");
    }
    free_retired();
    for (auto& endpoint : tcp)
        retire(std::move(endpoint));
    tcp = std::move(fresh);
    certificate = std::move(*read);
    log::event(log::Level::notice, "SLUICE-0514", "certificate-loaded",
               {{"file", settings.tls_certificate}});
}

void HttpServer::reload_certificate() {
    engine_->reload();
}

HttpServer::HttpServer(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>>
HttpServer::start(HttpSettings settings, ports::Services services, std::vector<Route> more) {
    settings.staff_uids.push_back(0);
    settings.staff_uids.push_back(::geteuid());
    auto listener = UnixListener::open(settings.socket_path);
    if (!listener)
        return std::move(listener).error();
    auto engine = std::make_unique<Engine>(std::move(settings), std::move(services),
                                           std::move(more), std::move(*listener));
    // Before the first request: the threads that answer read what it makes.
    if (!engine->settings.tokens.empty())
        if (auto opened = engine->handler.open_logins(engine->settings); !opened)
            return opened.error();
    auto& local = engine->local;
    local.open = std::make_unique<OpenConnections>(*engine);
    local.daemon = engine->start_daemon(engine->listener.descriptor().get(), nullptr, *local.open);
    if (!local.daemon)
        return Error{Errc::unavailable,
                     "the HTTP server cannot start: " + std::string(std::strerror(errno))};
    if (auto started = engine->start_tcp(); !started)
        return started.error();
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(engine)));
}

} // namespace sluice::http
