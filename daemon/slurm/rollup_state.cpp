// SPDX-License-Identifier: GPL-2.0-or-later
// Cluster usage rows as evidence; sums nothing up.
#include "daemon/slurm/rollup_state.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

constexpr std::chrono::hours kRecent{26};

// FNV-1a over 64-bit words.
void mix(std::uint64_t& hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x100000001b3U;
    hash ^= hash >> 29U;
}

} // namespace

Result<Rolled> cluster_rows(Session& session, const std::string& cluster, Window window) {
    slurmdb_cluster_cond_t cond{};
    slurmdb_init_cluster_cond(&cond, false);
    const StringList names{{cluster}};
    cond.cluster_list = names.get();
    cond.with_usage = 1;
    cond.usage_start = static_cast<std::time_t>(epoch(window.begin));
    cond.usage_end = static_cast<std::time_t>(epoch(window.end));
    auto rows = session.list<slurmdb_cluster_rec_t>(
        "cluster usage", [&](void* db) { return slurmdb_clusters_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    Rolled rolled;
    for (const slurmdb_cluster_rec_t& row : *rows)
        for_each<slurmdb_cluster_accounting_rec_t>(
            row.accounting_list, [&](const slurmdb_cluster_accounting_rec_t& part) {
                const Instant end = instant(part.period_start) + std::chrono::hours{1};
                if (!rolled.until || end > *rolled.until)
                    rolled.until = end;
                // The order of rows is not promised.
                std::uint64_t hash = 0xcbf29ce484222325U;
                mix(hash, static_cast<std::uint64_t>(part.period_start));
                mix(hash, part.tres_rec.id);
                mix(hash, part.alloc_secs);
                mix(hash, part.over_secs);
                rolled.fingerprint += hash;
            });
    return rolled;
}

// One rollup run is one transaction that goes hour by hour from the last run on, so a row proves
// all hours up to its end. (slurmdb_get_stats would tell too, but needs Administrator and knows
// nothing until the first rollup after slurmdbd's start.)
Result<Rolled> rolled_up_to(Session& session, const std::string& cluster, Instant earliest,
                            Instant now) {
    // An end in the future makes slurmdbd answer from its hour table.
    const Instant end = now + std::chrono::hours{2};
    auto recent = cluster_rows(session, cluster, {now - kRecent, end});
    if (!recent || recent->until || earliest >= now - kRecent)
        return recent;
    return cluster_rows(session, cluster, {std::max(earliest, instant(86400)), end});
}

} // namespace sluice::slurm
