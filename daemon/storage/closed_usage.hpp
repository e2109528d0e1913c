// SPDX-License-Identifier: GPL-2.0-or-later
// Closed usage: table closed_usage of the journal's file.
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

    Result<void> each(const std::string& cluster,
                      const std::function<void(const ports::ClosedSlice&)>& take) override;
    Result<void> put(const std::string& cluster,
                     std::span<const ports::ClosedSlice> slices) override;
    Result<void> drop(const std::string& cluster, Instant until) override;

private:
    Guarded<Writer>& writer_;
    Guarded<Database>& reader_;
};

} // namespace sluice::sqlite
