// SPDX-License-Identifier: GPL-2.0-or-later
// The journal's file: its tables by schema number, the way from an older number to the newest, how
// a new file begins, and whether an existing one is whole. Released entries of the list are never
// edited: a change is a new entry.
#pragma once

#include "daemon/storage/database.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace sluice::storage {

struct Migration {
    int to; // 1, 2, 3 ... without gaps
    const char* sql;
};

// Marks a database as a journal of Sluice (PRAGMA application_id).
constexpr std::int64_t kApplicationId = 0x534c5543; // "SLUC"

std::span<const Migration> migrations();

// Upgrades the database to the newest schema of the list, in one transaction, after a copy to
// PATH.schema-N.bak (none for a new file). Throws Failure: refused where the file is newer than the
// list or not a journal; then the file stays as it is.
void upgrade(Database& database, const std::string& path, std::span<const Migration> list);

// Creates the journal `path` where no file exists; it appears complete or not at all. True:
// created. Throws Failure: refused for a file of 0 bytes, and for a missing file whose -wal is
// left: a new journal would hide the loss.
bool create_missing(const std::string& path);

// Throws Failure: refused where SQLite finds damage. Reads the whole file.
void quick_check(Database& database);

// Opening checks files up to this size, a second or two on a slow disk; larger ones are checked
// with the daily backup only. SQLite cannot be interrupted while it checks one table.
constexpr std::uintmax_t kMaxCheckAtStart = std::uintmax_t{256} << 20;

} // namespace sluice::storage
