// SPDX-License-Identifier: GPL-2.0-or-later
// Rollup rows of users: one account's at a time, when somebody asks.
#include "daemon/slurm/job_usage.hpp"
#include "daemon/slurm/rollup_usage.hpp"
#include "daemon/slurm/tree.hpp"

namespace sluice::slurm {
namespace {

using Users = std::map<std::string, model::AccountUsage>;

constexpr std::size_t kMaxAccounts = 200;

// Settled figures of the users; what is left of the account's own is of accounts that are gone.
void share_out(const Users& users, model::AccountUsage& usage) {
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

Result<void> add_rows(const SlurmList<slurmdb_assoc_rec_t>& rows, Window range,
                      const TresNames& tres, Users& users) {
    for (const slurmdb_assoc_rec_t& row : rows) {
        if (row.accounting_list == nullptr)
            return Error{Errc::unavailable, "slurmdbd: usage by user: no figures for " +
                                                text_of(row.user) + " of " + text_of(row.acct)};
        SettledSum sum{range, tres};
        for_each<slurmdb_accounting_rec_t>(row.accounting_list, [&](const auto& record) {
            sum.add(instant(record.period_start), record.tres_rec.id, record.alloc_secs);
        });
        if (auto added = sum.into(users[text_of(row.user)]); !added)
            return added;
    }
    return {};
}

} // namespace

// One call a range.
Result<void> add_users(Session& session, const model::Structure& structure,
                       const std::vector<Window>& ranges, const model::Association& account,
                       model::AccountUsage& usage) {
    std::vector<std::string> names = AccountTree{structure}.below(account.account);
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
        cond.usage_start = static_cast<std::time_t>(epoch(range.begin));
        cond.usage_end = static_cast<std::time_t>(epoch(range.end));
        want_usage(cond);
        want_deleted(cond);
        want_own_limits(cond);
        without_parent(cond);
        auto rows = session.list<slurmdb_assoc_rec_t>(
            "usage by user", [&](void* db) { return slurmdb_associations_get(db, &cond); });
        if (!rows)
            return std::move(rows).error();
        if (auto added = add_rows(*rows, range, tres, users); !added)
            return added;
    }
    share_out(users, usage);
    return {};
}

} // namespace sluice::slurm
