// SPDX-License-Identifier: GPL-2.0-or-later
// A file that is replaced as a whole: after a crash or a failed write either the old content or the
// new one is there. Errors: refused (no right) and unavailable, with path and reason.
#pragma once

#include "common/base/result.hpp"

#include <string>
#include <string_view>

namespace sluice {

// What errno says about `path`.
Error file_error(const std::string& path);

// Writes and syncs a new file (mode 0600); a file of that name is removed before. Nothing is left
// of one that failed.
Result<void> write_new_file(const std::string& path, std::string_view bytes);

// Renames `fresh` to `path`, in place of what is there, and syncs the folder. Removes `fresh` if
// the rename fails. After an error of the sync the new file is in place, but may not survive a
// power cut.
Result<void> move_into_place(const std::string& fresh, const std::string& path);

} // namespace sluice
