// SPDX-License-Identifier: GPL-2.0-or-later
// Port: the daily copies of the journal. Adapter: SQLite.
#pragma once

#include "common/base/clock.hpp"

#include <optional>
#include <string>

namespace sluice::ports {

struct BackupState {
    std::string file;          // the newest good copy; "": there is none
    std::optional<Instant> at; // when it was made
    std::string error;         // why the last try failed; "": it succeeded, or none was due yet
};

// Thread-safe.
class Backups {
public:
    Backups() = default;
    Backups(const Backups&) = delete;
    Backups& operator=(const Backups&) = delete;
    virtual ~Backups() = default;

    virtual BackupState state() const = 0;
};

} // namespace sluice::ports
