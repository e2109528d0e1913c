// SPDX-License-Identifier: GPL-2.0-or-later
// Ports of the journal: CycleStore for the cycle, JournalReader and RecordStore for people. Every
// decision and every command is written before its effect and closed after it, so that a crash
// leaves either nothing or something that the next cycle finishes. Adapter: SQLite.
#pragma once

#include "common/base/result.hpp"
#include "common/model/clock.hpp"
#include "common/model/command.hpp"
#include "common/model/decision.hpp"
#include "common/model/history.hpp"
#include "daemon/ports/outbox.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::ports {

struct EvaluationRecord {
    std::int64_t id = 0;
    std::string cluster;
    std::string account;
    std::string policy; // comma-separated when several
    std::string billing_period;
    std::optional<std::int64_t> percent; // hundredths
    std::string grace_limit;             // percent, decimal text
    model::Flags previous;
    model::Flags now;
    std::vector<std::string> actions_taken;
    std::string trigger; // "timer", "boundary", "person", "start" ...
    Instant at{};
    bool applied = true; // false: the policy only observes, and nothing holds from above
    // Added to the outbox in the transaction that records the evaluation; not read back.
    std::vector<Message> messages;
};

// What an agent reports that it did for an account (Waldur's report-command-result). Kept beside
// the commands of the daemon, whose outcome it never changes.
struct AgentReport {
    std::int64_t id = 0;
    std::string cluster;
    std::string account;
    std::string policy;
    std::string mode; // "production", "emulator"
    bool success = false;
    std::string error;
    std::vector<std::string> commands;
    std::string by;          // who reported it
    std::string correlation; // "": none; a report with a known one is not kept again
    Instant at{};
    std::int64_t evaluation = 0; // the account's newest one at that time; 0: none
};

enum class CommandState { requested, succeeded, failed };

struct CommandRecord {
    std::int64_t id = 0;
    std::string cluster;
    model::Command command;
    std::string mode = "production";
    Instant requested{};
    std::optional<Instant> started;
    std::optional<Instant> finished;
    std::optional<bool> success; // nullopt: not known yet
    std::string error;
    std::optional<Instant> confirmed;             // slurmctld showed it in force
    std::optional<std::int64_t> confirm_delay_ms; // from the decision to that
    std::int64_t evaluation = 0;                  // on record, that decided it; 0: none
};

// How a command ended.
struct CommandOutcome {
    std::int64_t id = 0;
    Instant started{};
    Instant finished{};
    std::optional<Error> failure;
};

// That slurmctld shows a change in force or, with a failure, that it has not shown it in time.
struct Confirmation {
    std::int64_t id = 0; // of the command
    Instant at{};
    std::int64_t delay_ms = 0;
    std::optional<Error> failure;
};

// Entries of the ledger as people list them, ended and taken back ones too.
struct OverrideRecord {
    model::Override entry;        // `until` as it was set
    std::optional<Instant> ended; // by a person, before its time
    std::string ended_by;
    std::string end_reason;
};
struct AdjustmentRecord {
    model::Adjustment entry;
    std::int64_t taken_back_by = 0; // number of the adjustment that undoes it; 0: none
};

// How many records retention removed, or would remove.
struct Forgotten {
    std::size_t evaluations = 0;
    std::size_t commands = 0;
};

// changed: evaluations that changed a standing. failed, open: commands with that outcome.
enum class Only { all, changed, failed, open };

struct Query {
    std::string cluster;               // "": all
    std::vector<std::string> accounts; // empty: all
    std::size_t limit = 100;           // newest first
    std::int64_t before = 0;           // with a smaller number only; 0: all
    Only only = Only::all;             // evaluations and commands
    std::int64_t evaluation = 0;       // this evaluation, or its commands or reports; 0: all
    std::optional<Instant> from = {};  // evaluations and commands: made at this instant or later
    std::optional<Instant> until = {}; // ... or earlier
    std::string period = {};           // evaluations: of the billing period; "": all
};

// All three are thread-safe: the cycle writes while HTTP threads read. unavailable: disk full,
// locked for longer than the busy timeout. A call either happens wholly or not at all.

