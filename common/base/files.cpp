// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace sluice {
namespace {

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

// A file system may report a full disk or an exceeded quota here only (NFS).
bool close_checked(UniqueFd fd) {
    return ::close(fd.release()) == 0 || errno == EINTR;
}

// The rename itself must survive a power cut, too.
Result<void> sync_folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // EINVAL: this file system cannot sync folders.
    if (!fd || (::fsync(fd.get()) != 0 && errno != EINVAL))
        return file_error(folder);
    return {};
}

} // namespace

Error file_error(const std::string& path) {
    const int code = errno;
    return Error{code == EACCES || code == EPERM ? Errc::refused : Errc::unavailable,
                 path + ": " + std::generic_category().message(code)};
}

Result<void> write_new_file(const std::string& path, std::string_view bytes) {
    ::unlink(path.c_str());
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd)
        return file_error(path);
    if (write_all(fd.get(), bytes) && ::fsync(fd.get()) == 0 && close_checked(std::move(fd)))
        return {};
    const Error error = file_error(path);
    ::unlink(path.c_str());
    return error;
}

Result<void> move_into_place(const std::string& fresh, const std::string& path) {
    if (::rename(fresh.c_str(), path.c_str()) != 0) {
        const Error error = file_error(path);
        ::unlink(fresh.c_str());
        return error;
    }
    return sync_folder_of(path);
}

namespace {

Error not_regular(const std::string& path) {
    return Error{Errc::refused, path + ": is not a regular file; put a regular file in its place"};
}

Error open_error(const std::string& path) {
    if (errno == ENOENT || errno == ENOTDIR)
        return Error{Errc::not_found, path + ": No such file or directory"};
    if (errno == ELOOP) // a symbolic link, which is not allowed here
        return Error{Errc::refused, path + ": is a symbolic link; name the file itself"};
    return errno == ENXIO ? not_regular(path) : file_error(path); // ENXIO: a socket
}

// What the file's owner and mode allow; "" means nothing wrong.
std::string access_fault(const struct stat& status, const std::string& path, ReadableBy by) {
    if (by == ReadableBy::owner && status.st_uid != 0 && status.st_uid != ::geteuid())
        return path + ": belongs to uid " + std::to_string(status.st_uid) + "; run: chown " +
               std::to_string(::geteuid()) + " " + path;
    if (by == ReadableBy::owner && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return path + ": other users have access; run: chmod 600 " + path;
    if (by == ReadableBy::group && (status.st_mode & S_IRWXO) != 0)
        return path + ": all users have access; run: chmod o= " + path;
    return "";
}

struct Opened {
    UniqueFd fd;
    struct stat status {};
};

Result<Opened> open_regular(const std::string& path, int flags) {
    // Without O_NONBLOCK the open of a FIFO waits for its writer.
    Opened out;
    out.fd.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags));
    if (!out.fd || ::fstat(out.fd.get(), &out.status) != 0)
        return open_error(path);
    if (!S_ISREG(out.status.st_mode))
        return not_regular(path);
    return out;
}

} // namespace

Result<void> check_regular(const std::string& path) {
    if (path.empty())
        return {};
    if (const auto opened = open_regular(path, 0); !opened)
        return opened.error();
    return {};
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes,
                              ReadableBy readable_by) {
    const auto opened = open_regular(path, readable_by == ReadableBy::owner ? O_NOFOLLOW : 0);
    if (!opened)
        return opened.error();
    const auto& [fd, status] = *opened;
    if (auto fault = access_fault(status, path, readable_by); !fault.empty())
        return Error{Errc::refused, std::move(fault)};
    std::string text;
    // One byte more shows that the file is longer; it may grow meanwhile.
    text.resize(std::min(static_cast<std::size_t>(status.st_size), max_bytes) + 1);
    std::size_t have = 0;
    while (have < text.size()) {
        const ssize_t got = ::read(fd.get(), text.data() + have, text.size() - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return file_error(path);
        if (got == 0)
            break;
        have += static_cast<std::size_t>(got);
    }
    if (have > max_bytes)
        return Error{Errc::malformed,
                     path + ": longer than " + std::to_string(max_bytes) + " bytes"};
    text.resize(have);
    return text;
}

} // namespace sluice
