// SPDX-License-Identifier: GPL-2.0-or-later
// The one connection that writes, shared behind its lock by the journal and the outbox.
#pragma once

#include "common/model/history.hpp"
#include "daemon/storage/database.hpp"

#include <map>
#include <string>

namespace sluice::sqlite {

struct Writer {
    Database database;
    // What the file holds, by cluster and account, so that a cycle writes only what changed. Only
    // this process writes.
    std::map<std::string, std::map<std::string, model::AccountMemory>> written;
};

} // namespace sluice::sqlite
