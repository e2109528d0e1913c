// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/adapters/http/server.hpp"

#include "common/base/log.hpp"
#include "daemon/adapters/http/engine.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace sluice::http {

HttpServer::Engine::~Engine() {
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
    auto listener = UnixListener::open(settings.socket_path);
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
