// SPDX-License-Identifier: GPL-2.0-or-later
// The accounts' memory: tables account, account_amount, account_notified.
#include "common/base/text.hpp"
#include "daemon/adapters/sqlite/rows.hpp"

namespace sluice::sqlite {
namespace {

using Memories = std::map<std::string, model::AccountMemory>;

constexpr const char* kBase = "base";
constexpr const char* kPreviousBase = "previous_base";
constexpr const char* kAdjustment = "adjustment";

model::AccountMemory memory_of(const Statement& row) {
    model::AccountMemory memory;
    memory.period = row.text(1);
    memory.flags = {row.flag(2), row.flag(3)};
    memory.shown_flags = {row.flag(4), row.flag(5)};
    memory.percent = row.optional_integer(6);
    if (!row.is_null(7))
        memory.saved_qos = model::SavedQos{split(row.text(7), ','), row.text(8)};
    memory.reset_done_for = row.text(9);
    memory.previous_period = row.optional_text(10);
    return memory;
}

std::map<std::string, Amount>& amounts_of(model::AccountMemory& memory, const std::string& kind) {
    if (kind == kBase)
        return memory.bases;
    return kind == kPreviousBase ? memory.previous_bases : memory.adjustments_at_end;
}

} // namespace

Memories read_memories(Database& database, const std::string& cluster) {
    Memories memories;
    Statement accounts(database,
                       "SELECT name, period, own_paused, own_downscaled, shown_paused, "
                       "shown_downscaled, percent, saved_qos, saved_default_qos, reset_done_for, "
                       "previous_period FROM account WHERE cluster = ?");
    accounts.bind(cluster);
    while (accounts.step())
        memories.emplace(accounts.text(0), memory_of(accounts));

    Statement amounts(database,
                      "SELECT a.name, m.kind, m.component, m.amount FROM account_amount m "
                      "JOIN account a ON a.id = m.account WHERE a.cluster = ?");
    amounts.bind(cluster);
    while (amounts.step())
        amounts_of(memories[amounts.text(0)], amounts.text(1))[amounts.text(2)] =
            amounts.integer(3);

    Statement notified(database, "SELECT a.name, n.level FROM account_notified n "
                                 "JOIN account a ON a.id = n.account WHERE a.cluster = ?");
    notified.bind(cluster);
    while (notified.step())
        memories[notified.text(0)].notified.insert(notified.text(1));
    return memories;
}

MemoryWriter::MemoryWriter(Database& database, std::string cluster)
    : database_(database), cluster_(std::move(cluster)),
      find_(database, "SELECT id FROM account WHERE cluster = ? AND name = ?"),
      insert_(database, "INSERT INTO account (period, own_paused, own_downscaled, shown_paused, "
                        "shown_downscaled, percent, saved_qos, saved_default_qos, reset_done_for, "
                        "previous_period, cluster, name) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"),
      update_(database, "UPDATE account SET period = ?, own_paused = ?, own_downscaled = ?, "
                        "shown_paused = ?, shown_downscaled = ?, percent = ?, saved_qos = ?, "
                        "saved_default_qos = ?, reset_done_for = ?, previous_period = ? "
                        "WHERE id = ?"),
      clear_amounts_(database, "DELETE FROM account_amount WHERE account = ?"),
      clear_notified_(database, "DELETE FROM account_notified WHERE account = ?"),
      amount_(database,
              "INSERT INTO account_amount (account, kind, component, amount) VALUES (?,?,?,?)"),
      notified_(database, "INSERT INTO account_notified (account, level) VALUES (?,?)") {}

std::int64_t MemoryWriter::write_account(const std::string& account,
                                         const model::AccountMemory& memory) {
    std::optional<std::string> list;
    std::optional<std::string> default_qos;
    if (memory.saved_qos) {
        list = join(memory.saved_qos->list, ",");
        default_qos = memory.saved_qos->default_qos;
    }
    const auto put = [&](Statement& statement, const auto&... key) {
        statement
            .bind(memory.period, memory.flags.paused, memory.flags.downscaled,
                  memory.shown_flags.paused, memory.shown_flags.downscaled, memory.percent, list,
                  default_qos, memory.reset_done_for, memory.previous_period, key...)
            .run();
    };
    if (find_.bind(cluster_, account).step()) {
        const std::int64_t id = find_.integer(0);
        put(update_, id);
        return id;
    }
    put(insert_, cluster_, account);
    return database_.last_insert_id();
}

void MemoryWriter::write(const std::string& account, const model::AccountMemory& memory) {
    const std::int64_t id = write_account(account, memory);
    clear_amounts_.bind(id).run();
    for (const auto& [component, amount] : memory.bases)
        amount_.bind(id, kBase, component, amount).run();
    for (const auto& [component, amount] : memory.previous_bases)
        amount_.bind(id, kPreviousBase, component, amount).run();
    for (const auto& [component, amount] : memory.adjustments_at_end)
        amount_.bind(id, kAdjustment, component, amount).run();
    clear_notified_.bind(id).run();
    for (const auto& level : memory.notified)
        notified_.bind(id, level).run();
}

} // namespace sluice::sqlite
