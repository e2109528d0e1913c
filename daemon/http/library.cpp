// SPDX-License-Identifier: GPL-2.0-or-later
// The edge to libmicrohttpd: a daemon of its on one socket, and its callbacks.
#include "common/base/log.hpp"
#include "daemon/http/engine.hpp"
#include "daemon/http/framing.hpp"

#include <cstdarg>
#include <cstdio>
#include <string_view>
#include <sys/socket.h>

namespace sluice::http {
namespace {

constexpr std::size_t kConnectionMemory = 32 * 1024; // bounds the header
constexpr unsigned kListenThreads = 2;
constexpr unsigned kIdleSeconds = 15;
constexpr std::size_t kStaffFactor = 8;
constexpr const char* kTlsVersions = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

} // namespace

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
    if (!gone->uid) {
        // Not here: this is a thread of the daemon that may have to be freed.
        if (!retired.lock()->empty())
            answers.submit([this](bool abandoned) { abandoned ? void() : free_retired(); });
        return;
    }
    auto count = connections.lock();
    if (--(*count)[*gone->uid] == 0)
        count->erase(*gone->uid);
}

// The lambdas are the library's callbacks: nothing may be thrown through them.
DaemonRef HttpServer::Engine::start_daemon(int fd, const Certificate* with, Population& open) {
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
                begin(connection, *exchange, url, method, version);
            return engine.advance(connection, *exchange, data, size);
        } catch (...) {
            return MHD_NO;
        }
    };
    const auto connection_changed = [](void* population, MHD_Connection* connection, void** context,
                                       MHD_ConnectionNotificationCode code) {
        auto& here = *static_cast<Population*>(population);
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
            static_cast<Engine*>(self)->deadlines.receives(done->deadline);
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

} // namespace sluice::http
