// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage/rollups.hpp"

#include "common/model/qos_list.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

using std::chrono::steady_clock;
using Users = std::map<std::string, model::TresUsage>;

constexpr std::chrono::hours kRecent{26};
// slurmdbd caps the cluster's own figures at the cluster's size (as_mysql_rollup.c,
// _setup_cluster_tres_usage), so a change may hide behind the cap.
constexpr std::chrono::hours kTrusted{24};
constexpr std::size_t kMaxAccounts = 200;

// FNV-1a over 64-bit words.
void mix(std::uint64_t& hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x100000001b3U;
    hash ^= hash >> 29U;
}

void want_usage_of(slurmdb_assoc_cond_t& cond, Window window) {
    cond.usage_start = static_cast<std::time_t>(epoch(window.begin));
    cond.usage_end = static_cast<std::time_t>(epoch(window.end));
    want_usage(cond);
    want_own_limits(cond);
    without_parent(cond);
}

Result<void> rows_of(const slurmdb_assoc_rec_t& row, const std::string& whose,
                     const RollupRow& each) {
    // slurmdbd hides a failed query behind a row without a list; no usage is an empty list.
    if (row.accounting_list == nullptr)
        return Error{Errc::unavailable, "slurmdbd: usage: no figures for " + whose};
    for_each<slurmdb_accounting_rec_t>(row.accounting_list, [&](const auto& record) {
        each(instant(record.period_start), record.tres_rec.id, record.alloc_secs);
    });
    return {};
}

Result<SettledSum> sum_of(const slurmdb_assoc_rec_t& row, Window window, const std::string& whose) {
    SettledSum sum{window};
    if (auto read = rows_of(row, whose, [&](auto... parts) { sum.add(parts...); }); !read)
        return std::move(read).error();
    return sum;
}

Result<SettledSum> read(Session& session, const std::string& cluster, Window window,
                        const model::Association& account) {
    SettledSum sum{window};
    if (auto read = account_rows(session, cluster, window, account,
                                 [&](auto... parts) { sum.add(parts...); });
        !read)
        return std::move(read).error();
    return sum;
}
// What the users leave of the account's own usage belongs to accounts that are gone.
void share_out(const Users& users, model::AccountUsage& usage) {
    model::TresUsage left = usage.tres;
    for (const auto& [user, figures] : users)
        for (const auto& [tres, split] : figures) {
            if (split.settled == 0)
                continue;
            usage.users[user][tres].settled = split.settled;
            left[tres].settled -= split.settled;
        }
    for (const auto& [tres, split] : left)
        if (split.settled > 0)
            usage.users[""][tres].settled = split.settled;
    usage.users_settled = true;
}

} // namespace

// The account-level association carries the sum over its descendants, deleted ones included. One id
// a call: with a few of them MariaDB joins in a way that takes 10 to 50 times as long.
Result<void> account_rows(Session& session, const std::string& cluster, Window window,
                          const model::Association& account, const RollupRow& each) {
    slurmdb_assoc_cond_t cond{};
    const StringList clusters{{cluster}};
    const StringList ids{{std::to_string(account.id)}};
    cond.cluster_list = clusters.get();
    cond.id_list = ids.get();
    want_usage_of(cond, window);
    const auto rows = session.list<slurmdb_assoc_rec_t>(
        "usage", [&](void* db) { return slurmdb_associations_get(db, &cond); });
    if (!rows)
        return rows.error();
    if (rows->size() == 1)
        for (const slurmdb_assoc_rec_t& row : *rows)
            return rows_of(row, account.account, each);
    return Error{Errc::conflict, "slurmdbd: usage: association " + std::to_string(account.id) +
                                     " of account " + account.account + " is gone"};
}

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
                if (!rolled.from || instant(part.period_start) < *rolled.from)
                    rolled.from = instant(part.period_start);
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

