// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin/stream.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace sluice::plugin {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

Error failed(const std::string& what, int error) {
    return Error{Errc::unavailable, what + ": " + std::generic_category().message(error)};
}

// True: ready. False: the deadline has passed.
Result<bool> wait_for(int fd, short events, int wake, Steady::time_point deadline) {
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now());
        std::array<pollfd, 2> watched{{{fd, events, 0}, {wake, POLLIN, 0}}};
        const int timeout = static_cast<int>(std::clamp<std::int64_t>(left.count() + 1, 0, 60'000));
        const int rc = ::poll(watched.data(), watched.size(), timeout);
        if (rc < 0 && errno != EINTR)
            return failed("poll", errno);
        if (rc > 0 && watched[1].revents != 0)
            return Error{Errc::conflict, "stopping"};
        if (rc > 0)
            return true;
        if (Steady::now() >= deadline)
            return false;
    }
}

Result<UniqueFd> connect_to(int family, const sockaddr* address, socklen_t length, int wake,
                            Steady::time_point deadline) {
    UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        return failed("socket", errno);
    const int on = 1;
    if (family != AF_UNIX)
        ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd.get(), address, length) == 0)
        return fd;
    if (errno != EINPROGRESS)
        return failed("connect", errno);
    const auto ready = wait_for(fd.get(), POLLOUT, wake, deadline);
    if (!ready)
        return ready.error();
    if (!*ready)
        return Error{Errc::timeout, "connect: timed out"};
    int error = 0;
    length = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0)
        return failed("connect", error);
    return fd;
}

} // namespace

Result<Stream> Stream::connect_socket(const std::string& path, int wake,
                                      Steady::time_point deadline) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error{Errc::malformed, "path too long"};
    path.copy(address.sun_path, path.size());
    auto fd = connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, wake,
                         deadline);
    if (!fd)
        return std::move(fd).error();
    return Stream(std::move(*fd), wake);
}

std::optional<std::uint32_t> Stream::peer_uid() const {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 ||
        credentials.uid == static_cast<uid_t>(-1))
        return std::nullopt;
    return credentials.uid;
}

Result<Stream> Stream::connect(const Address& address, int wake, Steady::time_point deadline) {
    if (address.is_socket())
        return connect_socket(address.host, wake, deadline);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* raw = nullptr;
    const int rc = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &raw);
    const std::unique_ptr<addrinfo, FreeAddresses> list(raw);
    if (rc != 0)
        return Error{Errc::unavailable, ::gai_strerror(rc)};
    Error last{Errc::unavailable, "no address"};
    for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
        auto fd = connect_to(one->ai_family, one->ai_addr, one->ai_addrlen, wake, deadline);
        if (fd)
            return Stream(std::move(*fd), wake);
        last = std::move(fd).error();
        if (last.code == Errc::conflict)
            break;
    }
    return last;
}

Result<std::optional<std::string>> Stream::read(Steady::time_point deadline) {
    const auto ready = wait_for(fd_.get(), POLLIN, wake_, deadline);
    if (!ready)
        return ready.error();
    if (!*ready)
        return std::optional<std::string>();
    std::array<char, 65'536> buffer;
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n == 0)
        return Error{Errc::unavailable, "connection closed by the daemon"};
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return std::optional<std::string>();
    if (n < 0)
        return failed("read", errno);
    return std::optional<std::string>(std::string(buffer.data(), static_cast<std::size_t>(n)));
}

Result<void> Stream::write(std::string_view bytes, Steady::time_point deadline) {
    while (!bytes.empty()) {
        // No SIGPIPE: slurmctld's thread must not get one.
        const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(n));
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return failed("write", errno);
        const auto ready = wait_for(fd_.get(), POLLOUT, wake_, deadline);
        if (!ready)
            return ready.error();
        if (!*ready)
            return Error{Errc::timeout, "write: timed out"};
    }
    return {};
}

} // namespace sluice::plugin
