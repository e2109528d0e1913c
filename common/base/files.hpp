// SPDX-License-Identifier: GPL-2.0-or-later
// One owner for a file descriptor.
#pragma once

#include "common/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace sluice {
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        reset(std::exchange(other.fd_, -1));
        return *this;
    }
    ~UniqueFd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    int release() noexcept { return std::exchange(fd_, -1); }
    void reset(int fd = -1) noexcept {
        // close() is not repeated on EINTR: on Linux the descriptor is gone already.
        if (fd_ >= 0)
            ::close(fd_);
        fd_ = fd;
    }

private:
    int fd_ = -1;
};

// Reads a small file: settings, keys, tokens, certificates. Never waits for a pipe or a device.

enum class ReadableBy {
    all,
    group, // not by other users
    owner, // not by the group either; belongs to root or to this process' user; no symbolic link
};

// Errors, with path, reason and remedy: not_found, refused (no right, no regular file, access of
// others than `readable_by`), malformed (longer than `max_bytes`), unavailable.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes,
                              ReadableBy readable_by = ReadableBy::all);

// For a file that a library opens by its name and could wait for. "": no file. Errors as
// above.
Result<void> check_regular(const std::string& path);

// A file that is replaced as a whole: after a crash or a failed write either the old content or the
// new one is there. Errors: refused (no right) and unavailable, with path and reason.

// The error that errno stands for, about `path`.
Error file_error(const std::string& path);

// Writes and syncs a new file (mode 0600); a file of that name is removed before. Nothing is left
// of one that failed.
Result<void> write_new_file(const std::string& path, std::string_view bytes);

// Renames `fresh` to `path`, in place of what is there, and syncs the folder. Removes `fresh` if
// the rename fails. After an error of the sync the new file is in place, but may not survive a
// power cut.
Result<void> move_into_place(const std::string& fresh, const std::string& path);

} // namespace sluice
