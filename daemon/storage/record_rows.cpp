// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/record_rows.hpp"

#include "common/base/text.hpp"

#include <algorithm>

namespace sluice::storage {
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
    return named(text,
                 {fairshare, limits, qos, submit_limit, reset_usage, hold_job, release_job,
                  cancel_job, requeue_job, set_job_qos},
                 "command type");
}

model::LimitType limit_type(const std::string& text) {
    using enum model::LimitType;
    return named(text, {grp_tres_mins, max_tres_mins, grp_tres}, "limit type");
}

const char* condition(ports::Only only) {
    switch (only) {
    case ports::Only::changed:
        return " AND (paused <> previous_paused OR downscaled <> previous_downscaled)";
    case ports::Only::failed:
        return " AND success = 0";
    case ports::Only::open:
        return " AND success IS NULL";
    case ports::Only::all:
        break;
    }
    return "";
}

// SELECT with the query's conditions, newest first; column `time` has the instant, `number` the
// number of an evaluation. The caller filters by account where the query has more accounts than
// SQLite binds, and applies the limit.
Statement select(Database& database, std::string sql, const ports::Query& query,
                 const std::string& time, const std::string& number = "evaluation") {
    const bool by_account = !query.accounts.empty() && query.accounts.size() <= kMaxParameters;
    sql += " WHERE (? = '' OR cluster = ?) AND (? = 0 OR id < ?)";
    sql += condition(query.only);
    if (query.evaluation != 0)
        sql += " AND " + number + " = " + std::to_string(query.evaluation);
    if (query.from)
        sql += " AND " + time + " >= ?";
    if (query.until)
        sql += " AND " + time + " <= ?";
    if (!query.period.empty())
        sql += " AND billing_period = ?";
    if (by_account) {
        sql += " AND account IN (?";
        for (std::size_t i = 1; i < query.accounts.size(); ++i)
            sql += ",?";
        sql += ')';
    }
    sql += " ORDER BY id DESC";
    Statement statement(database, sql);
    statement.bind(query.cluster, query.cluster, query.before, query.before);
    if (query.from)
        statement.bind_more(epoch(*query.from));
    if (query.until)
        statement.bind_more(epoch(*query.until));
    if (!query.period.empty())
        statement.bind_more(query.period);
    if (by_account)
        for (const auto& account : query.accounts)
            statement.bind_more(account);
    return statement;
}

class AccountFilter {
public:
    explicit AccountFilter(const ports::Query& query) : accounts_(query.accounts) {
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
    record.evaluation = row.optional_integer(22).value_or(0);
    return record;
}

constexpr const char* kCommandColumns =
    "SELECT id, cluster, account, user, partition, type, qos, default_qos, limit_type, shares, "
    "reason, description, sacctmgr, mode, requested, started, finished, success, error, confirmed, "
    "confirm_delay_ms, job, evaluation FROM command";

void read_limits(Statement& limit, ports::CommandRecord& record) {
    limit.bind(record.id);
    while (limit.step())
        record.command.limits[limit.text(0)] = limit.optional_integer(1);
}

constexpr const char* kLimitsOf = "SELECT tres, value FROM command_limit WHERE command = ?";

model::Standing standing_of(const std::string& text) {
    using enum model::Standing;
    return named(text, {normal, downscaled, paused}, "standing");
}

ports::OverrideRecord override_of(const Statement& row) {
    ports::OverrideRecord out;
    out.entry = {row.integer(0),
                 row.text(1),
                 standing_of(row.text(2)),
                 instant(row.integer(3)),
                 instant(row.integer(4)),
                 row.text(5),
                 row.text(6),
                 false,
                 false,
                 row.flag(7)};
    if (!row.is_null(8)) {
        out.ended = instant(row.integer(8));
        out.ended_by = row.text(9);
        out.end_reason = row.text(10);
    }
    return out;
}

// An entry is taken back once, by an entry of the same account and period.
void check_taken_back(Database& database, const std::string& cluster,
                      const model::Adjustment& entry) {
    Statement row(
        database,
        "SELECT (SELECT id FROM adjustment t WHERE t.takes_back = a.id) FROM adjustment a "
        "WHERE id = ? AND cluster = ? AND account = ? AND period = ?");
    row.bind(entry.takes_back, cluster, entry.account, entry.period);
    const std::string number = std::to_string(entry.takes_back);
    if (!row.step())
        throw Failure({Errc::not_found, "no adjustment " + number});
    if (!row.is_null(0))
        throw Failure({Errc::conflict, "adjustment " + number + " is taken back already, by " +
                                           std::to_string(row.integer(0))});
}

} // namespace

