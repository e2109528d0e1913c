// SPDX-License-Identifier: GPL-2.0-or-later
// The accounts' memory: tables account, account_amount, account_word, account_value,
// account_member, account_job, account_job_qos, account_period, account_reset. Throws Failure;
// opens no transaction of its own.
#pragma once

#include "common/model/history.hpp"
#include "daemon/storage/database.hpp"

#include <map>
#include <string>

namespace sluice::storage {

// The one connection that writes, shared behind its lock by all that is in the journal's file.
struct Writer {
    Database database;
    // What the file holds, by cluster and account, so that a cycle writes only what changed. Only
    // this process writes.
    std::map<std::string, std::map<std::string, model::AccountMemory>> written;

    // Of `cluster`; read once.
    std::map<std::string, model::AccountMemory>& memories(const std::string& cluster);
};

std::map<std::string, model::AccountMemory> read_memories(Database& database,
                                                          const std::string& cluster);

// Keeps its statements for all accounts of a cycle. REQUIRES: an open transaction.
class MemoryWriter {
public:
    MemoryWriter(Database& database, std::string cluster);
    void write(const std::string& account, const model::AccountMemory& memory);

private:
    std::int64_t write_account(const std::string& account, const model::AccountMemory& memory);
    void write_period(std::int64_t id, const std::string& period, const model::PastPeriod& past);
    void clear(std::int64_t id);

    Database& database_;
    std::string cluster_;
    Statement find_;
    Statement insert_;
    Statement update_;
    Statement amount_;
    Statement word_;
    Statement value_;
    Statement member_;
    Statement job_;
    Statement job_qos_;
    Statement period_;
    Statement reset_;
    Statement budget_;
};

} // namespace sluice::storage
