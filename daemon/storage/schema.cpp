// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/schema.hpp"

#include "common/base/files.hpp"

#include <cerrno>
#include <sys/stat.h>

namespace sluice::storage {
namespace {

// Instants are epoch seconds, percentages hundredths, amounts TRES-seconds, units the decimal times
// 10^9. Lists of QOS names are comma-separated as in sacctmgr (Slurm forbids commas in names).
constexpr const char* kSchema1 = R"sql(
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    cluster TEXT NOT NULL,
    name TEXT NOT NULL,
    period TEXT NOT NULL,
    period_begins INTEGER NOT NULL,
    own_paused INTEGER NOT NULL,
    own_downscaled INTEGER NOT NULL,
    shown_paused INTEGER NOT NULL,
    shown_downscaled INTEGER NOT NULL,
    percent INTEGER,
    saved_qos TEXT,
    saved_default_qos TEXT,
    reset_done_for TEXT NOT NULL,
    reset_owed INTEGER NOT NULL,
    qos_in_force TEXT NOT NULL,
    paused_since INTEGER,
    held_for TEXT NOT NULL,
    rules TEXT NOT NULL,
    rules_policies TEXT NOT NULL,
    rules_span INTEGER NOT NULL,
    budget_check INTEGER NOT NULL,
    budget_waits INTEGER NOT NULL,
    UNIQUE (cluster, name)
);
CREATE TABLE account_amount (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('base', 'adjustment', 'grant', 'used', 'reached', 'units',
        'life', 'stands')),
    name TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, kind, name)
) WITHOUT ROWID;
-- Components and policies, as JSON, of the rules that accounts were last evaluated by (account.rules).
CREATE TABLE policy_text (
    cluster TEXT NOT NULL,
    version TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (cluster, version)
) WITHOUT ROWID;
CREATE TABLE account_word (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('notified', 'held', 'enforced_by')),
    word TEXT NOT NULL,
    PRIMARY KEY (account, kind, word)
) WITHOUT ROWID;
-- Values that Sluice sets in Slurm; `type` as in command.limit_type, or 'fairshare'.
CREATE TABLE account_value (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    tres TEXT NOT NULL,
    saved INTEGER,
    in_force INTEGER,
    asked INTEGER,
    PRIMARY KEY (account, type, tres)
) WITHOUT ROWID;
CREATE TABLE account_member (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    association INTEGER NOT NULL,
    saved_qos TEXT NOT NULL,
    saved_default_qos TEXT NOT NULL,
    PRIMARY KEY (account, association)
) WITHOUT ROWID;
CREATE TABLE account_job (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    job INTEGER NOT NULL,
    PRIMARY KEY (account, job)
) WITHOUT ROWID;
CREATE TABLE account_job_qos (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    job INTEGER NOT NULL,
    had TEXT NOT NULL,
    given TEXT NOT NULL,
    PRIMARY KEY (account, job)
) WITHOUT ROWID;
-- What an account had is kept by period, so that a wrong clock cannot overwrite it.
CREATE TABLE account_period (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    period TEXT NOT NULL,
    begins INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('period', 'base', 'grant', 'used')),
    name TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, period, kind, name)
) WITHOUT ROWID;
-- What a job was last checked against. `terms` is "cpu=1,gres/gpu=4".
CREATE TABLE account_budget (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    per_unit INTEGER NOT NULL,
    terms TEXT NOT NULL,
    left INTEGER NOT NULL,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;
CREATE TABLE account_reset (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    period TEXT NOT NULL,
    begins INTEGER NOT NULL,
    PRIMARY KEY (account, period)
) WITHOUT ROWID;

CREATE TABLE evaluation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    policy TEXT NOT NULL,
    billing_period TEXT NOT NULL,
    percent INTEGER,
    grace_limit TEXT NOT NULL,
    previous_paused INTEGER NOT NULL,
    previous_downscaled INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    downscaled INTEGER NOT NULL,
    actions_taken TEXT NOT NULL,
    trigger TEXT NOT NULL,
    at INTEGER NOT NULL,
    applied INTEGER NOT NULL
);
CREATE INDEX evaluation_by_account ON evaluation (account, id);
CREATE INDEX evaluation_by_age ON evaluation (at);