std::int64_t insert_evaluation(Database& database, const ports::EvaluationRecord& record) {
    Statement(database,
              "INSERT INTO evaluation (cluster, account, policy, billing_period, percent, "
              "grace_limit, previous_paused, previous_downscaled, paused, downscaled, "
              "actions_taken, trigger, at, applied) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
        .bind(record.cluster, record.account, record.policy, record.billing_period, record.percent,
              record.grace_limit, record.previous.paused, record.previous.downscaled,
              record.now.paused, record.now.downscaled, join(record.actions_taken, ","),
              record.trigger, epoch(record.at), record.applied)
        .run();
    return database.last_insert_id();
}

std::vector<ports::EvaluationRecord> read_evaluations(Database& database,
                                                      const ports::Query& query) {
    std::vector<ports::EvaluationRecord> records;
    const AccountFilter matches(query);
    Statement row = select(database,
                           "SELECT id, cluster, account, policy, billing_period, percent, "
                           "grace_limit, previous_paused, previous_downscaled, paused, downscaled, "
                           "actions_taken, trigger, at, applied FROM evaluation",
                           query, "at", "id");
    while (records.size() < query.limit && row.step()) {
        if (!matches(row.text(2)))
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
                           row.flag(14),
                           {}});
    }
    return records;
}

// Ignored where a report has this correlation already.
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
    const AccountFilter matches(query);
    Statement row = select(database,
                           "SELECT id, cluster, account, policy, mode, success, error, commands, "
                           "made_by, correlation, at, evaluation FROM agent_report",
                           query, "at");
    while (reports.size() < query.limit && row.step())
        if (matches(row.text(2)))
            reports.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4),
                               row.flag(5), row.text(6), split(row.text(7), '\n'), row.text(8),
                               row.text(9), instant(row.integer(10)), row.integer(11)});
    return reports;
}

std::int64_t insert_command(Database& database, const std::string& cluster,
                            const model::Command& command, const std::string& mode,
                            Instant requested, std::optional<std::int64_t> evaluation) {
    Statement(database,
              "INSERT INTO command (cluster, account, user, partition, type, qos, default_qos, "
              "limit_type, shares, reason, description, sacctmgr, job, mode, requested, "
              "evaluation) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
        .bind(cluster, command.account, command.user, command.partition, model::name(command.type),
              join(command.qos, ","), command.default_qos, name(command.limit_type),
              std::int64_t{command.shares}, command.reason, command.description, command.sacctmgr,
              command.job, mode, epoch(requested), evaluation)
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
    const AccountFilter matches(query);
    Statement row = select(database, kCommandColumns, query, "requested");
    Statement limit(database, kLimitsOf);
    while (records.size() < query.limit && row.step())
        if (matches(row.text(2)))
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
                            "MIN(o.ends, COALESCE(e.at, o.ends)) AS until, o.reason, o.made_by, "
                            "o.show_reason "
                            "FROM override o LEFT JOIN override_end e ON e.override = o.id "
                            "WHERE o.cluster = ? AND o.ends > ? AND until > ? ORDER BY o.id");
    row.bind(cluster, epoch(since), epoch(since));
    while (row.step())
        overrides.push_back({row.integer(0), row.text(1), standing_of(row.text(2)),
                             instant(row.integer(3)), instant(row.integer(4)), row.text(5),
                             row.text(6), false, false, row.flag(7)});
    return overrides;
}

