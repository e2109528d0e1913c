// SPDX-License-Identifier: GPL-2.0-or-later
// The journal as a file: how a new one begins, and whether an existing one is whole.
#pragma once

#include "daemon/storage/database.hpp"

#include <cstdint>
#include <string>

namespace sluice::sqlite {

// Makes the journal `path` where no file is; it appears there complete or not at all. True: made.
// Throws Failure: refused for a file of 0 bytes, and for a missing file whose -wal is left: what
// these held would be lost without a word.
bool create_missing(const std::string& path);

// Throws Failure: refused where SQLite finds damage. Reads the whole file.
void quick_check(Database& database);

// Opening checks files up to this size, a second or two on a slow disk; larger ones are checked
// with the daily backup only. SQLite cannot be interrupted while it checks one table.
constexpr std::uintmax_t kMaxCheckAtStart = std::uintmax_t{256} << 20;

} // namespace sluice::sqlite
