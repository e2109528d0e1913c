// SPDX-License-Identifier: GPL-2.0-or-later
// What happened: tables evaluation, command, command_limit, and the ledger.
#include "common/base/text.hpp"
#include "daemon/storage/rows.hpp"

#include <algorithm>

namespace sluice::sqlite {
namespace {

constexpr std::size_t kMaxParameters = 900; // SQLite before 3.32 binds at most 999

template <class Enum>
Enum named(const std::string& text, std::initializer_list<Enum> all, const char* what) {
    for (const Enum value : all)
        if (name(value) == text)
            return value;
    throw Failure({Errc::refused, std::string("unknown ") + what + " \"" + text + '"'});
}

model::CommandType command_type(const std::string& text) {
    using enum model::CommandType;
    return named(
        text, {fairshare, limits, qos, reset_usage, hold_job, release_job, cancel_job, requeue_job},
        "command type");
}

model::LimitType limit_type(const std::string& text) {
    using enum model::LimitType;
    return named(text, {grp_tres_mins, max_tres_mins, grp_tres}, "limit type");
}

// SELECT with the query's conditions, newest first. More accounts than SQLite binds are left to the
// caller's own filter, and then the limit, too.
Statement select(Database& database, std::string sql, const ports::Query& query) {
    const bool by_account = !query.accounts.empty() && query.accounts.size() <= kMaxParameters;
    sql += " WHERE (? = '' OR cluster = ?)";
    if (by_account) {
        sql += " AND account IN (?";
        for (std::size_t i = 1; i < query.accounts.size(); ++i)
            sql += ",?";
        sql += ')';
    }
    sql += " ORDER BY id DESC";
    Statement statement(database, sql);
    statement.bind(query.cluster, query.cluster);
    if (by_account)
        for (const auto& account : query.accounts)
            statement.bind_more(account);
    return statement;
}

class Wanted {
public:
    explicit Wanted(const ports::Query& query) : accounts_(query.accounts) {
        std::sort(accounts_.begin(), accounts_.end());
    }
    bool operator()(const std::string& account) const {
        return accounts_.empty() || std::binary_search(accounts_.begin(), accounts_.end(), account);
    }

private:
    std::vector<std::string> accounts_;
};

std::optional<Instant> optional_instant(const Statement& row, int column) {
    if (row.is_null(column))
        return std::nullopt;
    return instant(row.integer(column));
}

ports::CommandRecord command_of(const Statement& row) {
    ports::CommandRecord record;
    record.id = row.integer(0);
    record.cluster = row.text(1);
    auto& command = record.command;
    command.account = row.text(2);
    command.user = row.text(3);
    command.partition = row.text(4);
    command.type = command_type(row.text(5));
    command.qos = split(row.text(6), ',');
    command.default_qos = row.text(7);
    command.limit_type = limit_type(row.text(8));
    command.shares = static_cast<std::uint32_t>(row.integer(9));
    command.reason = row.text(10);
    command.description = row.text(11);
    command.sacctmgr = row.text(12);
    record.mode = row.text(13);
    record.requested = instant(row.integer(14));
    record.started = optional_instant(row, 15);
    record.finished = optional_instant(row, 16);
    if (!row.is_null(17))
        record.success = row.flag(17);
    record.error = row.text(18);
    record.confirmed = optional_instant(row, 19);
    record.confirm_delay_ms = row.optional_integer(20);
    command.job = row.text(21);
    return record;
}

constexpr const char* kCommandColumns =
    "SELECT id, cluster, account, user, partition, type, qos, default_qos, limit_type, shares, "
    "reason, description, sacctmgr, mode, requested, started, finished, success, error, confirmed, "
    "confirm_delay_ms, job FROM command";

void read_limits(Statement& limit, ports::CommandRecord& record) {
    limit.bind(record.id);
    while (limit.step())
        record.command.limits[limit.text(0)] = limit.optional_integer(1);
}

constexpr const char* kLimitsOf = "SELECT tres, value FROM command_limit WHERE command = ?";

} // namespace

model::Standing standing_of(const std::string& text) {
    using enum model::Standing;
    return named(text, {normal, downscaled, paused}, "standing");
}

void insert_evaluation(Database& database, const ports::EvaluationRecord& record) {
    Statement(database,
              "INSERT INTO evaluation (cluster, account, policy, billing_period, percent, "
              "grace_limit, previous_paused, previous_downscaled, paused, downscaled, "
              "actions_taken, trigger, at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)")
        .bind(record.cluster, record.account, record.policy, record.billing_period, record.percent,
              record.grace_limit, record.previous.paused, record.previous.downscaled,
              record.now.paused, record.now.downscaled, join(record.actions_taken, ","),
              record.trigger, epoch(record.at))
        .run();
}

std::vector<ports::EvaluationRecord> read_evaluations(Database& database,
                                                      const ports::Query& query) {
    std::vector<ports::EvaluationRecord> records;
    const Wanted wanted(query);
    Statement row = select(database,
                           "SELECT id, cluster, account, policy, billing_period, percent, "
                           "grace_limit, previous_paused, previous_downscaled, paused, downscaled, "
                           "actions_taken, trigger, at FROM evaluation",
                           query);
    while (records.size() < query.limit && row.step()) {
        if (!wanted(row.text(2)))
            continue;
        records.push_back({row.integer(0),
                           row.text(1),
                           row.text(2),
                           row.text(3),
                           row.text(4),
                           row.optional_integer(5),
                           row.text(6),
                           {row.flag(7), row.flag(8)},
                           {row.flag(9), row.flag(10)},
                           split(row.text(11), ','),
                           row.text(12),
                           instant(row.integer(13)),
                           {}});
    }
    return records;
}

// A report that came before under the same correlation is let be.
void insert_report(Database& database, const ports::AgentReport& report) {
    const std::optional<std::string> correlation =
        report.correlation.empty() ? std::nullopt : std::optional(report.correlation);
    Statement(database,
              "INSERT OR IGNORE INTO agent_report (cluster, account, policy, mode, success, error, "
              "commands, made_by, correlation, at, evaluation) "
              "VALUES (?,?,?,?,?,?,?,?,?,?,(SELECT MAX(id) FROM evaluation WHERE cluster = ? AND "
              "account = ?))")
        .bind(report.cluster, report.account, report.policy, report.mode, report.success,
              report.error, join(report.commands, "\n"), report.by, correlation, epoch(report.at),
              report.cluster, report.account)
        .run();
}

std::vector<ports::AgentReport> read_reports(Database& database, const ports::Query& query) {
    std::vector<ports::AgentReport> reports;
    const Wanted wanted(query);
    Statement row = select(database,
                           "SELECT id, cluster, account, policy, mode, success, error, commands, "
                           "made_by, correlation, at, evaluation FROM agent_report",
                           query);
    while (reports.size() < query.limit && row.step())
        if (wanted(row.text(2)))
            reports.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4),
                               row.flag(5), row.text(6), split(row.text(7), '\n'), row.text(8),
                               row.text(9), instant(row.integer(10)), row.integer(11)});
    return reports;
}

