// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/server.hpp"

#include "common/base/log.hpp"
#include "daemon/http/engine.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace sluice::http {

namespace {

// A connection that the kernel handed over just before the end of listening has arrived by then.
constexpr std::chrono::seconds kLateArrivals{1};

// What cannot be quiesced is closed by the library itself.
void end_listening(Front& front, UniqueFd& fd) {
    if (front.daemon && MHD_quiesce_daemon(front.daemon.get()) == MHD_INVALID_SOCKET)
        fd.release();
}

} // namespace

HttpServer::Engine::~Engine() {
    end_listening(local, listener.descriptor());
    for (auto& front : fronts)
        end_listening(front, front.fd);
    // A suspended connection would make the library abort: all are resumed here. Logins first,
    // since those that run go on to the other two.
    logins.stop();
    cycles.stop();
    answers.stop();
    // While the rest of this exists: their connections look into the list when they end.
    std::list<Retired> left;
    left.swap(*retired.lock());
}

Result<void> HttpServer::Engine::open_tokens() {
    if (settings.tokens.empty())
        return {};
    auto opened = TokenFile::open(settings.tokens);
    if (!opened)
        return opened.error();
    tokens = std::move(*opened);
    auto made = Nonces::create();
    if (!made)
        return made.error();
    nonces = std::make_unique<Nonces>(std::move(*made));
    login = std::make_unique<Login>(LoginSettings{settings.staff_uids, settings.munge_socket},
                                    *tokens, *nonces);
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
        auto front = start_front(std::move(*fd), tls ? &certificate : nullptr);
        if (!front.daemon)
            return Error{Errc::unavailable,
                         "http.listen " + address + ": the server cannot start" +
                             (tls ? "; do tls_certificate and tls_key fit together?" : "")};
        fronts.push_back(std::move(front));
    }
    return {};
}

Front HttpServer::Engine::start_front(UniqueFd fd, const Certificate* with) {
    Front front{std::move(fd), std::make_unique<Population>(*this), nullptr};
    front.daemon = start_daemon(front.fd.get(), with, *front.open);
    return front;
}

void HttpServer::Engine::retire(Front front) {
    end_listening(front, front.fd);
    front.fd.reset();
    retired.lock()->push_back({std::move(front), std::chrono::steady_clock::now()});
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
            if (it->front.open->count == 0 && it->since <= before)
                over.splice(over.end(), *list, it);
            it = next;
        }
    }
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
        fresh.push_back(start_front(std::move(fd), &*read));
        if (!fresh.back().daemon)
            return refuse("certificate and key do not fit together, or are no PEM");
    }
    free_retired();
    for (auto& front : fronts)
        retire(std::move(front));
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
    auto listener = UnixListener::open(settings.socket_path);
    if (!listener)
        return std::move(listener).error();
    auto engine =
        std::make_unique<Engine>(std::move(settings), std::move(services), std::move(*listener));
    auto& local = engine->local;
    local.open = std::make_unique<Population>(*engine);
    local.daemon = engine->start_daemon(engine->listener.descriptor().get(), nullptr, *local.open);
    if (!local.daemon)
        return Error{Errc::unavailable,
                     "the HTTP server cannot start: " + std::string(std::strerror(errno))};
    if (auto started = engine->start_fronts(); !started)
        return started.error();
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(engine)));
}

} // namespace sluice::http
