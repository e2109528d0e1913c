// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/plugin_server/listener.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace sluice::plugin_server {
namespace {

constexpr int kBacklog = 256;
constexpr std::string_view kUnix = "unix:";

struct FreeAddresses {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

struct Named {
    std::string host;
    std::string port;
};

std::optional<Named> named(const sockaddr_storage& address, socklen_t length) {
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host.data(), host.size(),
                      port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return std::nullopt;
    return Named{host.data(), port.data()};
}

std::optional<Named> split(const std::string& where) {
    const std::size_t colon = where.rfind(':');
    if (colon == std::string::npos || colon + 1 == where.size())
        return std::nullopt;
    std::string host = where.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    return Named{host, where.substr(colon + 1)};
}

Error failed(const std::string& where, int error) {
    return Error{Errc::unavailable,
                 "listen on " + where + ": " + std::generic_category().message(error)};
}

Result<UniqueFd> bind_one(const addrinfo& target, const std::string& where) {
    UniqueFd fd(::socket(target.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        return failed(where, errno);
    const int on = 1;
    // A restart must not wait for connections of the last life to time out.
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (target.ai_family == AF_INET6)
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(fd.get(), target.ai_addr, target.ai_addrlen) != 0 ||
        ::listen(fd.get(), kBacklog) != 0)
        return failed(where, errno);
    return fd;
}

} // namespace

Result<Listener> Listener::open(const std::string& where) {
    if (where.starts_with(kUnix)) {
        auto socket = UnixListener::open(where.substr(kUnix.size()));
        if (!socket)
            return std::move(socket).error();
        return Listener(std::move(*socket));
    }
    const auto parts = split(where);
    if (!parts)
        return Error{Errc::malformed, "listen on " + where + ": not host:port"};
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* raw = nullptr;
    const int rc = ::getaddrinfo(parts->host.c_str(), parts->port.c_str(), &hints, &raw);
    const std::unique_ptr<addrinfo, FreeAddresses> list(raw);
    if (rc != 0)
        return Error{Errc::unavailable, "listen on " + where + ": " + ::gai_strerror(rc)};
    auto fd = bind_one(*list, where);
    if (!fd)
        return std::move(fd).error();
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    ::getsockname(fd->get(), reinterpret_cast<sockaddr*>(&bound), &length);
    const auto name = named(bound, length);
    return Listener(std::move(*fd),
                    name ? static_cast<std::uint16_t>(std::stoul(name->port)) : std::uint16_t{0});
}

std::optional<Accepted> Listener::accept() const {
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    UniqueFd connection(
        ::accept4(fd(), reinterpret_cast<sockaddr*>(&from), &length, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection)
        return std::nullopt;
    if (unix_) {
        const auto uid = peer_uid(connection.get());
        return Accepted{std::move(connection), "unix", "unix", uid.value_or(UINT32_MAX)};
    }
    const int on = 1;
    ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // Finds a host that vanished without a word.
    ::setsockopt(connection.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    const auto name = named(from, length);
    if (!name)
        return std::nullopt;
    return Accepted{std::move(connection), name->host, name->host + ":" + name->port, std::nullopt};
}

} // namespace sluice::plugin_server
