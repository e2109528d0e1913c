// SPDX-License-Identifier: GPL-2.0-or-later
// Model values to rows and back, one pair of functions per table group. Throws Failure; opens no
// transaction of its own.
#pragma once

#include "daemon/ports/journal.hpp"
#include "daemon/storage/database.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace sluice::sqlite {

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
    Statement member_;
    Statement job_;
    Statement period_;
    Statement reset_;
};

// Throws Failure for a text that no standing has.
model::Standing standing_of(const std::string& text);

void insert_evaluation(Database& database, const ports::EvaluationRecord& record);
std::vector<ports::EvaluationRecord> read_evaluations(Database& database,
                                                      const ports::Query& query);

std::int64_t insert_command(Database& database, const std::string& cluster,
                            const model::Command& command, const std::string& mode,
                            Instant requested);
std::vector<ports::CommandRecord> read_commands(Database& database, const ports::Query& query);

void insert_report(Database& database, const ports::AgentReport& report);
std::vector<ports::AgentReport> read_reports(Database& database, const ports::Query& query);

// Done, and not seen in force yet; oldest first.
std::vector<ports::CommandRecord> read_unconfirmed(Database& database, const std::string& cluster);

// Overrides that end after `since`, and all adjustments.
std::vector<model::Override> read_overrides(Database& database, const std::string& cluster,
                                            Instant since);
std::vector<model::Adjustment> read_adjustments(Database& database, const std::string& cluster);

// REQUIRES: an open transaction. Failure conflict, not_found: what it takes back.
std::int64_t insert_adjustment(Database& database, const std::string& cluster,
                               const model::Adjustment& entry);
std::int64_t insert_reset(Database& database, const std::string& cluster,
                          const model::PeriodReset& entry);
std::vector<ports::OverrideRecord> list_overrides(Database& database, const ports::Query& query);
std::vector<ports::AdjustmentRecord> list_adjustments(Database& database,
                                                      const ports::Query& query);
std::vector<model::PeriodReset> list_resets(Database& database, const ports::Query& query);

// The newest time that evaluations and commands say it has been, but for those that a person
// overruled. nullopt: there are none.
std::optional<Instant> newest_time(Database& database, const std::string& cluster);
// REQUIRES: an open transaction.
std::int64_t insert_clock_accept(Database& database, const std::string& cluster,
                                 const model::ClockAccept& entry);
std::vector<model::ClockAccept> list_clock_accepts(Database& database, const ports::Query& query);
// What retention would delete.
ports::Forgotten count_forgettable(Database& database, std::int64_t before);

} // namespace sluice::sqlite
