// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/read_file.hpp"

#include "common/base/replace_file.hpp"
#include "common/base/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice {
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
