// SPDX-License-Identifier: GPL-2.0-or-later
// Reads of rollup rows and their memory; knows nothing of jobs.
#include "daemon/slurm/rollup_usage.hpp"

#include "daemon/slurm/job_usage.hpp"
#include "daemon/slurm/rollup_state.hpp"

namespace sluice::slurm {
namespace {

// The cluster's own figures are capped at its size, so a change might hide behind the cap.
constexpr std::chrono::hours kTrusted{24};

std::time_t c_time(Instant at) {
    return static_cast<std::time_t>(epoch(at));
}

Instant steady_now() {
    return std::chrono::time_point_cast<std::chrono::seconds>(
        Instant{std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::steady_clock::now().time_since_epoch())});
}

void about(slurmdb_assoc_cond_t& cond, Window window) {
    cond.usage_start = c_time(window.begin);
    cond.usage_end = c_time(window.end);
    want_usage(cond);
    want_own_limits(cond);
    without_parent(cond);
}

} // namespace

void SettledCache::rollup_seen() {
    for (auto& [key, range] : ranges_)
        range.verified = false;
}

void SettledCache::drop_unused() {
    std::erase_if(ranges_, [](const auto& entry) { return !entry.second.used; });
    for (auto& [key, range] : ranges_)
        range.used = false;
}

Result<void> SettledCache::verify(Session& session, const std::string& cluster, Window window,
                                  Range& range) {
    if (range.verified)
        return {};
    const auto rows = cluster_rows(session, cluster, window);
    if (!rows)
        return rows.error();
    const Instant now = steady_now();
    if (rows->fingerprint != range.fingerprint || now - range.read_at > kTrusted) {
        range.figures.clear();
        range.read_at = now;
    }
    range.fingerprint = rows->fingerprint;
    range.verified = true;
    return {};
}

Result<bool> SettledCache::fetch(Session& session, const std::string& cluster, Window window,
                                 Portion portion) {
    Range& range = ranges_[{window.begin, window.end}];
    range.used = true;
    if (auto verified = verify(session, cluster, window, range); !verified)
        return verified.error();
    for (const model::Association* account : portion.accounts) {
        if (range.figures.contains(account->id))
            continue;
        if (std::chrono::steady_clock::now() >= portion.deadline)
            return false;
        if (auto done = read(session, cluster, window, *account, range.figures); !done)
            return done.error();
    }
    return true;
}

Result<void> SettledCache::add(Session& session, const model::Structure& structure, Window window,
                               const Accounts& accounts, model::WindowUsage& usage) {
    Range& range = ranges_[{window.begin, window.end}];
    range.used = true;
    if (auto verified = verify(session, structure.cluster, window, range); !verified)
        return verified;
    const TresNames names{structure.tres};
    for (const model::Association* account : accounts) {
        if (!range.figures.contains(account->id))
            if (auto done = read(session, structure.cluster, window, *account, range.figures);
                !done)
                return done;
        model::AccountUsage& to = usage.accounts[account->account];
        for (const auto& [tres, sum] : range.figures[account->id])
            if (const std::string* name = names.name(tres); name != nullptr) {
                Amount& settled = to.tres[*name].settled;
                const auto whole = narrow(Wide{settled} + sum);
                if (!whole)
                    return Error{Errc::overflow, "usage of " + account->account + " does not fit"};
                settled = *whole;
            }
    }
    return {};
}

// The account-level association carries the sum over its descendants, deleted ones included. One id
// a call: with a few of them MariaDB joins in a way that takes 10 to 50 times as long.
Result<void> SettledCache::read(Session& session, const std::string& cluster, Window window,
                                const model::Association& account, Figures& figures) {
    slurmdb_assoc_cond_t cond{};
    const StringList clusters{{cluster}};
    const StringList ids{{std::to_string(account.id)}};
    cond.cluster_list = clusters.get();
    cond.id_list = ids.get();
    about(cond, window);
    auto rows = session.list<slurmdb_assoc_rec_t>(
        "usage", [&](void* db) { return slurmdb_associations_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    if (rows->size() != 1)
        return Error{Errc::conflict, "slurmdbd: usage: no association " +
                                         std::to_string(account.id) + " (" + account.account +
                                         ") any more"};
    const TresNames no_names{{}};
    SettledSum sum{window, no_names};
    for (const slurmdb_assoc_rec_t& row : *rows) {
        // slurmdbd hides a failed query behind a row without a list; no usage is an empty list.
        if (row.accounting_list == nullptr)
            return Error{Errc::unavailable, "slurmdbd: usage: no figures for " + account.account};
        for_each<slurmdb_accounting_rec_t>(row.accounting_list, [&](const auto& record) {
            sum.add(instant(record.period_start), record.tres_rec.id, record.alloc_secs);
        });
    }
    figures[account.id].assign(sum.sums().begin(), sum.sums().end());
    return {};
}

} // namespace sluice::slurm
