// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/closed_usage.hpp"

#include "daemon/storage/at_port.hpp"

namespace sluice::sqlite {

Result<void> SqliteClosedUsage::each(const std::string& cluster,
                                     const std::function<void(const ports::ClosedSlice&)>& take) {
    return at_port("closed usage", [&] {
        auto reader = reader_.lock();
        Statement row(*reader, "SELECT begins, ends, read_at, reads, figures FROM closed_usage "
                               "WHERE cluster = ? ORDER BY begins");
        row.bind(cluster);
        while (row.step())
            take({{instant(row.integer(0)), instant(row.integer(1))},
                  instant(row.integer(2)),
                  row.integer(3),
                  row.text(4)});
    });
}

Result<void> SqliteClosedUsage::put(const std::string& cluster,
                                    std::span<const ports::ClosedSlice> slices) {
    return at_port("put closed usage", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        Statement replace(writer->database, "REPLACE INTO closed_usage (cluster, begins, ends, "
                                            "read_at, reads, figures) VALUES (?,?,?,?,?,?)");
        for (const auto& slice : slices)
            replace
                .bind(cluster, epoch(slice.ended.begin), epoch(slice.ended.end),
                      epoch(slice.read_at), slice.reads, slice.figures)
                .run();
        transaction.commit();
    });
}

Result<void> SqliteClosedUsage::drop(const std::string& cluster, Instant until) {
    return at_port("drop closed usage", [&] {
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        Statement(writer->database, "DELETE FROM closed_usage WHERE cluster = ? AND ends <= ?")
            .bind(cluster, epoch(until))
            .run();
        transaction.commit();
    });
}

} // namespace sluice::sqlite
