// SPDX-License-Identifier: GPL-2.0-or-later
// The journal in one SQLite file. One connection writes and one reads, each behind its own lock, so
// that readers do not delay the cycle.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/thread.hpp"
#include "daemon/ports/journal.hpp"
#include "daemon/storage/memory_rows.hpp"
#include "daemon/storage/module_tables.hpp"
#include "daemon/storage/outbox.hpp"
#include "daemon/storage/rule_versions.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace sluice::storage {

class SqliteJournal final : public ports::CycleStore, public ports::RecordStore {
public:
    static constexpr std::chrono::milliseconds kBusyTimeout{5000};
    // How long expired overrides stay in the facts, so that their end can be reported.
    static constexpr std::chrono::days kExpiredOverrides{7};

    // Creates the file (mode 0600) or upgrades it; its folder must exist. unavailable: cannot be
    // opened or is locked; refused: newer schema, not a journal, empty, damaged. `clock` must
    // outlive it.
    static Result<std::unique_ptr<SqliteJournal>>
    open(const std::string& path, const Clock& clock,
         std::chrono::milliseconds busy_timeout = kBusyTimeout);

    Result<model::History> history(const std::string& cluster, Instant now) override;
    Result<std::optional<Instant>> newest(const std::string& cluster) override;
    Result<std::vector<std::int64_t>>
    record_cycle(const std::string& cluster, const model::Decision& decision,
                 std::span<const ports::EvaluationRecord> evaluations,
                 std::span<const model::Command> commands) override;
    Result<std::size_t> close_commands(std::span<const ports::CommandOutcome> outcomes) override;
    Result<std::size_t>
    confirm_commands(std::span<const ports::Confirmation> confirmations) override;
    Result<std::vector<ports::CommandRecord>> unconfirmed(const std::string& cluster) override;
    Result<std::size_t> close_unfinished(Instant at) override;
    Result<ports::Forgotten> forget(Instant before) override;
    Result<ports::Forgotten> forgettable(Instant before) override;
    Result<std::vector<ports::EvaluationRecord>> evaluations(const ports::Query& query) override;
    Result<std::vector<ports::CommandRecord>> commands(const ports::Query& query) override;
    Result<void> add_report(const ports::AgentReport& report) override;
    Result<std::vector<ports::AgentReport>> reports(const ports::Query& query) override;
    Result<std::int64_t> add_override(const std::string& cluster,
                                      const model::Override& entry) override;
    Result<void> end_override(const std::string& cluster, std::int64_t id, Instant at,
                              const std::string& by, const std::string& reason) override;
    Result<std::vector<std::int64_t>>
    add_adjustments(const std::string& cluster,
                    std::span<const model::Adjustment> entries) override;
    Result<std::int64_t> reopen_period(const std::string& cluster,
                                       const model::PeriodReset& entry) override;
    Result<std::int64_t> accept_clock(const std::string& cluster,
                                      const model::ClockAccept& entry) override;
    Result<std::vector<ports::OverrideRecord>> overrides(const ports::Query& query) override;
    Result<std::vector<ports::AdjustmentRecord>> adjustments(const ports::Query& query) override;
    Result<std::vector<model::PeriodReset>> resets(const ports::Query& query) override;
    Result<std::vector<model::ClockAccept>> clock_accepts(const ports::Query& query) override;

    // How commands recorded from now on are done; before any cycle. Default "production".
    void record_as(std::string mode) { mode_ = std::move(mode); }

    // In the same file; valid as long as the journal.
    ports::Outbox& outbox() { return outbox_; }
    ports::Notes& notes() { return notes_; }
    ports::ClosedUsage& closed_usage() { return closed_usage_; }
    ports::RuleStore& rules() { return rules_; }

private:
    SqliteJournal(Database writer, Database reader, const Clock& clock)
        : writer_(Writer{std::move(writer), {}}), reader_(std::move(reader)),
          outbox_(writer_, reader_, clock), notes_(writer_, reader_),
          closed_usage_(writer_, reader_), rules_(writer_, reader_) {}

    Guarded<Writer> writer_;
    Guarded<Database> reader_;
    std::string mode_ = "production";
    SqliteOutbox outbox_;
    SqliteNotes notes_;
    SqliteClosedUsage closed_usage_;
    SqliteRules rules_;
};

} // namespace sluice::storage
