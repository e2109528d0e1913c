// SPDX-License-Identifier: GPL-2.0-or-later
// What people entered, as they list it: tables override, override_end, adjustment, period_reset.
// Nothing is ever changed or deleted here.
#include "daemon/storage/rows.hpp"

#include <algorithm>

namespace sluice::sqlite {
namespace {

bool wanted(const ports::Query& query, const std::string& account) {
    return query.accounts.empty() ||
           std::find(query.accounts.begin(), query.accounts.end(), account) != query.accounts.end();
}

ports::OverrideRecord override_of(const Statement& row) {
    ports::OverrideRecord out;
    out.entry = {row.integer(0),
                 row.text(1),
                 standing_of(row.text(2)),
                 instant(row.integer(3)),
                 instant(row.integer(4)),
                 row.text(5),
                 row.text(6)};
    if (!row.is_null(7)) {
        out.ended = instant(row.integer(7));
        out.ended_by = row.text(8);
        out.end_reason = row.text(9);
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

std::int64_t insert_reset(Database& database, const std::string& cluster,
                          const model::PeriodReset& entry) {
    Statement(database, "INSERT INTO period_reset (cluster, account, period, reason, made_by, at) "
                        "VALUES (?,?,?,?,?,?)")
        .bind(cluster, entry.account, entry.period, entry.reason, entry.by, epoch(entry.at))
        .run();
    return database.last_insert_id();
}

std::vector<ports::OverrideRecord> list_overrides(Database& database, const ports::Query& query) {
    std::vector<ports::OverrideRecord> out;
    Statement row(database, "SELECT o.id, o.account, o.standing, o.begins, o.ends, o.reason, "
                            "o.made_by, e.at, e.made_by, e.reason FROM override o "
                            "LEFT JOIN override_end e ON e.override = o.id "
                            "WHERE (? = '' OR o.cluster = ?) ORDER BY o.id DESC");
    row.bind(query.cluster, query.cluster);
    while (out.size() < query.limit && row.step())
        if (wanted(query, row.text(1)))
            out.push_back(override_of(row));
    return out;
}

std::vector<ports::AdjustmentRecord> list_adjustments(Database& database,
                                                      const ports::Query& query) {
    std::vector<ports::AdjustmentRecord> out;
    Statement row(database, "SELECT a.id, a.account, a.period, a.reason, a.made_by, a.at, "
                            "COALESCE(a.takes_back, 0), COALESCE(t.id, 0) FROM adjustment a "
                            "LEFT JOIN adjustment t ON t.takes_back = a.id "
                            "WHERE (? = '' OR a.cluster = ?) ORDER BY a.id DESC");
    Statement unit(database, "SELECT component, units FROM adjustment_unit WHERE adjustment = ?");
    row.bind(query.cluster, query.cluster);
    while (out.size() < query.limit && row.step()) {
        if (!wanted(query, row.text(1)))
            continue;
        auto& record = out.emplace_back();
        record.entry = {
            row.integer(0),          row.text(1),   row.text(2), {}, row.text(3), row.text(4),
            instant(row.integer(5)), row.integer(6)};
        record.taken_back_by = row.integer(7);
        unit.bind(record.entry.id);
        while (unit.step())
            record.entry.units[unit.text(0)] = Decimal::raw(unit.integer(1));
    }
    return out;
}

std::vector<model::PeriodReset> list_resets(Database& database, const ports::Query& query) {
    std::vector<model::PeriodReset> out;
    Statement row(database, "SELECT id, account, period, reason, made_by, at FROM period_reset "
                            "WHERE (? = '' OR cluster = ?) ORDER BY id DESC");
    row.bind(query.cluster, query.cluster);
    while (out.size() < query.limit && row.step())
        if (wanted(query, row.text(1)))
            out.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4),
                           instant(row.integer(5))});
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

} // namespace sluice::sqlite
