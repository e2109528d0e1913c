// SPDX-License-Identifier: GPL-2.0-or-later
// The outbox: table outbox of the journal's file, through the journal's two connections.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/thread.hpp"
#include "daemon/ports/outbox.hpp"
#include "daemon/storage/memory_rows.hpp"

#include <string>
#include <vector>

namespace sluice::storage {

// Keeps its statements for many messages. REQUIRES: an open transaction. Throws Failure.
class MessageWriter {
public:
    MessageWriter(Database& database, Instant now);
    // Its id; nullopt: the outbox has or had one of this correlation.
    std::optional<std::int64_t> add(const ports::Message& message);

private:
    Database& database_;
    Instant now_;
    Statement insert_;
    Statement replace_;
};

class SqliteOutbox final : public ports::Outbox {
public:
    // All must outlive it.
    SqliteOutbox(Guarded<Writer>& writer, Guarded<Database>& reader, const Clock& clock)
        : writer_(writer), reader_(reader), clock_(clock) {}

    Result<std::vector<std::int64_t>> add(std::span<const ports::Message> messages) override;
    Result<bool> is_known(const std::string& correlation) override;
    Result<std::vector<ports::OutboxEntry>> due(const std::string& target, Instant now,
                                                std::size_t most) override;
    Result<std::optional<Instant>> next_due(const std::string& target) override;
    Result<std::vector<ports::OutboxEntry>>
    waiting(const std::string& target, const std::string& key, std::size_t most) override;
    Result<std::vector<Instant>> deliveries(const std::string& target, const std::string& key,
                                            Instant since, Instant until,
                                            std::size_t most) override;
    Result<void> succeeded(std::int64_t id) override;
    Result<void> succeeded_with(std::int64_t id, std::int64_t first) override;
    Result<void> put_off(std::int64_t id, Instant until, const std::string& why) override;
    Result<void> failed(std::int64_t id, Instant retry_at, const std::string& error) override;
    Result<void> park(std::int64_t id, const std::string& reason) override;
    Result<std::vector<ports::OutboxEntry>> list(const ports::OutboxQuery& query) override;
    Result<std::vector<ports::OutboxCount>> counts() override;
    Result<void> retry(std::int64_t id) override;
    Result<void> drop(std::int64_t id, const std::string& reason) override;

private:
    Result<void> close(std::int64_t id, const std::string& remark);

    Guarded<Writer>& writer_;
    Guarded<Database>& reader_;
    const Clock& clock_;
};

} // namespace sluice::storage
