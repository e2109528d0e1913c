// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/journal.hpp"

#include "common/base/log.hpp"
#include "daemon/storage/record_rows.hpp"
#include "daemon/storage/schema.hpp"

#include <filesystem>

namespace sluice::storage {
namespace {

constexpr const char* kUnfinished =
    "sluiced ended before the outcome was known; the next evaluation repeats what is still needed";
constexpr const char* kRulesNote = "rules-version"; // cluster -> version of the last cycle
constexpr const char* kPragmas = "PRAGMA foreign_keys = ON;"
                                 // FULL: a decision must outlive a power cut before it is applied.
                                 "PRAGMA synchronous = FULL;"
                                 // The write-ahead log is cut to this size after a burst.
                                 "PRAGMA journal_size_limit = 16777216;";

// A period has one reset of raw usage, so a failed one must be remembered: of the open command
// `id`, or of all open ones. Returns how many.
int owe_resets(Database& database, std::optional<std::int64_t> id) {
    Statement(database,
              "UPDATE account SET reset_owed = 1 WHERE EXISTS (SELECT 1 FROM command c WHERE "
              "c.type = 'reset_usage' AND c.finished IS NULL AND c.cluster = account.cluster AND "
              "c.account = account.name AND (? IS NULL OR c.id = ?))")
        .bind(id, id)
        .run();
    return static_cast<int>(database.changes());
}

// Damage must be found before a cycle decides by half of the journal.
void check_at_start(Database& database, const std::string& path) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(path, failed);
    if (failed || size > kMaxCheckAtStart)
        return log::event(log::Level::info, "SLUICE-0843", "journal-not-checked",
                          {{"file", path}, {"mib", std::to_string(size >> 20)}});
    try {
        quick_check(database);
    } catch (const Failure& failure) {
        if (failure.error().code != Errc::refused)
            throw;
        throw Failure({Errc::refused, failure.error().context + "; restore a backup (" + path +
                                          ".DATE.bak) as guide/operation.md describes"});
    }
}

std::string rules_version(Database& database, const std::string& cluster) {
    Statement row(database, "SELECT value FROM note WHERE kind = ? AND key = ?");
    row.bind(kRulesNote, cluster);
    return row.step() ? row.text(0) : "";
}

// That of the last cycle, and those that accounts were last evaluated by.
void keep_policy_text(Database& database, const std::string& cluster,
                      const model::PolicyText& policies) {
    Statement(database, "INSERT OR IGNORE INTO policy_text (cluster, version, text) VALUES (?,?,?)")
        .bind(cluster, policies.version, policies.text)
        .run();
    Statement(database, "DELETE FROM policy_text WHERE cluster = ? AND version <> ? AND version "
                        "NOT IN (SELECT rules FROM account WHERE cluster = ?)")
        .bind(cluster, policies.version, cluster)
        .run();
}

} // namespace

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const std::string& path,
                                                           const Clock& clock,
                                                           std::chrono::milliseconds busy_timeout) {
    return at_port(path.c_str(), [&] {
        if (create_missing(path))
            log::event(log::Level::notice, "SLUICE-0840", "journal-created", {{"file", path}});
        Database writer(path, Database::Access::read_write, busy_timeout);
        check_at_start(writer, path);
        upgrade(writer, path, migrations());
        writer.execute("PRAGMA journal_mode = WAL");
        writer.execute(kPragmas);
        Database reader(path, Database::Access::read_only, busy_timeout);
        return std::unique_ptr<SqliteJournal>(
            new SqliteJournal(std::move(writer), std::move(reader), clock));
    });
}

Result<model::History> SqliteJournal::history(const std::string& cluster, Instant now) {
    return at_port("history", [&] {
        auto writer = writer_.lock();
        model::History history;
        history.accounts = writer->memories(cluster);
        history.overrides = read_overrides(writer->database, cluster, now - kExpiredOverrides);
        history.adjustments = read_adjustments(writer->database, cluster);
        history.rules_version = rules_version(writer->database, cluster);
        Statement texts(writer->database,
                        "SELECT version, text FROM policy_text WHERE cluster = ?");
        texts.bind(cluster);
        while (texts.step())
            history.policy_texts.emplace(texts.text(0), texts.text(1));
        return history;
    });
}

Result<std::optional<Instant>> SqliteJournal::newest(const std::string& cluster) {
    return at_port("newest time", [&] { return newest_time(*reader_.lock(), cluster); });
}