std::vector<model::Adjustment> read_adjustments(Database& database, const std::string& cluster) {
    std::vector<model::Adjustment> adjustments;
    for (auto& record : list_adjustments(database, {cluster, {}, SIZE_MAX}))
        adjustments.push_back(std::move(record.entry));
    std::reverse(adjustments.begin(), adjustments.end());
    return adjustments;
}

std::int64_t insert_adjustment(Database& database, const std::string& cluster,
                               const model::Adjustment& entry) {
    std::optional<std::int64_t> takes_back;
    if (entry.takes_back != 0) {
        check_taken_back(database, cluster, entry);
        takes_back = entry.takes_back;
    }
    Statement(database, "INSERT INTO adjustment (cluster, account, period, reason, made_by, at, "
                        "takes_back) VALUES (?,?,?,?,?,?,?)")
        .bind(cluster, entry.account, entry.period, entry.reason, entry.by, epoch(entry.at),
              takes_back)
        .run();
    const std::int64_t id = database.last_insert_id();
    Statement unit(database,
                   "INSERT INTO adjustment_unit (adjustment, component, units) VALUES (?,?,?)");
    for (const auto& [component, units] : entry.units)
        unit.bind(id, component, units.scaled()).run();
    return id;
}

void link_adjustments(Database& database, std::span<const model::Adjustment> entries,
                      const std::vector<std::int64_t>& ids) {
    Statement alone(
        database, "SELECT p.other FROM (SELECT to_entry AS other FROM transfer WHERE from_entry = "
                  "? UNION SELECT from_entry FROM transfer WHERE to_entry = ?) p WHERE NOT EXISTS "
                  "(SELECT 1 FROM adjustment t WHERE t.takes_back = p.other)");
    for (const auto& entry : entries) {
        alone.bind(entry.takes_back, entry.takes_back);
        if (alone.step())
            throw Failure({Errc::conflict, "adjustment " + std::to_string(entry.takes_back) +
                                               " is part of a transfer; it is taken back with " +
                                               std::to_string(alone.integer(0))});
    }
    if (ids.size() == 2)
        Statement(database, "INSERT INTO transfer (from_entry, to_entry) VALUES (?,?)")
            .bind(ids.front(), ids.back())
            .run();
}

std::int64_t insert_reset(Database& database, const std::string& cluster,
                          const model::PeriodReset& entry) {
    Statement(database, "INSERT INTO period_reset (cluster, account, period, reason, made_by, at, "
                        "release) VALUES (?,?,?,?,?,?,?)")
        .bind(cluster, entry.account, entry.period, entry.reason, entry.by, epoch(entry.at),
              entry.release)
        .run();
    return database.last_insert_id();
}

std::vector<ports::OverrideRecord> list_overrides(Database& database, const ports::Query& query) {
    std::vector<ports::OverrideRecord> out;
    const AccountFilter matches(query);
    Statement row(database, "SELECT o.id, o.account, o.standing, o.begins, o.ends, o.reason, "
                            "o.made_by, o.show_reason, e.at, e.made_by, e.reason FROM override o "
                            "LEFT JOIN override_end e ON e.override = o.id "
                            "WHERE (? = '' OR o.cluster = ?) ORDER BY o.id DESC");
    row.bind(query.cluster, query.cluster);
    while (out.size() < query.limit && row.step())
        if (matches(row.text(1)))
            out.push_back(override_of(row));
    return out;
}

