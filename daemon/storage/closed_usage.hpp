// SPDX-License-Identifier: GPL-2.0-or-later
// Closed usage: the tables closed_day and closed_usage of the journal's file.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/ports/closed_usage.hpp"
#include "daemon/storage/writer.hpp"

namespace sluice::sqlite {

class SqliteClosedUsage final : public ports::ClosedUsage {
public:
    // Both must outlive it.
    SqliteClosedUsage(Guarded<Writer>& writer, Guarded<Database>& reader)
        : writer_(writer), reader_(reader) {}

    Result<std::vector<ports::ClosedDay>> days(const std::string& cluster) override;
    Result<ports::UserSums> sums(const std::string& cluster, Window days, Window range) override;
    Result<void> put(const std::string& cluster, std::span<const ports::ClosedDay> days) override;
    Result<void> drop(const std::string& cluster, Instant last) override;

private:
    Guarded<Writer>& writer_;
    Guarded<Database>& reader_;
};

} // namespace sluice::sqlite
