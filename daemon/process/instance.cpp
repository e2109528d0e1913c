// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/process/instance.hpp"

#include "common/base/text.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::core {
namespace {

Error fault(const std::string& path) {
    return {errno == EACCES || errno == EPERM ? Errc::refused : Errc::unavailable,
            path + ": " + std::strerror(errno)};
}

std::string content(int fd) {
    std::array<char, 32> buffer{};
    const auto size = ::pread(fd, buffer.data(), buffer.size(), 0);
    return size > 0 ? std::string(trim({buffer.data(), static_cast<std::size_t>(size)})) : "?";
}

} // namespace

Result<InstanceLock> InstanceLock::take(const std::string& journal) {
    const std::string path = journal + ".lock";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd)
        return fault(path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fault(path);
        return Error{Errc::conflict, "another sluiced (pid " + content(fd.get()) +
                                         ") uses the journal " + journal +
                                         "; stop it, or name another file in journal:"};
    }
    const std::string pid = std::to_string(::getpid()) + '\n';
    if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0)
        return fault(path);
    return InstanceLock(std::move(fd));
}

Result<void> make_folder_of(const std::string& file, mode_t mode) {
    const auto folder = std::filesystem::path(file).parent_path();
    std::error_code error;
    if (folder.empty() || std::filesystem::is_directory(folder, error))
        return {};
    if (!folder.parent_path().empty() && folder.parent_path() != folder) {
        if (auto made = make_folder_of(folder.string(), 0755); !made)
            return made;
    }
    // Another process may have made it meanwhile.
    if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST)
        return fault(folder.string());
    // The umask may have taken rights that users need to reach the socket.
    if (::chmod(folder.c_str(), mode) != 0)
        return fault(folder.string());
    return {};
}

} // namespace sluice::core