std::int64_t insert_command(Database& database, const std::string& cluster,
                            const model::Command& command, const std::string& mode,
                            Instant requested) {
    Statement(database,
              "INSERT INTO command (cluster, account, user, partition, type, qos, default_qos, "
              "limit_type, shares, reason, description, sacctmgr, job, mode, requested) "
              "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
        .bind(cluster, command.account, command.user, command.partition, model::name(command.type),
              join(command.qos, ","), command.default_qos, name(command.limit_type),
              std::int64_t{command.shares}, command.reason, command.description, command.sacctmgr,
              command.job, mode, epoch(requested))
        .run();
    const std::int64_t id = database.last_insert_id();
    if (command.limits.empty())
        return id;
    Statement limit(database, "INSERT INTO command_limit (command, tres, value) VALUES (?,?,?)");
    for (const auto& [tres, value] : command.limits)
        limit.bind(id, tres, value).run();
    return id;
}

std::vector<ports::CommandRecord> read_commands(Database& database, const ports::Query& query) {
    std::vector<ports::CommandRecord> records;
    const Wanted wanted(query);
    Statement row = select(database, kCommandColumns, query);
    Statement limit(database, kLimitsOf);
    while (records.size() < query.limit && row.step())
        if (wanted(row.text(2)))
            read_limits(limit, records.emplace_back(command_of(row)));
    return records;
}

std::vector<ports::CommandRecord> read_unconfirmed(Database& database, const std::string& cluster) {
    std::vector<ports::CommandRecord> records;
    Statement row(database, std::string(kCommandColumns) +
                                " WHERE success = 1 AND confirmed IS NULL AND cluster = ? "
                                "ORDER BY id");
    Statement limit(database, kLimitsOf);
    row.bind(cluster);
    while (row.step())
        read_limits(limit, records.emplace_back(command_of(row)));
    return records;
}

ports::Forgotten count_forgettable(Database& database, std::int64_t before) {
    const auto count = [&](const char* sql) {
        Statement row(database, sql);
        row.bind(before);
        return row.step() ? static_cast<std::size_t>(row.integer(0)) : 0U;
    };
    return {count("SELECT COUNT(*) FROM evaluation WHERE at < ?"),
            count("SELECT COUNT(*) FROM command WHERE requested < ? AND finished IS NOT NULL")};
}

std::vector<model::Override> read_overrides(Database& database, const std::string& cluster,
                                            Instant since) {
    std::vector<model::Override> overrides;
    Statement row(database, "SELECT o.id, o.account, o.standing, o.begins, "
                            "MIN(o.ends, COALESCE(e.at, o.ends)) AS until, o.reason, o.made_by "
                            "FROM override o LEFT JOIN override_end e ON e.override = o.id "
                            "WHERE o.cluster = ? AND o.ends > ? AND until > ? ORDER BY o.id");
    row.bind(cluster, epoch(since), epoch(since));
    while (row.step())
        overrides.push_back({row.integer(0), row.text(1), standing_of(row.text(2)),
                             instant(row.integer(3)), instant(row.integer(4)), row.text(5),
                             row.text(6)});
    return overrides;
}

std::vector<model::Adjustment> read_adjustments(Database& database, const std::string& cluster) {
    std::vector<model::Adjustment> adjustments;
    Statement row(database, "SELECT id, account, period, reason, made_by, at FROM adjustment "
                            "WHERE cluster = ? ORDER BY id");
    Statement unit(database, "SELECT component, units FROM adjustment_unit WHERE adjustment = ?");
    row.bind(cluster);
    while (row.step()) {
        model::Adjustment entry{
            row.integer(0),         row.text(1), row.text(2), {}, row.text(3), row.text(4),
            instant(row.integer(5))};
        unit.bind(entry.id);
        while (unit.step())
            entry.units[unit.text(0)] = Decimal::raw(unit.integer(1));
        adjustments.push_back(std::move(entry));
    }
    return adjustments;
}

} // namespace sluice::sqlite
