// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/module_tables.hpp"

namespace sluice::storage {

Result<std::map<std::string, std::string>> SqliteNotes::notes(const std::string& kind) {
    return at_port("notes", [&] {
        auto reader = reader_.lock();
        Statement rows(*reader, "SELECT key, value FROM note WHERE kind = ?");
        rows.bind(kind);
        std::map<std::string, std::string> found;
        while (rows.step())
            found.emplace(rows.text(0), rows.text(1));
        return found;
    });
}

Result<void> SqliteNotes::put(std::span<const ports::Note> notes) {
    return at_port("put notes", [&] {
        if (notes.empty())
            return;
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        Statement set(writer->database, "REPLACE INTO note (kind, key, value) VALUES (?,?,?)");
        Statement remove(writer->database, "DELETE FROM note WHERE kind = ? AND key = ?");
        for (const auto& note : notes)
            if (note.value.empty())
                remove.bind(note.kind, note.key).run();
            else
                set.bind(note.kind, note.key, note.value).run();
        transaction.commit();
    });
}

Result<std::vector<ports::ClosedDay>> SqliteClosedUsage::days(const std::string& cluster) {
    return at_port("closed usage", [&] {
        auto reader = reader_.lock();
        Statement row(*reader,
                      "SELECT d.day, read_at, reads, begins, ends FROM closed_day d LEFT JOIN "
                      "(SELECT DISTINCT cluster, day, begins, ends FROM closed_usage) u "
                      "ON u.cluster = d.cluster AND u.day = d.day "
                      "WHERE d.cluster = ? ORDER BY d.day, begins");
        row.bind(cluster);
        std::vector<ports::ClosedDay> days;
        while (row.step()) {
            const Instant begin = instant(row.integer(0));
            if (days.empty() || days.back().begin != begin)
                days.push_back({begin, instant(row.integer(1)), row.integer(2), {}});
            if (!row.is_null(3))
                days.back().pieces.push_back(
                    {{instant(row.integer(3)), instant(row.integer(4))}, {}});
        }
        return days;
    });
}

Result<ports::UserSums> SqliteClosedUsage::sums(const std::string& cluster, Window days,
                                                Window range) {
    return at_port("closed usage", [&] {
        auto reader = reader_.lock();
        // SUM() fails where a sum does not fit.
        Statement row(*reader, "SELECT account, user, tres, SUM(amount) FROM closed_usage "
                               "WHERE cluster = ? AND day >= ? AND day < ? AND begins >= ? "
                               "AND ends <= ? GROUP BY account, user, tres");
        row.bind(cluster, epoch(days.begin), epoch(days.end), epoch(range.begin), epoch(range.end));
        ports::UserSums sums;
        while (row.step())
            sums[row.text(0)][row.text(1)][static_cast<std::uint32_t>(row.integer(2))] =
                row.integer(3);
        return sums;
    });
}

Result<void> SqliteClosedUsage::put(const std::string& cluster,
                                    std::span<const ports::ClosedDay> days) {
    return at_port("put closed usage", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        Statement clear(writer->database, "DELETE FROM closed_usage WHERE cluster = ? AND day = ?");
        Statement day_row(writer->database,
                          "REPLACE INTO closed_day (cluster, day, read_at, reads) "
                          "VALUES (?,?,?,?)");
        Statement row(writer->database, "INSERT INTO closed_usage (cluster, day, begins, ends, "
                                        "account, user, tres, amount) VALUES (?,?,?,?,?,?,?,?)");
        for (const auto& day : days) {
            clear.bind(cluster, epoch(day.begin)).run();
            day_row.bind(cluster, epoch(day.begin), epoch(day.read_at), day.reads).run();
            for (const auto& piece : day.pieces)
                for (const auto& [account, users] : piece.sums)
                    for (const auto& [user, sums] : users)
                        for (const auto& [tres, amount] : sums)
                            row.bind(cluster, epoch(day.begin), epoch(piece.time.begin),
                                     epoch(piece.time.end), account, user, std::int64_t{tres},
                                     amount)
                                .run();
        }
        transaction.commit();
    });
}

