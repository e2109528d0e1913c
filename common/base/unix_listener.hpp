// SPDX-License-Identifier: GPL-2.0-or-later
// A listening AF_UNIX socket that every user of the host may connect to (0666 in a 0755 directory):
// its owner decides by the peer's credentials.
#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace sluice {

// Removes its path when it goes, unless another daemon has taken the path over meanwhile.
class UnixListener {
public:
    // Makes the directory (not its parents) when it is missing. A socket file without a
    // listener is replaced. conflict: a daemon answers there, or the path is not a socket; refused:
    // permissions; malformed: the path is longer than a socket address takes.
    static Result<UnixListener> open(const std::string& path);

    UnixListener(UnixListener&& other) noexcept;
    UnixListener& operator=(UnixListener&&) = delete;
    ~UnixListener();

    // The library that accepts on it may take it over by release().
    UniqueFd& descriptor() noexcept { return fd_; }
    int fd() const noexcept { return fd_.get(); }

private:
    UnixListener(UniqueFd fd, std::string path, ino_t inode);
    UniqueFd fd_;
    std::string path_;
    ino_t inode_ = 0;
};

// Who is at the other end, as the kernel knows it. nullopt: no credentials.
std::optional<std::uint32_t> peer_uid(int fd);

} // namespace sluice