std::vector<ports::AdjustmentRecord> list_adjustments(Database& database,
                                                      const ports::Query& query) {
    std::vector<ports::AdjustmentRecord> out;
    const AccountFilter matches(query);
    Statement row(database, "SELECT a.id, a.account, a.period, a.reason, a.made_by, a.at, "
                            "COALESCE(a.takes_back, 0), COALESCE(t.id, 0), "
                            "COALESCE(g.to_entry, r.from_entry, 0) FROM adjustment a "
                            "LEFT JOIN adjustment t ON t.takes_back = a.id "
                            "LEFT JOIN transfer g ON g.from_entry = a.id "
                            "LEFT JOIN transfer r ON r.to_entry = a.id "
                            "WHERE (? = '' OR a.cluster = ?) ORDER BY a.id DESC");
    Statement unit(database, "SELECT component, units FROM adjustment_unit WHERE adjustment = ?");
    row.bind(query.cluster, query.cluster);
    while (out.size() < query.limit && row.step()) {
        if (!matches(row.text(1)))
            continue;
        auto& record = out.emplace_back();
        record.entry = {
            row.integer(0),          row.text(1),    row.text(2),   {}, row.text(3), row.text(4),
            instant(row.integer(5)), row.integer(6), row.integer(8)};
        record.taken_back_by = row.integer(7);
        unit.bind(record.entry.id);
        while (unit.step())
            record.entry.units[unit.text(0)] = Decimal::raw(unit.integer(1));
    }
    return out;
}

std::vector<model::PeriodReset> list_resets(Database& database, const ports::Query& query) {
    std::vector<model::PeriodReset> out;
    const AccountFilter matches(query);
    Statement row(database, "SELECT id, account, period, reason, made_by, at, release FROM "
                            "period_reset WHERE (? = '' OR cluster = ?) ORDER BY id DESC");
    row.bind(query.cluster, query.cluster);
    while (out.size() < query.limit && row.step())
        if (matches(row.text(1)))
            out.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4),
                           instant(row.integer(5)), row.flag(6)});
    return out;
}

std::optional<Instant> newest_time(Database& database, const std::string& cluster) {
    Statement row(
        database,
        "SELECT max(at) FROM (SELECT at FROM evaluation e WHERE e.cluster = ?1 AND e.id > "
        "(SELECT ifnull(max(evaluation), 0) FROM clock_accept WHERE cluster = ?1) "
        "UNION ALL SELECT requested FROM command c WHERE c.cluster = ?1 AND c.id > "
        "(SELECT ifnull(max(command), 0) FROM clock_accept WHERE cluster = ?1) UNION ALL "
        "SELECT at FROM clock_accept WHERE id = (SELECT max(id) FROM clock_accept WHERE "
        "cluster = ?1))");
    row.bind(cluster);
    const auto at = row.step() ? row.optional_integer(0) : std::nullopt;
    return at ? std::optional(instant(*at)) : std::nullopt;
}

std::int64_t insert_clock_accept(Database& database, const std::string& cluster,
                                 const model::ClockAccept& entry) {
    Statement(database,
              "INSERT INTO clock_accept (cluster, at, ahead, reason, made_by, evaluation, "
              "command) SELECT ?,?,?,?,?, (SELECT ifnull(max(id), 0) FROM evaluation), "
              "(SELECT ifnull(max(id), 0) FROM command)")
        .bind(cluster, epoch(entry.at), entry.offset_s, entry.reason, entry.by)
        .run();
    return database.last_insert_id();
}

std::vector<model::ClockAccept> list_clock_accepts(Database& database, const ports::Query& query) {
    std::vector<model::ClockAccept> out;
    Statement row(database, "SELECT id, at, ahead, reason, made_by FROM clock_accept "
                            "WHERE (? = '' OR cluster = ?) ORDER BY id DESC");
    row.bind(query.cluster, query.cluster);
    while (out.size() < query.limit && row.step())
        out.push_back(
            {row.integer(0), instant(row.integer(1)), row.integer(2), row.text(3), row.text(4)});
    return out;
}

} // namespace sluice::storage