CREATE TABLE command (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    user TEXT NOT NULL,
    partition TEXT NOT NULL,
    type TEXT NOT NULL,
    qos TEXT NOT NULL,
    default_qos TEXT NOT NULL,
    limit_type TEXT NOT NULL,
    shares INTEGER NOT NULL,
    job TEXT NOT NULL,
    reason TEXT NOT NULL,
    description TEXT NOT NULL,
    sacctmgr TEXT NOT NULL,
    mode TEXT NOT NULL,
    requested INTEGER NOT NULL,
    started INTEGER,
    finished INTEGER,
    success INTEGER,
    error TEXT NOT NULL DEFAULT '',
    confirmed INTEGER,
    confirm_delay_ms INTEGER,
    evaluation INTEGER
);
CREATE INDEX command_by_evaluation ON command (evaluation) WHERE evaluation IS NOT NULL;
CREATE INDEX command_by_account ON command (account, id);
CREATE INDEX command_by_age ON command (requested);
CREATE INDEX command_open ON command (id) WHERE finished IS NULL;
CREATE INDEX command_unconfirmed ON command (id) WHERE success = 1 AND confirmed IS NULL;
CREATE TABLE command_limit (
    command INTEGER NOT NULL REFERENCES command (id) ON DELETE CASCADE,
    tres TEXT NOT NULL,
    value INTEGER,
    PRIMARY KEY (command, tres)
) WITHOUT ROWID;

CREATE TABLE override (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('normal', 'downscaled', 'paused')),
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    show_reason INTEGER NOT NULL
);
CREATE INDEX override_by_end ON override (cluster, ends);
CREATE TABLE override_end (
    override INTEGER PRIMARY KEY REFERENCES override (id),
    at INTEGER NOT NULL,
    made_by TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE adjustment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    period TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    at INTEGER NOT NULL,
    takes_back INTEGER REFERENCES adjustment (id)
);
CREATE INDEX adjustment_by_cluster ON adjustment (cluster, account, period);
CREATE UNIQUE INDEX adjustment_taken_back ON adjustment (takes_back) WHERE takes_back IS NOT NULL;
CREATE TABLE transfer (
    from_entry INTEGER PRIMARY KEY REFERENCES adjustment (id),
    to_entry INTEGER NOT NULL UNIQUE REFERENCES adjustment (id)
);
CREATE TABLE adjustment_unit (
    adjustment INTEGER NOT NULL REFERENCES adjustment (id),
    component TEXT NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (adjustment, component)
) WITHOUT ROWID;
CREATE TABLE period_reset (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    period TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    at INTEGER NOT NULL,
    release INTEGER NOT NULL
);
-- A person confirmed this host's time. Evaluations and commands up to these numbers do not count
-- any more when the newest time of the records is looked up.
CREATE TABLE clock_accept (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    at INTEGER NOT NULL,
    ahead INTEGER NOT NULL,
    reason TEXT NOT NULL,
    made_by TEXT NOT NULL,
    evaluation INTEGER NOT NULL,
    command INTEGER NOT NULL
);
-- What agents reported that they did. `commands` are lines.
CREATE TABLE agent_report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    account TEXT NOT NULL,
    policy TEXT NOT NULL,
    mode TEXT NOT NULL,
    success INTEGER NOT NULL,
    error TEXT NOT NULL,
    commands TEXT NOT NULL,
    made_by TEXT NOT NULL,
    correlation TEXT UNIQUE,
    at INTEGER NOT NULL,
    evaluation INTEGER
);
CREATE INDEX agent_report_by_account ON agent_report (account, id);
CREATE INDEX agent_report_by_age ON agent_report (at);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    correlation TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'parked', 'done', 'dropped')),
    created INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    closed INTEGER
);
CREATE INDEX outbox_open ON outbox (target, id) WHERE closed IS NULL;
CREATE INDEX outbox_open_by_key ON outbox (target, key, id) WHERE closed IS NULL;
CREATE INDEX outbox_by_age ON outbox (closed) WHERE closed IS NOT NULL;

CREATE TABLE note (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
-- Policies and allocations that staff set in the running daemon. The newest version of a name is in
-- force; without a body it is removed. Bodies are YAML.
CREATE TABLE rule_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('policy', 'allocation')),
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT,
    made_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (kind, name, version)
);
-- Sums of job records by the day that the jobs ended on, where slurmdbd has no rollups.
CREATE TABLE closed_day (
    cluster TEXT NOT NULL,
    day INTEGER NOT NULL,
    read_at INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    PRIMARY KEY (cluster, day)
) WITHOUT ROWID;
CREATE TABLE closed_usage (
    cluster TEXT NOT NULL,
    day INTEGER NOT NULL,
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    account TEXT NOT NULL,
    user TEXT NOT NULL,
    tres INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (cluster, day, begins, account, user, tres)
) WITHOUT ROWID;
-- What UsageFactor and idle reservations change, by the time that was read at once: slurmdbd may
-- purge the job records later.
CREATE TABLE corrected_time (
    cluster TEXT NOT NULL,
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    read_at INTEGER NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (cluster, begins, ends)
) WITHOUT ROWID;
CREATE TABLE correction (
    cluster TEXT NOT NULL,
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('factor', 'idle')),
    account TEXT NOT NULL,
    user TEXT NOT NULL,
    tres INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (cluster, begins, ends, kind, account, user, tres)
) WITHOUT ROWID;
-- Factors in millionths; `since` 0: from the beginning.
CREATE TABLE qos_factor (
    cluster TEXT NOT NULL,
    qos INTEGER NOT NULL,
    since INTEGER NOT NULL,
    factor INTEGER NOT NULL,
    PRIMARY KEY (cluster, qos, since)
) WITHOUT ROWID;
)sql";

