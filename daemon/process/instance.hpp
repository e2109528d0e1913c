// SPDX-License-Identifier: GPL-2.0-or-later
// One daemon for each journal, and the folders that it needs.
#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <string>
#include <sys/types.h>

namespace sluice::core {

// Holds the lock for its lifetime; the kernel releases it when the process dies.
class InstanceLock {
public:
    // Locks JOURNAL.lock. conflict: another process has the lock; the text has its pid if known.
    static Result<InstanceLock> take(const std::string& journal);

private:
    explicit InstanceLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

// Creates the folder of `file` and missing parents: the last with `mode`, others 0755. An existing
// folder is left as it is.
Result<void> make_folder_of(const std::string& file, mode_t mode);

} // namespace sluice::core