// One rollup run is one transaction that goes hour by hour from the last run on (as_mysql_usage.c,
// _cluster_rollup_usage), so a row proves all hours up to its end. (slurmdb_get_stats needs
// Administrator and is empty until the first rollup after slurmdbd's start.)
Result<Rolled> rolled_up_to(Session& session, const std::string& cluster, Instant earliest,
                            Instant now) {
    // An end in the future makes slurmdbd answer from its hour table.
    const Instant end = now + std::chrono::hours{2};
    auto recent = cluster_rows(session, cluster, {now - kRecent, end});
    if (!recent || recent->until || earliest >= now - kRecent)
        return recent;
    return cluster_rows(session, cluster, {std::max(earliest, instant(86400)), end});
}

void RollupCache::rollup_seen() {
    for (auto& [key, range] : ranges_)
        range.verified = false;
}

void RollupCache::drop_unused() {
    std::erase_if(ranges_, [](const auto& entry) { return !entry.second.used; });
    for (auto& [key, range] : ranges_)
        range.used = false;
}

Result<void> RollupCache::verify(Session& session, const std::string& cluster, Window window,
                                 Range& range) {
    if (range.verified)
        return {};
    const auto rows = cluster_rows(session, cluster, window);
    if (!rows)
        return rows.error();
    const auto now = steady_clock::now();
    if (rows->fingerprint != range.fingerprint || now - range.read_at > kTrusted) {
        range.sums.clear();
        range.read_at = now;
    }
    range.fingerprint = rows->fingerprint;
    range.verified = true;
    return {};
}

Result<bool> RollupCache::fetch(Session& session, const std::string& cluster, Window window,
                                Portion portion) {
    Range& range = ranges_[{window.begin, window.end}];
    range.used = true;
    if (auto verified = verify(session, cluster, window, range); !verified)
        return verified.error();
    for (const model::Association* account : portion.accounts) {
        if (range.sums.contains(account->id))
            continue;
        if (steady_clock::now() >= portion.deadline)
            return false;
        auto sum = read(session, cluster, window, *account);
        if (!sum)
            return std::move(sum).error();
        range.sums.emplace(account->id, std::move(*sum));
        if (portion.read)
            portion.read(range.sums.size());
    }
    return true;
}

Result<void> RollupCache::add(Session& session, const model::Structure& structure, Window window,
                              const Accounts& accounts, model::WindowUsage& usage,
                              const std::function<void(std::size_t)>& read) {
    const auto all = fetch(session, structure.cluster, window,
                           {accounts, steady_clock::time_point::max(), read});
    if (!all)
        return all.error();
    const auto& sums = ranges_[{window.begin, window.end}].sums;
    const TresNames names{structure.tres};
    for (const model::Association* account : accounts)
        if (auto added = sums.at(account->id)
                             .into(usage.accounts[account->account].tres, names, account->account);
            !added)
            return added;
    return {};
}

// One call a range.
Result<void> add_users(Session& session, const model::Structure& structure,
                       const std::vector<Window>& ranges, const model::Association& account,
                       model::AccountUsage& usage) {
    std::vector<std::string> names =
        model::accounts_below(model::AccountTree{structure}, account.account);
    names.push_back(account.account);
    if (names.size() > kMaxAccounts)
        return {};
    const StringList clusters{{structure.cluster}};
    const StringList accounts{names};
    const StringList every_user{{}};
    const TresNames tres{structure.tres};
    Users users;
    for (const Window& range : ranges) {
        slurmdb_assoc_cond_t cond{};
        cond.cluster_list = clusters.get();
        cond.acct_list = accounts.get();
        cond.user_list = every_user.get();
        want_usage_of(cond, range);
        want_deleted(cond);
        const auto rows = session.list<slurmdb_assoc_rec_t>(
            "usage by user", [&](void* db) { return slurmdb_associations_get(db, &cond); });
        if (!rows)
            return rows.error();
        for (const slurmdb_assoc_rec_t& row : *rows) {
            const std::string whose = text_of(row.user) + " of " + folded_name(row.acct);
            const auto sum = sum_of(row, range, whose);
            if (!sum)
                return sum.error();
            if (auto added = sum->into(users[text_of(row.user)], tres, whose); !added)
                return added;
        }
    }
    share_out(users, usage);
    return {};
}

} // namespace sluice::slurm
