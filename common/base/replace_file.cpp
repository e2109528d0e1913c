// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/replace_file.hpp"

#include "common/base/unique_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

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

} // namespace sluice
