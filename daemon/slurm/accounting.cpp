// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/accounting.hpp"

#include "common/base/clock.hpp"
#include "daemon/slurm/accounts/partitions.hpp"
#include "daemon/slurm/rpc/controller.hpp"
#include "daemon/slurm/rpc/rights.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

// A change may be on record some time before it can be seen, and clocks differ (munge allows five
// minutes): a mark begins this long before the read.
constexpr std::chrono::minutes kUnsettledChanges{15};
// Changes without a transaction, by a program that writes to slurmdbd's database, are found after
// this time.
constexpr std::chrono::minutes kMaxAge{10};
// slurmctld has worked in a transaction by then.
constexpr std::chrono::seconds kApplied{30};

// Figures for people only: a cycle spends no more time on them.
constexpr std::chrono::seconds kWeeklyPatience{1};

bool same_names(const model::Structure& a, const model::Structure& b) {
    const auto same = [](const auto& one, const auto& other) {
        return std::equal(
            one.begin(), one.end(), other.begin(), other.end(),
            [](const auto& x, const auto& y) { return x.id == y.id && x.name == y.name; });
    };
    return same(a.tres, b.tres) && same(a.qos, b.qos);
}

Error refused_connection() {
    return {Errc::unavailable, "slurmctld: connection refused"};
}

} // namespace

bool SlurmAccounting::controller_is_away(const std::string& cluster) const {
    return away_.contains(cluster) && !slurmctld_listens(cluster);
}

void SlurmAccounting::note_answer(const std::string& cluster, bool answers) {
    if (answers)
        away_.erase(cluster);
    else
        away_.insert(cluster);
}

Result<bool> SlurmAccounting::is_current(const Read& read, const model::Structure& names) {
    if (read.writes != session_.writes() || !same_names(read.structure, names) ||
        std::chrono::steady_clock::now() - read.at > kMaxAge)
        return false;
    const auto mark = changes_since(session_, read.mark.since);
    if (!mark)
        return mark.error();
    return *mark == read.mark;
}

bool SlurmAccounting::has_moved(const std::string& cluster,
                                const std::map<std::string, std::string>& parents) const {
    const auto known = read_.find(cluster);
    if (known == read_.end())
        return false;
    const auto& rows = known->second.structure.associations;
    return std::any_of(rows.begin(), rows.end(), [&](const model::Association& row) {
        if (!row.user.empty() || row.parent.empty())
            return false;
        const auto live = parents.find(row.account);
        return live != parents.end() && live->second != row.parent;
    });
}

Result<model::Structure> SlurmAccounting::structure(const std::string& cluster) {
    session_.refresh();
    const auto address = cluster_address(session_, cluster);
    if (!address)
        return address.error();
    note_controller(cluster, *address);
    auto names = read_names(session_, cluster);
    if (!names)
        return names;
    if (const auto known = read_.find(cluster); known != read_.end()) {
        const auto current = is_current(known->second, *names);
        if (!current)
            return current.error();
        known->second.structure.qos = names->qos; // their factors
        if (*current)
            return known->second.structure;
        read_.erase(known);
    }
    const auto writes = session_.writes();
    const auto at = std::chrono::steady_clock::now();
    const auto mark = changes_since(session_, SystemClock{}.now() - kUnsettledChanges);
    if (!mark)
        return mark.error();
    if (auto done = read_associations(session_, *names); !done)
        return std::move(done).error();
    read_.emplace(cluster, Read{*names, *mark, writes, at, {}});
    return names;
}

Result<std::vector<model::WindowUsage>> SlurmAccounting::usage(const model::Structure& structure,
                                                               const ports::UsageQuestion& asked) {
    if (asked.windows.empty())
        return std::vector<model::WindowUsage>{};
    session_.refresh();
    if (!sees_all_)
        if (Result<void> all_seen = check_sees_all(session_); !all_seen)
            return std::move(all_seen).error();
    sees_all_ = true;
    auto& cluster = clusters_.try_emplace(structure.cluster, closed_usage_).first->second;
    const bool away = away_.contains(structure.cluster);
    return cluster.answer(session_, structure, asked, away ? nullptr : &jobs_[structure.cluster]);
}

std::shared_ptr<const model::WeeklyUsages>
SlurmAccounting::weekly(const model::Structure& structure, const std::set<std::string>& accounts) {
    const auto cluster = clusters_.find(structure.cluster);
    const auto rolled = cluster == clusters_.end() ? std::nullopt : cluster->second.rolled_until();
    if (!rolled)
        return nullptr;
    return weekly_[structure.cluster].read(session_, structure, accounts, *rolled, kWeeklyPatience);
}

Result<ports::RawUsage> SlurmAccounting::raw_usage(const std::string& cluster) {
    if (controller_is_away(cluster))
        return refused_connection();
    model::Structure none;
    none.cluster = cluster;
    const auto known = read_.find(cluster);
    Read* read = known == read_.end() ? nullptr : &known->second;
    const bool whole = read == nullptr || !read->users;
    auto usage = controller_usage(read == nullptr ? none : read->structure, whole);
    note_answer(cluster, usage.has_value());
    if (!usage)
        return std::move(usage).error();
    if (!whole) {
        usage->raw.uids = read->users->uids;
        usage->raw.default_accounts = read->users->default_accounts;
        usage->raw.roles = read->users->roles;
    }
    if (has_moved(cluster, usage->parents)) {
        usage->raw.structure_is_old = true;
        read_.erase(cluster);
    } else if (usage->settled && read != nullptr &&
               std::chrono::steady_clock::now() - read->at > kApplied) {
        read->users.emplace();
        read->users->uids = usage->raw.uids;
        read->users->default_accounts = usage->raw.default_accounts;
        read->users->roles = usage->raw.roles;
    }
    return std::move(usage->raw);
}

Result<std::vector<model::Partition>> SlurmAccounting::partitions(const std::string& cluster) {
    // raw_usage(), called just before, got no answer: do not wait once more.
    if (away_.contains(cluster))
        return refused_connection();
    return read_partitions(cluster);
}

Result<std::vector<model::Job>> SlurmAccounting::jobs(const std::string& cluster) {
    const auto known = read_.find(cluster);
    if (known == read_.end())
        return Error{Errc::internal, "jobs before the structure of cluster " + cluster};
    return jobs_[cluster].queue(known->second.structure);
}

} // namespace sluice::slurm
