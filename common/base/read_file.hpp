// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a small file: settings, keys, tokens, certificates. Never waits for a pipe or a device.
#pragma once

#include "common/base/result.hpp"

#include <cstddef>
#include <string>

namespace sluice {

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

} // namespace sluice
