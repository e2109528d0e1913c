// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/storage/outbox.hpp"

#include "daemon/storage/database.hpp"

namespace sluice::storage {
namespace {

using ports::MessageState;
using ports::OutboxEntry;

constexpr std::size_t kMaxError = 2000; // a response may be a page of HTML

// In the order of entry_of().
constexpr const char* kSelect =
    "SELECT o.id, o.target, o.kind, o.key, o.correlation, o.body, o.state, o.created, o.attempts, "
    "o.not_before, o.error, o.closed FROM outbox o WHERE ";
// Of each key only the oldest waiting one, which keeps the order.
constexpr const char* kHeads =
    "o.target = ? AND o.state = 'waiting' AND o.closed IS NULL AND NOT EXISTS (SELECT 1 FROM "
    "outbox e WHERE e.target = o.target AND e.key = o.key AND e.state = 'waiting' "
    "AND e.closed IS NULL AND e.id < o.id)";

MessageState state_of(const std::string& text) {
    for (const auto state :
         {MessageState::waiting, MessageState::parked, MessageState::done, MessageState::dropped})
        if (name(state) == text)
            return state;
    throw Failure({Errc::refused, "unknown state of a message \"" + text + '"'});
}

OutboxEntry entry_of(const Statement& row) {
    OutboxEntry entry;
    entry.id = row.integer(0);
    entry.message.target = row.text(1);
    entry.message.kind = row.text(2);
    entry.message.key = row.text(3);
    entry.message.correlation = row.text(4);
    entry.message.body = row.text(5);
    entry.state = state_of(row.text(6));
    entry.created = instant(row.integer(7));
    entry.attempts = row.integer(8);
    entry.not_before = instant(row.integer(9));
    entry.error = row.text(10);
    if (const auto closed = row.optional_integer(11))
        entry.closed = instant(*closed);
    return entry;
}

std::vector<OutboxEntry> entries(Statement& rows) {
    std::vector<OutboxEntry> found;
    while (rows.step())
        found.push_back(entry_of(rows));
    return found;
}

// Cut at a character, not inside one.
std::string bounded(const std::string& text) {
    if (text.size() <= kMaxError)
        return text;
    std::size_t end = kMaxError;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
        --end;
    return text.substr(0, end);
}

void check_found(Database& database, std::int64_t id) {
    if (database.changes() != 1)
        throw Failure(
            {Errc::not_found, "no message " + std::to_string(id) + " waits or is parked"});
}

// A lost outcome costs a repeated delivery, which does no harm; a sync for each of 100,000 messages
// would cost minutes. What was added before is synced already, and the next cycle syncs this, too.
class Unsynced {
public:
    explicit Unsynced(Database& database) : database_(database) {
        database_.execute("PRAGMA synchronous = NORMAL");
    }
    Unsynced(const Unsynced&) = delete;
    Unsynced& operator=(const Unsynced&) = delete;
    ~Unsynced() {
        try {
            database_.execute("PRAGMA synchronous = FULL");
        } catch (const Failure&) { // commits stay atomic either way
        }
    }

private:
    Database& database_;
};

} // namespace

MessageWriter::MessageWriter(Database& database, Instant now)
    : database_(database), now_(now),
      insert_(database, "INSERT OR IGNORE INTO outbox (target, kind, key, correlation, body, "
                        "state, created, not_before) VALUES (?,?,?,?,?,'waiting',?,?)"),
      replace_(database, "UPDATE outbox SET state = 'dropped', closed = ?, error = ? "
                         "WHERE target = ? AND kind = ? AND key = ? AND id < ? "
                         "AND closed IS NULL") {}

std::optional<std::int64_t> MessageWriter::add(const ports::Message& message) {
    if (message.body.size() > ports::kMaxMessageBody)
        throw Failure({Errc::overflow, "a message of " + std::to_string(message.body.size()) +
                                           " bytes for " + message.target});
    insert_
        .bind(message.target, message.kind, message.key, message.correlation, message.body,
              epoch(now_), epoch(now_))
        .run();
    if (database_.changes() != 1)
        return std::nullopt;
    const std::int64_t id = database_.last_insert_id();
    if (message.replaces)
        replace_
            .bind(epoch(now_), "replaced by message " + std::to_string(id), message.target,
                  message.kind, message.key, id)
            .run();
    return id;
}

Result<std::vector<std::int64_t>> SqliteOutbox::add(std::span<const ports::Message> messages) {
    return at_port("add to the outbox", [&] {
        std::vector<std::int64_t> ids;
        if (messages.empty())
            return ids;
        auto writer = writer_.lock();
        Transaction transaction(writer->database);
        MessageWriter rows(writer->database, clock_.now());
        for (const auto& message : messages)
            if (const auto id = rows.add(message))
                ids.push_back(*id);
        transaction.commit();
        return ids;
    });
}

Result<bool> SqliteOutbox::is_known(const std::string& correlation) {
    return at_port("outbox", [&] {
        auto reader = reader_.lock();
        Statement row(*reader, "SELECT 1 FROM outbox WHERE correlation = ?");
        row.bind(correlation);
        return row.step();
    });
}

Result<std::vector<OutboxEntry>> SqliteOutbox::due(const std::string& target, Instant now,
                                                   std::size_t most) {
    return at_port("outbox", [&] {
        auto reader = reader_.lock();
        constexpr std::int64_t kLongest = 86400; // seconds
        Statement rows(*reader, std::string(kSelect) + kHeads +
                                    " AND (o.not_before <= ? OR o.not_before > ?) "
                                    "ORDER BY o.id LIMIT ?");
        rows.bind(target, epoch(now), epoch(now) + kLongest, static_cast<std::int64_t>(most));
        return entries(rows);
    });
}

Result<std::optional<Instant>> SqliteOutbox::next_due(const std::string& target) {
    return at_port("outbox", [&]() -> std::optional<Instant> {
        auto reader = reader_.lock();
        Statement row(*reader,
                      std::string("SELECT MIN(o.not_before) FROM outbox o WHERE ") + kHeads);
        row.bind(target);
        if (!row.step() || row.is_null(0))
            return std::nullopt;
        return instant(row.integer(0));
    });
}

Result<std::vector<OutboxEntry>> SqliteOutbox::waiting(const std::string& target,
                                                       const std::string& key, std::size_t most) {
    return at_port("outbox", [&] {
        auto reader = reader_.lock();
        Statement rows(*reader, std::string(kSelect) +
                                    "o.target = ? AND o.key = ? AND o.state = 'waiting' AND "
                                    "o.closed IS NULL ORDER BY o.id LIMIT ?");
        rows.bind(target, key, static_cast<std::int64_t>(most));
        return entries(rows);
    });
}

// A message that was delivered with another has an error text that names it.
Result<std::vector<Instant>> SqliteOutbox::deliveries(const std::string& target,
                                                      const std::string& key, Instant since,
                                                      Instant until, std::size_t most) {
    return at_port("outbox", [&] {
        auto reader = reader_.lock();
        Statement rows(*reader, "SELECT closed FROM outbox WHERE target = ? AND key = ? AND state "
                                "= 'done' AND error = '' AND closed > ? AND closed <= ? ORDER BY "
                                "closed DESC LIMIT ?");
        rows.bind(target, key, epoch(since), epoch(until), static_cast<std::int64_t>(most));
        std::vector<Instant> times;
        while (rows.step())
            times.push_back(instant(rows.integer(0)));
        return times;
    });
}

Result<void> SqliteOutbox::succeeded(std::int64_t id) {
    return close(id, "");
}

Result<void> SqliteOutbox::succeeded_with(std::int64_t id, std::int64_t first) {
    return close(id, "delivered with message " + std::to_string(first));
}

// A message that was replaced while it was being delivered stays dropped.
Result<void> SqliteOutbox::close(std::int64_t id, const std::string& remark) {
    return at_port("close a message", [&] {
        auto writer = writer_.lock();
        const Unsynced unsynced(writer->database);
        Statement(writer->database,
                  "UPDATE outbox SET state = 'done', closed = ?, attempts = attempts + 1, "
                  "error = ? WHERE id = ? AND closed IS NULL")
            .bind(epoch(clock_.now()), remark, id)
            .run();
    });
}

Result<void> SqliteOutbox::put_off(std::int64_t id, Instant until, const std::string& why) {
    return at_port("put off a message", [&] {
        auto writer = writer_.lock();
        const Unsynced unsynced(writer->database);
        Statement(writer->database, "UPDATE outbox SET not_before = ?, error = ? "
                                    "WHERE id = ? AND state = 'waiting'")
            .bind(epoch(until), bounded(why), id)
            .run();
    });
}

Result<void> SqliteOutbox::failed(std::int64_t id, Instant retry_at, const std::string& error) {
    return at_port("put off a message", [&] {
        auto writer = writer_.lock();
        const Unsynced unsynced(writer->database);
        Statement(writer->database,
                  "UPDATE outbox SET attempts = attempts + 1, not_before = ?, error = ? "
                  "WHERE id = ? AND state = 'waiting'")
            .bind(epoch(retry_at), bounded(error), id)
            .run();
    });
}

Result<void> SqliteOutbox::park(std::int64_t id, const std::string& reason) {
    return at_port("park a message", [&] {
        auto writer = writer_.lock();
        Statement(writer->database,
                  "UPDATE outbox SET state = 'parked', attempts = attempts + 1, error = ? "
                  "WHERE id = ? AND state = 'waiting'")
            .bind(bounded(reason), id)
            .run();
    });
}

Result<std::vector<OutboxEntry>> SqliteOutbox::list(const ports::OutboxQuery& query) {
    return at_port("outbox", [&] {
        auto reader = reader_.lock();
        const std::string state = query.state
                                      ? "o.state = '" + std::string(name(*query.state)) + '\''
                                      : std::string("o.closed IS NULL");
        Statement rows(*reader, kSelect + ("(? = '' OR o.target = ?) AND " + state) +
                                    " ORDER BY o.id LIMIT ?");
        rows.bind(query.target, query.target, static_cast<std::int64_t>(query.limit));
        return entries(rows);
    });
}

Result<std::vector<ports::OutboxCount>> SqliteOutbox::counts() {
    return at_port("outbox", [&] {
        auto reader = reader_.lock();
        Statement rows(*reader, "SELECT target, SUM(state = 'waiting'), SUM(state = 'parked'), "
                                "MIN(CASE state WHEN 'waiting' THEN created END) FROM outbox "
                                "WHERE closed IS NULL GROUP BY target ORDER BY target");
        std::vector<ports::OutboxCount> counts;
        while (rows.step()) {
            auto& count = counts.emplace_back();
            count.target = rows.text(0);
            count.waiting = rows.integer(1);
            count.parked = rows.integer(2);
            if (const auto oldest = rows.optional_integer(3))
                count.oldest = instant(*oldest);
        }
        return counts;
    });
}

Result<void> SqliteOutbox::retry(std::int64_t id) {
    return at_port("outbox", [&] {
        auto writer = writer_.lock();
        Statement(writer->database, "UPDATE outbox SET state = 'waiting', not_before = ? "
                                    "WHERE id = ? AND closed IS NULL")
            .bind(epoch(clock_.now()), id)
            .run();
        check_found(writer->database, id);
    });
}

Result<void> SqliteOutbox::drop(std::int64_t id, const std::string& reason) {
    return at_port("outbox", [&] {
        auto writer = writer_.lock();
        Statement(writer->database, "UPDATE outbox SET state = 'dropped', closed = ?, error = ? "
                                    "WHERE id = ? AND closed IS NULL")
            .bind(epoch(clock_.now()), bounded(reason), id)
            .run();
        check_found(writer->database, id);
    });
}

} // namespace sluice::storage
