// SPDX-License-Identifier: GPL-2.0-or-later
// What happened and what people entered, as rows and back: tables evaluation, command,
// command_limit, agent_report; override, override_end, adjustment, transfer, period_reset,
// clock_accept, whose rows are never changed or deleted. Throws Failure; opens no transaction of
// its own.
#pragma once

#include "daemon/ports/journal.hpp"
#include "daemon/storage/database.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::storage {

// Both return the number of the record.
std::int64_t insert_evaluation(Database& database, const ports::EvaluationRecord& record);
std::vector<ports::EvaluationRecord> read_evaluations(Database& database,
                                                      const ports::Query& query);

std::int64_t insert_command(Database& database, const std::string& cluster,
                            const model::Command& command, const std::string& mode,
                            Instant requested, std::optional<std::int64_t> evaluation);
std::vector<ports::CommandRecord> read_commands(Database& database, const ports::Query& query);

void insert_report(Database& database, const ports::AgentReport& report);
std::vector<ports::AgentReport> read_reports(Database& database, const ports::Query& query);

// Succeeded, but not shown in force yet; oldest first.
std::vector<ports::CommandRecord> read_unconfirmed(Database& database, const std::string& cluster);

// Overrides that end after `since`, and all adjustments.
std::vector<model::Override> read_overrides(Database& database, const std::string& cluster,
                                            Instant since);
std::vector<model::Adjustment> read_adjustments(Database& database, const std::string& cluster);

// REQUIRES: an open transaction. Failure conflict, not_found: what it takes back.
std::int64_t insert_adjustment(Database& database, const std::string& cluster,
                               const model::Adjustment& entry);
// Two entries become a pair. Throws Failure, conflict, where one takes back an entry of a transfer
// and none takes back its pair.
void link_adjustments(Database& database, std::span<const model::Adjustment> entries,
                      const std::vector<std::int64_t>& ids);
std::int64_t insert_reset(Database& database, const std::string& cluster,
                          const model::PeriodReset& entry);
std::vector<ports::OverrideRecord> list_overrides(Database& database, const ports::Query& query);
std::vector<ports::AdjustmentRecord> list_adjustments(Database& database,
                                                      const ports::Query& query);
std::vector<model::PeriodReset> list_resets(Database& database, const ports::Query& query);

// The newest time of evaluations and commands, but for those before the last clock_accept. nullopt:
// no record.
std::optional<Instant> newest_time(Database& database, const std::string& cluster);
// REQUIRES: an open transaction.
std::int64_t insert_clock_accept(Database& database, const std::string& cluster,
                                 const model::ClockAccept& entry);
std::vector<model::ClockAccept> list_clock_accepts(Database& database, const ports::Query& query);
// What retention would delete.
ports::Forgotten count_forgettable(Database& database, std::int64_t before);

} // namespace sluice::storage
