// SPDX-License-Identifier: GPL-2.0-or-later
// A TCP connection and nothing more.
#include "daemon/slurm/tcp_probe.hpp"

#include "common/base/files.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

namespace sluice::slurm {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

bool connects(const addrinfo& address, std::chrono::milliseconds patience) {
    const UniqueFd fd{
        socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
    if (!fd)
        return false;
    if (connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    pollfd wait{fd.get(), POLLOUT, 0};
    if (poll(&wait, 1, static_cast<int>(patience.count())) != 1)
        return false;
    int failure = 0;
    socklen_t length = sizeof failure;
    return getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failure, &length) == 0 && failure == 0;
}

} // namespace

bool listens(const std::string& host, std::uint16_t port, std::chrono::milliseconds patience) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
        return false;
    const std::unique_ptr<addrinfo, FreeAddresses> list{found};
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next)
        if (connects(*address, patience))
            return true;
    return false;
}

} // namespace sluice::slurm
