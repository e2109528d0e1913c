// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/tcp.hpp"

#include "common/base/files.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>

namespace sluice::http {
namespace {

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

} // namespace

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

Result<Certificate> read_certificate(const std::string& chain_path, const std::string& key_path) {
    auto chain = read_file(chain_path, kMaxPem);
    if (!chain)
        return Error(chain.error()).in("http.tls_certificate");
    auto key = read_file(key_path, kMaxPem, ReadableBy::group);
    if (!key)
        return Error(key.error()).in("http.tls_key");
    return Certificate{std::move(*chain), Secret(std::move(*key))};
}

} // namespace sluice::http
