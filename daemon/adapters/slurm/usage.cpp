// SPDX-License-Identifier: GPL-2.0-or-later
// Usage in windows: whole hours from slurmdbd's rollups, the rest from job records by the rollup's
// own rules, so that a second counts the same before and after it is rolled up.
#include "daemon/adapters/slurm/accounting.hpp"
#include "daemon/adapters/slurm/job_usage.hpp"
#include "daemon/adapters/slurm/suspension.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

using model::AccountUsage;
using model::Association;
using model::WindowUsage;

constexpr std::chrono::hours kRecent{26};
constexpr std::size_t kMostAccountsByUser = 200;

std::time_t c_time(Instant at) {
    return static_cast<std::time_t>(epoch(at));
}

// End of the newest hour with a row in the cluster's own hourly usage. One rollup run is one
// transaction that goes hour by hour from the last run on, so such a row proves all hours up to its
// end. (slurmdb_get_stats would tell too, but needs Administrator and knows nothing until the first
// rollup after slurmdbd's start.)
Result<std::optional<Instant>> rolled_since(Session& session, const std::string& cluster,
                                            Window window) {
    slurmdb_cluster_cond_t cond{};
    slurmdb_init_cluster_cond(&cond, false);
    const StringList names{{cluster}};
    cond.cluster_list = names.get();
    cond.with_usage = 1;
    cond.usage_start = c_time(window.begin);
    cond.usage_end = c_time(window.end);
    auto rows = session.list<slurmdb_cluster_rec_t>(
        "cluster usage", [&](void* db) { return slurmdb_clusters_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    std::optional<Instant> newest;
    for (const slurmdb_cluster_rec_t& row : *rows)
        for_each<slurmdb_cluster_accounting_rec_t>(
            row.accounting_list, [&](const slurmdb_cluster_accounting_rec_t& hour) {
                const Instant end = instant(hour.period_start) + std::chrono::hours{1};
                if (!newest || end > *newest)
                    newest = end;
            });
    return newest;
}

Result<std::optional<Instant>> rolled_up_to(Session& session, const std::string& cluster,
                                            Instant earliest, Instant now) {
    // An end in the future makes slurmdbd answer from its hour table.
    const Instant end = now + std::chrono::hours{2};
    auto recent = rolled_since(session, cluster, {now - kRecent, end});
    if (!recent || *recent || earliest >= now - kRecent)
        return recent;
    return rolled_since(session, cluster, {std::max(earliest, instant(86400)), end});
}

// Settled figures of the users; what is left of the account's own is of accounts that are gone.
void share_out(const std::map<std::string, AccountUsage>& users, AccountUsage& usage) {
    model::TresUsage left = usage.tres;
    for (const auto& [user, figures] : users)
        for (const auto& [tres, split] : figures.tres) {
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

// One turn's question, answered window by window.
class Question {
public:
    Question(Session& session, const model::Structure& structure, const ports::UsageQuestion& asked)
        : session_(session), structure_(structure), now_(asked.now), by_user_(asked.by_user),
          tree_(structure), tres_(structure.tres) {}

    Result<WindowUsage> window(Window window, std::optional<Instant> rolled,
                               const std::vector<const Association*>& accounts);

private:
    Result<void> add_users(const std::vector<Window>& ranges, const Association& account,
                           AccountUsage& usage);
    Result<void> add_settled(Window range, const Association& account, AccountUsage& usage);
    Result<void> add_records(Window range, WindowUsage& usage);

    Session& session_;
    const model::Structure& structure_;
    Instant now_;
    const std::set<std::string>& by_user_;
    AccountTree tree_;
    TresNames tres_;
};

Result<WindowUsage> Question::window(Window window, std::optional<Instant> rolled,
                                     const std::vector<const Association*>& accounts) {
    WindowUsage all;
    all.window = window;
    for (const Association* account : accounts)
        all.accounts.emplace(account->account, AccountUsage{});
    const Cut parts = cut(window, now_, rolled, floor_local_midnight);
    if (!parts.settled.empty())
        all.settled_until = parts.settled.back().end;
    for (const Association* account : accounts)
        for (const Window& range : parts.settled)
            if (auto added = add_settled(range, *account, all.accounts[account->account]); !added)
                return std::move(added).error();
    for (const Association* account : accounts)
        if (by_user_.contains(account->account))
            if (auto added = add_users(parts.settled, *account, all.accounts[account->account]);
                !added)
                return std::move(added).error();
    for (const Window& range : parts.records)
        if (auto added = add_records(range, all); !added)
            return std::move(added).error();
    return all;
}

// The account-level association carries the sum over its descendants, deleted ones included. One id
// a call: MariaDB picks a bad plan for a few tens of them.
Result<void> Question::add_settled(Window range, const Association& account, AccountUsage& usage) {
    slurmdb_assoc_cond_t cond{};
    const StringList clusters{{structure_.cluster}};
    const StringList ids{{std::to_string(account.id)}};
    cond.cluster_list = clusters.get();
    cond.id_list = ids.get();
    cond.usage_start = c_time(range.begin);
    cond.usage_end = c_time(range.end);
    want_usage(cond);
    want_own_limits(cond);
    without_parent(cond);
    auto rows = session_.list<slurmdb_assoc_rec_t>(
        "usage", [&](void* db) { return slurmdb_associations_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    if (rows->size() != 1)
        return Error{Errc::conflict, "slurmdbd: usage: no association " +
                                         std::to_string(account.id) + " (" + account.account +
                                         ") any more"};
    SettledSum sum{range, tres_};
    for (const slurmdb_assoc_rec_t& row : *rows) {
        // slurmdbd hides a failed query behind a row without a list; no usage is an empty list.
        if (row.accounting_list == nullptr)
            return Error{Errc::unavailable, "slurmdbd: usage: no figures for " + account.account};
        for_each<slurmdb_accounting_rec_t>(row.accounting_list, [&](const auto& record) {
            sum.add(instant(record.period_start), record.tres_rec.id, record.alloc_secs);
        });
    }
    return sum.into(usage);
}

// The rows of the users themselves, deleted ones included: one call a range. Of a large subtree
// that would be a question about the whole tree, which takes slurmdbd minutes; it is not asked.
Result<void> Question::add_users(const std::vector<Window>& ranges, const Association& account,
                                 AccountUsage& usage) {
    std::vector<std::string> names = tree_.below(account.account);
    names.push_back(account.account);
    if (names.size() > kMostAccountsByUser)
        return {};
    const StringList clusters{{structure_.cluster}};
    const StringList accounts{names};
    const StringList every_user{{}};
    std::map<std::string, AccountUsage> users;
    for (const Window& range : ranges) {
        slurmdb_assoc_cond_t cond{};
        cond.cluster_list = clusters.get();
        cond.acct_list = accounts.get();
        cond.user_list = every_user.get();
        cond.usage_start = c_time(range.begin);
        cond.usage_end = c_time(range.end);
        want_usage(cond);
        want_deleted(cond);
        want_own_limits(cond);
        without_parent(cond);
        auto rows = session_.list<slurmdb_assoc_rec_t>(
            "usage by user", [&](void* db) { return slurmdb_associations_get(db, &cond); });
        if (!rows)
            return std::move(rows).error();
        for (const slurmdb_assoc_rec_t& row : *rows) {
            if (row.accounting_list == nullptr)
                return Error{Errc::unavailable, "slurmdbd: usage by user: no figures for " +
                                                    text_of(row.user) + " of " + text_of(row.acct)};
            SettledSum sum{range, tres_};
            for_each<slurmdb_accounting_rec_t>(row.accounting_list, [&](const auto& record) {
                sum.add(instant(record.period_start), record.tres_rec.id, record.alloc_secs);
            });
            if (auto added = sum.into(users[text_of(row.user)]); !added)
                return added;
        }
    }
    share_out(users, usage);
    return {};
}

// One call for the whole cluster. Truncated to the range by slurmdbd; DUP, because a requeued or
// resized job has several records and each of them counts.
Result<void> Question::add_records(Window range, WindowUsage& usage) {
    slurmdb_job_cond_t cond{};
    const StringList clusters{{structure_.cluster}};
    cond.cluster_list = clusters.get();
    cond.flags = JOBCOND_FLAG_NO_STEP | JOBCOND_FLAG_DUP;
    cond.db_flags = SLURMDB_JOB_FLAG_NOTSET;
    cond.usage_start = c_time(range.begin);
    cond.usage_end = c_time(range.end);
    auto rows = session_.list<slurmdb_job_rec_t>(
        "jobs", [&](void* db) { return slurmdb_jobs_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    std::map<std::uint64_t, Instant> suspended;
    for (const slurmdb_job_rec_t& row : *rows)
        if ((row.state & JOB_STATE_BASE) == JOB_SUSPENDED) {
            auto since = suspended_since(session_, structure_.cluster, now_);
            if (!since)
                return std::move(since).error();
            suspended = std::move(*since);
            break;
        }
    JobSum sum{tree_, tres_};
    for (const slurmdb_job_rec_t& row : *rows) {
        const std::uint32_t state = row.state & JOB_STATE_BASE;
        JobRecord job;
        job.account = text_of(row.account);
        job.user = text_of(row.user);
        job.begin = instant(row.start);
        job.end = instant(row.end);
        job.suspended = row.suspended;
        if (const auto since = suspended.find(row.db_index); since != suspended.end())
            job.suspended +=
                std::max<std::int64_t>(0, (job.end - std::max(job.begin, since->second)).count());
        job.tres = text_of(row.tres_alloc_str);
        job.running = state == JOB_RUNNING || state == JOB_SUSPENDED;
        sum.add(job);
    }
    return sum.into(usage);
}

} // namespace

Result<std::vector<WindowUsage>> SlurmAccounting::usage(const model::Structure& structure,
                                                        const ports::UsageQuestion& asked) {
    std::vector<WindowUsage> all;
    if (asked.windows.empty())
        return all;
    std::vector<const Association*> wanted;
    for (const Association& row : structure.associations)
        if (row.user.empty() && (asked.accounts.empty() || asked.accounts.contains(row.account) ||
                                 asked.by_user.contains(row.account)))
            wanted.push_back(&row);
    Instant earliest = asked.now;
    for (const Window& window : asked.windows)
        earliest = std::min(earliest, window.begin);
    session_.refresh();
    if (!sees_all_)
        if (Result<void> all_seen = check_sees_all(session_); !all_seen)
            return std::move(all_seen).error();
    sees_all_ = true;
    auto rolled = rolled_up_to(session_, structure.cluster, earliest, asked.now);
    if (!rolled)
        return std::move(rolled).error();
    Question question{session_, structure, asked};
    for (const Window& window : asked.windows) {
        auto usage = question.window(window, *rolled, wanted);
        if (!usage)
            return std::move(usage).error();
        all.push_back(std::move(*usage));
    }
    return all;
}

} // namespace sluice::slurm
