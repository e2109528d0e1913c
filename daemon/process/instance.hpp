// SPDX-License-Identifier: GPL-2.0-or-later
// One daemon per journal, and the folders it needs.
#pragma once

#include "common/base/files.hpp"
#include "common/base/result.hpp"

#include <string>
#include <sys/types.h>

namespace sluice::app {

// Holds the lock until it goes; the kernel drops it when the process dies, however it dies.
class InstanceLock {
public:
    // Locks JOURNAL.lock. conflict: another process has it, and its pid if known.
    static Result<InstanceLock> take(const std::string& journal);

private:
    explicit InstanceLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

// Creates the folder of `file` and missing parents: the last with `mode`, others 0755. One that
// exists is left as it is.
Result<void> make_folder_of(const std::string& file, mode_t mode);

} // namespace sluice::app
