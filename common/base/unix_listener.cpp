// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/unix_listener.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <utility>

namespace sluice {
namespace {

constexpr int kBacklog = 256;

Error failed(const std::string& what, const std::string& path) {
    const int code = errno;
    return Error{code == EACCES || code == EPERM ? Errc::refused : Errc::unavailable,
                 "socket " + path + ": " + what + ": " + std::strerror(code)};
}

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return Error{Errc::malformed, "socket " + path + ": a path of 1 to " +
                                          std::to_string(sizeof address.sun_path - 1) +
                                          " bytes is needed"};
    path.copy(address.sun_path, path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// Only a refused connection proves that a socket's owner is dead.
Result<void> make_room(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        return errno == ENOENT ? Result<void>() : Result<void>(failed("stat", path));
    if (!S_ISSOCK(status.st_mode))
        return Error{Errc::conflict, "socket " + path + ": exists and is not a socket"};
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe)
        return failed("socket", path);
    if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN)
        return Error{Errc::conflict, "socket " + path + ": another daemon answers there"};
    if (errno != ECONNREFUSED)
        return errno == ENOENT ? Result<void>() : Result<void>(failed("connect", path));
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return failed("unlink", path);
    return {};
}

} // namespace

UnixListener::UnixListener(UniqueFd fd, std::string path, ino_t inode)
    : fd_(std::move(fd)), path_(std::move(path)), inode_(inode) {}

UnixListener::UnixListener(UnixListener&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, "")), inode_(other.inode_) {}

UnixListener::~UnixListener() {
    struct stat status {};
    if (!path_.empty() && ::lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_)
        ::unlink(path_.c_str());
}

Result<UnixListener> UnixListener::open(const std::string& path) {
    const auto address = address_of(path);
    if (!address)
        return address.error();
    const std::string directory = directory_of(path);
    if (::mkdir(directory.c_str(), 0755) == 0) {
        // The umask of a daemon is often 027; people must get through to the socket.
        if (::chmod(directory.c_str(), 0755) != 0)
            return failed("chmod of its directory", path);
    } else if (errno != EEXIST) {
        return failed("mkdir " + directory, path);
    }
    if (auto room = make_room(path, *address); !room)
        return std::move(room).error();
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd)
        return failed("socket", path);
    if (::bind(fd.get(), generic(*address), sizeof *address) != 0)
        return failed("bind", path);
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
        return failed("stat", path);
    UnixListener out(std::move(fd), path, status.st_ino);
    if (::chmod(path.c_str(), 0666) != 0)
        return failed("chmod", path);
    if (::listen(out.fd_.get(), kBacklog) != 0)
        return failed("listen", path);
    return out;
}

std::optional<std::uint32_t> peer_uid(int fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 ||
        credentials.uid == static_cast<uid_t>(-1))
        return std::nullopt;
    return credentials.uid;
}

} // namespace sluice