Result<std::vector<std::int64_t>>
SqliteJournal::record_cycle(const std::string& cluster, const model::Decision& decision,
                            std::span<const ports::EvaluationRecord> evaluations,
                            std::span<const model::Command> commands) {
    return at_port("record the evaluation", [&] {
        auto writer = writer_.lock();
        Database& database = writer->database;
        auto& written = writer->memories(cluster);
        std::map<std::string, model::AccountMemory> changed;
        for (const auto& account : decision.accounts) {
            const auto known = written.find(account.account);
            // The memory of an account that could not be evaluated stays.
            if (account.follows() && (known == written.end() || !(known->second == account.memory)))
                changed.emplace(account.account, account.memory);
        }
        // Accounts without a policy, until everything that Sluice saved of them is restored.
        for (const auto& [account, memory] : decision.released)
            if (const auto known = written.find(account);
                known == written.end() || !(known->second == memory))
                changed.insert_or_assign(account, memory);
        std::vector<std::int64_t> ids;
        const bool new_rules = rules_version(database, cluster) != decision.rules_version;
        if (changed.empty() && evaluations.empty() && commands.empty() && !new_rules)
            return ids;

        Transaction transaction(database);
        MemoryWriter memories(database, cluster);
        for (const auto& [account, memory] : changed)
            memories.write(account, memory);
        if (new_rules || !changed.empty())
            keep_policy_text(database, cluster, decision.policies);
        if (new_rules)
            Statement(database, "REPLACE INTO note (kind, key, value) VALUES (?,?,?)")
                .bind(kRulesNote, cluster, decision.rules_version)
                .run();
        std::map<std::string, std::int64_t> numbers; // of the evaluations, by account
        for (const auto& record : evaluations)
            numbers[record.account] = insert_evaluation(database, record);
        MessageWriter messages(database, decision.now);
        for (const auto& record : evaluations)
            for (const auto& message : record.messages)
                messages.add(message);
        for (const auto& command : commands) {
            const auto number = numbers.find(command.account);
            ids.push_back(insert_command(database, cluster, command, mode_, decision.now,
                                         number == numbers.end() ? std::nullopt
                                                                 : std::optional(number->second)));
        }
        transaction.commit();
        for (auto& [account, memory] : changed)
            written[account] = std::move(memory);
        return ids;
    });
}

Result<std::size_t> SqliteJournal::close_commands(std::span<const ports::CommandOutcome> outcomes) {
    return at_port("close commands", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        std::size_t closed = 0;
        for (const auto& outcome : outcomes) {
            if (outcome.failure && owe_resets(writer->database, outcome.id) > 0)
                writer->written.clear();
            Statement(writer->database, "UPDATE command SET started = ?, finished = ?, success = "
                                        "?, error = ? WHERE id = ? AND finished IS NULL")
                .bind(epoch(outcome.started), epoch(outcome.finished), !outcome.failure.has_value(),
                      outcome.failure ? outcome.failure->context : std::string(), outcome.id)
                .run();
            closed += static_cast<std::size_t>(writer->database.changes());
        }
        transaction.commit();
        return closed;
    });
}

Result<std::size_t>
SqliteJournal::confirm_commands(std::span<const ports::Confirmation> confirmations) {
    return at_port("confirm commands", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        std::size_t written = 0;
        for (const auto& one : confirmations) {
            Statement update(writer->database,
                             one.failure ? "UPDATE command SET success = 0, error = ? WHERE id = ? "
                                           "AND success = 1 AND confirmed IS NULL"
                                         : "UPDATE command SET confirmed = ?, confirm_delay_ms = ? "
                                           "WHERE id = ? AND success = 1 AND confirmed IS NULL");
            if (one.failure)
                update.bind(one.failure->context, one.id).run();
            else
                update.bind(epoch(one.at), one.delay_ms, one.id).run();
            written += static_cast<std::size_t>(writer->database.changes());
        }
        transaction.commit();
        return written;
    });
}

Result<std::vector<ports::CommandRecord>> SqliteJournal::unconfirmed(const std::string& cluster) {
    return at_port("unconfirmed commands",
                   [&] { return read_unconfirmed(writer_.lock()->database, cluster); });
}

Result<std::size_t> SqliteJournal::close_unfinished(Instant at) {
    return at_port("close unfinished commands", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        if (owe_resets(writer->database, std::nullopt) > 0)
            writer->written.clear();
        Statement(writer->database, "UPDATE command SET finished = ?, success = 0, error = ? "
                                    "WHERE finished IS NULL")
            .bind(epoch(at), kUnfinished)
            .run();
        const auto closed = static_cast<std::size_t>(writer->database.changes());
        transaction.commit();
        return closed;
    });
}

Result<ports::Forgotten> SqliteJournal::forget(Instant before) {
    return at_port("forget old records", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        ports::Forgotten gone;
        Statement(writer->database, "DELETE FROM evaluation WHERE at < ?")
            .bind(epoch(before))
            .run();
        gone.evaluations = static_cast<std::size_t>(writer->database.changes());
        Statement(writer->database,
                  "DELETE FROM command WHERE requested < ? AND finished IS NOT NULL")
            .bind(epoch(before))
            .run();
        gone.commands = static_cast<std::size_t>(writer->database.changes());
        for (const char* old :
             {"DELETE FROM outbox WHERE closed < ?", "DELETE FROM agent_report WHERE at < ?"})
            Statement(writer->database, old).bind(epoch(before)).run();
        transaction.commit();
        return gone;
    });
}