constexpr Migration kMigrations[] = {{1, kSchema1}};

void set_schema(Database& database, int number) {
    const std::string value = std::to_string(number);
    database.execute(("PRAGMA user_version = " + value).c_str());
    Statement(database, "REPLACE INTO meta (key, value) VALUES ('schema', ?)").bind(value).run();
}

// The schema in the file. 0: empty file.
int schema_in(Database& database) {
    const auto id = database.integer("PRAGMA application_id");
    const auto number = static_cast<int>(database.integer("PRAGMA user_version"));
    if (id == kApplicationId)
        return number;
    if (id != 0 || number != 0 || database.integer("SELECT COUNT(*) FROM sqlite_master") != 0)
        throw Failure({Errc::refused, "the file is a database, but not a journal of Sluice; name "
                                      "another file in journal:"});
    return 0;
}

// A copy that fails leaves an earlier copy of that name.
void keep_copy(Database& database, const std::string& path, int schema) {
    const std::string fresh = path + ".schema-new";
    remove_database(fresh);
    try {
        database.copy_to(fresh, [] { return true; });
    } catch (const Failure&) {
        remove_database(fresh);
        throw;
    }
    const auto moved = move_into_place(fresh, path + ".schema-" + std::to_string(schema) + ".bak");
    if (!moved)
        throw Failure(moved.error());
}

constexpr std::chrono::seconds kBusy{1};

// -1: no such file.
std::int64_t size_of(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0)
        return S_ISREG(status.st_mode) ? status.st_size : 1;
    if (errno != ENOENT)
        throw Failure(file_error(path));
    return -1;
}

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
    throw Failure({Errc::refused, what +
                                      ". Overrides, adjustments and the saved QOS and "
                                      "limits of accounts are missing. Restore a backup (" +
                                      path + ".DATE.bak), or begin a new journal: rm -f " + path +
                                      " " + path + "-wal"});
}

} // namespace

std::span<const Migration> migrations() {
    return kMigrations;
}

void upgrade(Database& database, const std::string& path, std::span<const Migration> list) {
    const int newest = list.back().to;
    const int found = schema_in(database);
    if (found > newest)
        throw Failure({Errc::refused, "the journal has schema " + std::to_string(found) +
                                          ", this version of sluiced knows schemas up to " +
                                          std::to_string(newest) +
                                          "; run the newer version, or restore " + path +
                                          ".schema-" + std::to_string(newest) + ".bak"});
    if (found == newest)
        return;
    if (found != 0)
        keep_copy(database, path, found);
    Transaction transaction(database);
    for (const auto& migration : list)
        if (migration.to > found) {
            database.execute(migration.sql);
            set_schema(database, migration.to);
        }
    database.execute(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
    transaction.commit();
}

bool create_missing(const std::string& path) {
    const auto size = size_of(path);
    if (size == 0)
        refuse(path, "the file is empty");
    if (size > 0)
        return false;
    if (size_of(path + "-wal") > 0)
        refuse(path, "the file is missing, but " + path + "-wal exists");
    const std::string fresh = path + ".new";
    remove_database(fresh);
    try {
        Database database(fresh, Database::Access::read_write, kBusy);
        upgrade(database, fresh, migrations());
    } catch (const Failure&) {
        remove_database(fresh);
        throw;
    }
    if (auto moved = move_into_place(fresh, path); !moved)
        throw Failure(std::move(moved).error());
    return true;
}

void quick_check(Database& database) {
    Statement statement(database, "PRAGMA quick_check(1)");
    const std::string result = statement.step() ? statement.text(0) : "no answer";
    if (result != "ok")
        throw Failure({Errc::refused, "the file is damaged: " + result});
}

} // namespace sluice::storage
