// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/changes.hpp"

namespace sluice::slurm {

// Not the highest number alone: a transaction that was begun earlier may be seen later.
Result<ChangeMark> changes_since(Session& session, Instant since) {
    slurmdb_txn_cond_t cond{};
    cond.time_start = static_cast<std::time_t>(epoch(since));
    auto rows = session.list<slurmdb_txn_rec_t>(
        "transactions", [&](void* db) { return slurmdb_txn_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    ChangeMark mark{since, 0, 0};
    for (const slurmdb_txn_rec_t& row : *rows) {
        ++mark.records;
        mark.fingerprint += (row.id + 1ULL) * 0x9e3779b97f4a7c15ULL;
    }
    return mark;
}

} // namespace sluice::slurm