Result<void> SqliteClosedUsage::drop(const std::string& cluster, Instant last) {
    return at_port("drop closed usage", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        for (const char* sql : {"DELETE FROM closed_day WHERE cluster = ? AND day <= ?",
                                "DELETE FROM closed_usage WHERE cluster = ? AND day <= ?"})
            Statement(writer->database, sql).bind(cluster, epoch(last)).run();
        transaction.commit();
    });
}

Result<std::vector<ports::CorrectedTime>>
SqliteClosedUsage::corrections(const std::string& cluster) {
    return at_port("corrections", [&] {
        auto reader = reader_.lock();
        Statement row(*reader, "SELECT t.begins, t.ends, read_at, records, kind, account, user, "
                               "tres, amount FROM corrected_time t LEFT JOIN correction c ON "
                               "c.cluster = t.cluster AND c.begins = t.begins AND c.ends = t.ends "
                               "WHERE t.cluster = ? ORDER BY t.begins, t.ends");
        row.bind(cluster);
        std::vector<ports::CorrectedTime> all;
        while (row.step()) {
            const Window time{instant(row.integer(0)), instant(row.integer(1))};
            if (all.empty() || !(all.back().time == time))
                all.push_back({time, instant(row.integer(2)), row.integer(3), {}});
            if (row.is_null(4))
                continue;
            auto& sums = all.back().sums;
            auto& kind = row.text(4) == "idle" ? sums.idle : sums.factor;
            kind[row.text(5)][row.text(6)][static_cast<std::uint32_t>(row.integer(7))] =
                row.integer(8);
        }
        return all;
    });
}

Result<void> SqliteClosedUsage::put(const std::string& cluster,
                                    const ports::CorrectedTime& corrected) {
    return at_port("put corrections", [&] {
        const auto begins = epoch(corrected.time.begin);
        const auto ends = epoch(corrected.time.end);
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        Statement(writer->database,
                  "DELETE FROM correction WHERE cluster = ? AND begins = ? AND ends = ?")
            .bind(cluster, begins, ends)
            .run();
        Statement(writer->database,
                  "REPLACE INTO corrected_time (cluster, begins, ends, read_at, records) "
                  "VALUES (?,?,?,?,?)")
            .bind(cluster, begins, ends, epoch(corrected.read_at), corrected.records)
            .run();
        Statement row(writer->database, "INSERT INTO correction (cluster, begins, ends, kind, "
                                        "account, user, tres, amount) VALUES (?,?,?,?,?,?,?,?)");
        const auto add = [&](const std::string& kind, const ports::UserSums& sums) {
            for (const auto& [account, users] : sums)
                for (const auto& [user, amounts] : users)
                    for (const auto& [tres, amount] : amounts)
                        row.bind(cluster, begins, ends, kind, account, user, std::int64_t{tres},
                                 amount)
                            .run();
        };
        add("factor", corrected.sums.factor);
        add("idle", corrected.sums.idle);
        transaction.commit();
    });
}

Result<void> SqliteClosedUsage::drop_corrections(const std::string& cluster, Instant last) {
    return at_port("drop corrections", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        for (const char* sql : {"DELETE FROM corrected_time WHERE cluster = ? AND ends <= ?",
                                "DELETE FROM correction WHERE cluster = ? AND ends <= ?"})
            Statement(writer->database, sql).bind(cluster, epoch(last)).run();
        transaction.commit();
    });
}

Result<std::vector<ports::QosFactor>> SqliteClosedUsage::factors(const std::string& cluster) {
    return at_port("QOS factors", [&] {
        auto reader = reader_.lock();
        Statement row(*reader, "SELECT qos, since, factor FROM qos_factor WHERE cluster = ?");
        row.bind(cluster);
        std::vector<ports::QosFactor> all;
        while (row.step())
            all.push_back({static_cast<std::uint32_t>(row.integer(0)), instant(row.integer(1)),
                           row.integer(2)});
        return all;
    });
}

Result<void> SqliteClosedUsage::put(const std::string& cluster,
                                    std::span<const ports::QosFactor> all) {
    return at_port("put QOS factors", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        Statement row(writer->database,
                      "REPLACE INTO qos_factor (cluster, qos, since, factor) VALUES (?,?,?,?)");
        for (const auto& one : all)
            row.bind(cluster, std::int64_t{one.qos}, epoch(one.since), one.factor).run();
        transaction.commit();
    });
}

} // namespace sluice::storage