Result<ports::Forgotten> SqliteJournal::forgettable(Instant before) {
    return at_port("count old records",
                   [&] { return count_forgettable(*reader_.lock(), epoch(before)); });
}

Result<std::vector<ports::EvaluationRecord>> SqliteJournal::evaluations(const ports::Query& query) {
    return at_port("evaluations", [&] { return read_evaluations(*reader_.lock(), query); });
}

Result<std::vector<ports::CommandRecord>> SqliteJournal::commands(const ports::Query& query) {
    return at_port("commands", [&] { return read_commands(*reader_.lock(), query); });
}

Result<void> SqliteJournal::add_report(const ports::AgentReport& report) {
    return at_port("add a report", [&] { insert_report(writer_.lock()->database, report); });
}

Result<std::vector<ports::AgentReport>> SqliteJournal::reports(const ports::Query& query) {
    return at_port("reports", [&] { return read_reports(*reader_.lock(), query); });
}

Result<std::int64_t> SqliteJournal::add_override(const std::string& cluster,
                                                 const model::Override& entry) {
    return at_port("add an override", [&] {
        auto writer = writer_.lock();
        Statement(writer->database, "INSERT INTO override (cluster, account, standing, begins, "
                                    "ends, reason, made_by, show_reason) VALUES (?,?,?,?,?,?,?,?)")
            .bind(cluster, entry.account, model::name(entry.standing), epoch(entry.from),
                  epoch(entry.until), entry.reason, entry.by, entry.show_reason)
            .run();
        return writer->database.last_insert_id();
    });
}

Result<void> SqliteJournal::end_override(const std::string& cluster, std::int64_t id, Instant at,
                                         const std::string& by, const std::string& reason) {
    return at_port("end an override", [&] {
        auto writer = writer_.lock();
        Statement(writer->database,
                  "INSERT INTO override_end (override, at, made_by, reason) "
                  "SELECT id, ?, ?, ? FROM override "
                  "WHERE id = ? AND cluster = ? AND ends > ? "
                  "AND NOT EXISTS (SELECT 1 FROM override_end WHERE override = override.id)")
            .bind(epoch(at), by, reason, id, cluster, epoch(at))
            .run();
        if (writer->database.changes() != 1)
            throw Failure({Errc::not_found, "no override " + std::to_string(id) + " in force"});
    });
}

Result<std::vector<std::int64_t>>
SqliteJournal::add_adjustments(const std::string& cluster,
                               std::span<const model::Adjustment> entries) {
    return at_port("add an adjustment", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        std::vector<std::int64_t> ids;
        for (const auto& entry : entries)
            ids.push_back(insert_adjustment(writer->database, cluster, entry));
        link_adjustments(writer->database, entries, ids);
        transaction.commit();
        return ids;
    });
}

Result<std::int64_t> SqliteJournal::reopen_period(const std::string& cluster,
                                                  const model::PeriodReset& entry) {
    return at_port("reopen a period", [&] {
        auto writer = writer_.lock();
        Database& database = writer->database;
        auto& written = writer->memories(cluster);
        Transaction transaction(database);
        const std::int64_t id = insert_reset(database, cluster, entry);
        std::optional<model::AccountMemory> reopened;
        if (const auto known = written.find(entry.account); known != written.end()) {
            reopened = known->second;
            model::enter(entry, *reopened);
            MemoryWriter(database, cluster).write(entry.account, *reopened);
        }
        transaction.commit();
        if (reopened)
            written[entry.account] = std::move(*reopened);
        return id;
    });
}

Result<std::int64_t> SqliteJournal::accept_clock(const std::string& cluster,
                                                 const model::ClockAccept& entry) {
    return at_port("accept the clock", [&] {
        auto writer = writer_.lock();
        Database& database = writer->database;
        auto memories = read_memories(database, cluster);
        Transaction transaction(database);
        const std::int64_t id = insert_clock_accept(database, cluster, entry);
        MemoryWriter rows(database, cluster);
        for (auto& [account, memory] : memories) {
            model::forget_after(memory, entry.at);
            rows.write(account, memory);
        }
        transaction.commit();
        writer->written[cluster] = std::move(memories);
        return id;
    });
}

Result<std::vector<ports::OverrideRecord>> SqliteJournal::overrides(const ports::Query& query) {
    return at_port("overrides", [&] { return list_overrides(*reader_.lock(), query); });
}

Result<std::vector<ports::AdjustmentRecord>> SqliteJournal::adjustments(const ports::Query& query) {
    return at_port("adjustments", [&] { return list_adjustments(*reader_.lock(), query); });
}

Result<std::vector<model::PeriodReset>> SqliteJournal::resets(const ports::Query& query) {
    return at_port("resets", [&] { return list_resets(*reader_.lock(), query); });
}

Result<std::vector<model::ClockAccept>> SqliteJournal::clock_accepts(const ports::Query& query) {
    return at_port("accepted clocks", [&] { return list_clock_accepts(*reader_.lock(), query); });
}

} // namespace sluice::storage
