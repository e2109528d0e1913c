// SPDX-License-Identifier: GPL-2.0-or-later
// The journal's tables by schema number, and the way from an older number to the newest. Released
// entries of the list are never edited: a change is a new entry.
#pragma once

#include "daemon/storage/database.hpp"

#include <span>
#include <string>

namespace sluice::sqlite {

struct Migration {
    int to; // 1, 2, 3 ... without gaps
    const char* sql;
};

// Marks a database as a journal of Sluice (PRAGMA application_id).
constexpr std::int64_t kApplicationId = 0x534c5543; // "SLUC"

std::span<const Migration> migrations();

// Brings the database to the newest schema of the list, in one transaction, with a copy in
// PATH.schema-N.bak before (none for a new file). Throws Failure: refused when the file is newer
// than the list or not a journal; then nothing is changed.
void upgrade(Database& database, const std::string& path, std::span<const Migration> list);

} // namespace sluice::sqlite
