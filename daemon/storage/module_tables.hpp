// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of the journal's file that one module of the daemon keeps for itself: `note` (Waldur) and
// `closed_day` with `closed_usage` (usage without rollups), `corrected_time` with `correction`, and
// `qos_factor`. Through the journal's two connections.
// Thread-safe.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/ports/closed_usage.hpp"
#include "daemon/ports/notes.hpp"
#include "daemon/storage/memory_rows.hpp"

namespace sluice::storage {

class SqliteNotes final : public ports::Notes {
public:
    // Both must outlive it.
    SqliteNotes(Guarded<Writer>& writer, Guarded<Database>& reader)
        : writer_(writer), reader_(reader) {}

    Result<std::map<std::string, std::string>> notes(const std::string& kind) override;
    Result<void> put(std::span<const ports::Note> notes) override;

private:
    Guarded<Writer>& writer_;
    Guarded<Database>& reader_;
};

class SqliteClosedUsage final : public ports::ClosedUsage {
public:
    // Both must outlive it.
    SqliteClosedUsage(Guarded<Writer>& writer, Guarded<Database>& reader)
        : writer_(writer), reader_(reader) {}

    Result<std::vector<ports::ClosedDay>> days(const std::string& cluster) override;
    Result<ports::UserSums> sums(const std::string& cluster, Window days, Window range) override;
    Result<void> put(const std::string& cluster, std::span<const ports::ClosedDay> days) override;
    Result<void> drop(const std::string& cluster, Instant last) override;
    Result<std::vector<ports::CorrectedTime>> corrections(const std::string& cluster) override;
    Result<void> put(const std::string& cluster, const ports::CorrectedTime& corrected) override;
    Result<void> drop_corrections(const std::string& cluster, Instant last) override;
    Result<std::vector<ports::QosFactor>> factors(const std::string& cluster) override;
    Result<void> put(const std::string& cluster, std::span<const ports::QosFactor> all) override;

private:
    Guarded<Writer>& writer_;
    Guarded<Database>& reader_;
};

} // namespace sluice::storage