// The cycle's side: what it decides from, and what it decided and did.
class CycleStore {
public:
    CycleStore() = default;
    CycleStore(const CycleStore&) = delete;
    CycleStore& operator=(const CycleStore&) = delete;
    virtual ~CycleStore() = default;

    // Of the overrides those that ended long before `now` are left out.
    virtual Result<model::History> history(const std::string& cluster, Instant now) = 0;
    // The newest time in its records, but for those before the last accept_clock(). nullopt: it has
    // no record yet.
    virtual Result<std::optional<Instant>> newest(const std::string& cluster) = 0;
    // One transaction: the accounts' memory, the evaluations that are worth a record, and the
    // commands as `requested`. Returns the ids of the commands, in order.
    virtual Result<std::vector<std::int64_t>>
    record_cycle(const std::string& cluster, const model::Decision& decision,
                 std::span<const EvaluationRecord> evaluations,
                 std::span<const model::Command> commands) = 0;
    // Both take all in one transaction, skip commands that do not wait for it, and return how many
    // were written. A confirmation that is a failure makes the command a failed one.
    virtual Result<std::size_t> close_commands(std::span<const CommandOutcome> outcomes) = 0;
    virtual Result<std::size_t> confirm_commands(std::span<const Confirmation> confirmations) = 0;
    // Commands that succeeded and that slurmctld has not shown in force yet, oldest first.
    virtual Result<std::vector<CommandRecord>> unconfirmed(const std::string& cluster) = 0;
    // At start: commands that a crash left open are closed as failed, since their effect is not
    // known; the next cycle repeats what is still needed. Returns how many.
    virtual Result<std::size_t> close_unfinished(Instant at) = 0;
    // Writes the entry and applies it (model::enter) to what is remembered of the account.
    virtual Result<std::int64_t> reopen_period(const std::string& cluster,
                                               const model::PeriodReset& entry) = 0;
    // Writes the entry and applies forget_after() to what is remembered of every account.
    virtual Result<std::int64_t> accept_clock(const std::string& cluster,
                                              const model::ClockAccept& entry) = 0;
};

// Lists for people and programs, newest first.
class JournalReader {
public:
    JournalReader() = default;
    JournalReader(const JournalReader&) = delete;
    JournalReader& operator=(const JournalReader&) = delete;
    virtual ~JournalReader() = default;

    virtual Result<std::vector<EvaluationRecord>> evaluations(const Query& query) = 0;
    virtual Result<std::vector<CommandRecord>> commands(const Query& query) = 0;
    virtual Result<std::vector<AgentReport>> reports(const Query& query) = 0;
    virtual Result<std::vector<OverrideRecord>> overrides(const Query& query) = 0;
    virtual Result<std::vector<AdjustmentRecord>> adjustments(const Query& query) = 0;
    virtual Result<std::vector<model::PeriodReset>> resets(const Query& query) = 0;
    virtual Result<std::vector<model::ClockAccept>> clock_accepts(const Query& query) = 0;
};

// What people enter and agents report, and how long records are kept. Entries of the ledger are
// added, never edited.
class RecordStore : public JournalReader {
public:
    virtual Result<std::int64_t> add_override(const std::string& cluster,
                                              const model::Override& entry) = 0;
    // Ends it at `at`. not_found: no such override is in force.
    virtual Result<void> end_override(const std::string& cluster, std::int64_t id, Instant at,
                                      const std::string& by, const std::string& reason) = 0;
    // Two entries form a transfer: both are entered or neither, each with the other as pair.
    // Returns their numbers. conflict: `takes_back` names an entry that is taken back already, or
    // one entry of a transfer without the other; not_found: no such entry.
    virtual Result<std::vector<std::int64_t>>
    add_adjustments(const std::string& cluster, std::span<const model::Adjustment> entries) = 0;
    // `id` and `evaluation` are filled in.
    virtual Result<void> add_report(const AgentReport& report) = 0;
    // Retention: evaluations, closed commands and reports older than `before` go; the ledger stays.
    virtual Result<Forgotten> forget(Instant before) = 0;
    // What forget() would remove.
    virtual Result<Forgotten> forgettable(Instant before) = 0;
};

// The daily copies of the journal.
struct BackupState {
    std::string file;          // the newest good copy; "": none
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
