// SPDX-License-Identifier: GPL-2.0-or-later
// Usage in windows: whole hours from slurmdbd's rollups, the rest from jobs by the rollup's own
// rules, so that a second counts the same before and after it is rolled up. Between two rollups a
// question costs what has changed: the records that are new, and one look at slurmctld's jobs.
#include "daemon/slurm/usage.hpp"

#include "daemon/slurm/accounting.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

using model::Association;
using model::WindowUsage;

// Where no rollup is: what ended so long before the earliest window is forgotten.
constexpr std::chrono::days kForgotten{35};

Instant earliest_of(const ports::UsageQuestion& asked) {
    Instant earliest = asked.now;
    for (const Window& window : asked.windows)
        earliest = std::min(earliest, std::max(window.begin, instant(86400)));
    return earliest;
}

std::vector<const Association*> accounts_of(const model::Structure& structure,
                                            const ports::UsageQuestion& asked) {
    std::vector<const Association*> wanted;
    for (const Association& row : structure.associations)
        if (row.user.empty() &&
            (asked.accounts.contains(row.account) || asked.by_user.contains(row.account)))
            wanted.push_back(&row);
    return wanted;
}

} // namespace

// What slurmctld kept while slurmdbd was away is still coming: nothing of that time is closed.
Instant ClusterUsage::closed_until(Instant now) {
    const Instant until = closed_.closable(now);
    return doubtful_since_ ? std::min(until, closed_.closable(*doubtful_since_)) : until;
}

Result<void> ClusterUsage::set_base(Session& session, const std::string& cluster,
                                    const ports::UsageQuestion& asked, bool moved) {
    const auto floor = rolled_.until;
    floor_ = floor.value_or(earliest_of(asked));
    const Instant until = closed_until(asked.now);
    const Instant base = std::max(floor_, until);
    std::set<Instant> cuts;
    for (const Window& window : asked.windows)
        for (const Instant cut : {floor_, window.begin, window.end})
            if (cut < until)
                cuts.insert(cut);
    if (auto done = closed_.cover(
            session,
            {cluster, {floor_, until}, cuts, floor ? floor_ : floor_ - kForgotten, asked.now},
            book_);
        !done)
        return done;
    if (base < base_ || moved)
        cursor_.reset();
    if (base < base_)
        book_ = JobTracker{};
    base_ = base;
    book_.drop_before(floor_, base);
    return {};
}

void ClusterUsage::adopt() {
    settled_ = std::move(*coming_);
    coming_.reset();
    rolled_ = newest_;
    old_ranges_.clear();
}

// True: all that the question needs of the newest rollup has been read.
Result<bool> ClusterUsage::prepare(Session& session, const model::Structure& structure,
                                   const ports::UsageQuestion& asked) {
    const auto deadline = std::chrono::steady_clock::now() + asked.patience;
    const auto accounts = accounts_of(structure, asked);
    for (const Window& one : asked.windows)
        for (const Window& range : cut(one, asked.now, newest_.until, local_calendar()).settled) {
            auto done = coming_->fetch(session, structure.cluster, range, {accounts, deadline});
            if (!done || !*done)
                return done;
        }
    return true;
}

// Rollups that were disabled and are enabled again go on from there, and what they skipped is never
// made up for (slurmdbd.conf(5), DisableRollups). Then records go on answering for all.
Result<Rolled> ClusterUsage::believable_rollup(Session& session, const std::string& cluster,
                                               const ports::UsageQuestion& asked) {
    auto rolled = rolled_up_to(session, cluster, earliest_of(asked), asked.now);
    if (!rolled || !rolled->until)
        return rolled;
    if (!(*rolled == told_)) {
        const auto days = closed_.witnesses(cluster, *rolled->until);
        if (!days)
            return days.error();
        bool skipped = false;
        for (const Window& day : *days) {
            const auto rows = cluster_rows(session, cluster, day);
            if (!rows)
                return rows.error();
            skipped = skipped || !rows->until;
        }
        skipped_ = skipped;
        told_ = *rolled;
    }
    return skipped_ ? Rolled{} : *rolled;
}

Result<void> ClusterUsage::note_rollup(Session& session, const model::Structure& structure,
                                       const ports::UsageQuestion& asked) {
    auto rolled = believable_rollup(session, structure.cluster, asked);
    if (!rolled)
        return std::move(rolled).error();
    if (!(*rolled == newest_) || !settled_) {
        newest_ = *rolled;
        if (!coming_)
            coming_ = settled_.value_or(SettledCache{});
        coming_->rollup_seen();
    }
    const bool behind = coming_.has_value();
    const auto before = rolled_.until;
    // Nothing answers yet, or rollups are gone: there is nothing to go on with.
    const bool at_once = !settled_ || newest_.until < before;
    if (behind && !at_once) {
        const auto done = prepare(session, structure, asked);
        if (!done)
            return done.error();
        if (*done)
            adopt();
    } else if (behind) {
        adopt();
    }
    return set_base(session, structure.cluster, asked, rolled_.until != before);
}

Result<WindowUsage> ClusterUsage::window(Session& session, const model::Structure& structure,
                                         const ports::UsageQuestion& asked, Window window) {
    WindowUsage all;
    all.window = window;
    const auto accounts = accounts_of(structure, asked);
    for (const Association* account : accounts)
        all.accounts.emplace(account->account, model::AccountUsage{});
    const Cut parts = cut(window, asked.now, rolled_.until, local_calendar());
    if (!parts.settled.empty())
        all.settled_until = parts.settled.back().end;
    for (const Window& range : parts.settled)
        if (auto added = settled_->add(session, structure, range, accounts, all); !added)
            return std::move(added).error();
    for (const Association* account : accounts)
        if (asked.by_user.contains(account->account))
            if (auto added = add_users(session, structure, parts.settled, *account,
                                       all.accounts[account->account]);
                !added)
                return std::move(added).error();
    const AccountTree tree{structure};
    const TresNames names{structure.tres};
    JobSum sum{tree, names};
    for (const Window& range : parts.records)
        if (auto added = add_jobs(session, structure.cluster, range, asked.now, sum); !added)
            return std::move(added).error();
    if (auto done = sum.into(all); !done)
        return std::move(done).error();
    return all;
}

Result<ClusterUsage::Answer> ClusterUsage::answer(Session& session,
                                                  const model::Structure& structure,
                                                  const ports::UsageQuestion& asked,
                                                  bool has_live) {
    if (auto noted = note_rollup(session, structure, asked); !noted)
        return std::move(noted).error();
    if (auto read = read_jobs(session, structure, asked.now, has_live); !read)
        return std::move(read).error();
    Answer all;
    for (const Window& one : asked.windows) {
        auto usage = window(session, structure, asked, one);
        if (!usage)
            return std::move(usage).error();
        all.push_back(std::move(*usage));
    }
    settled_->drop_unused();
    return all;
}

Result<std::vector<WindowUsage>> SlurmAccounting::usage(const model::Structure& structure,
                                                        const ports::UsageQuestion& asked) {
    if (asked.windows.empty())
        return std::vector<WindowUsage>{};
    session_.refresh();
    if (!sees_all_)
        if (Result<void> all_seen = check_sees_all(session_); !all_seen)
            return std::move(all_seen).error();
    sees_all_ = true;
    const bool has_live = !slurmctld_away_.contains(structure.cluster);
    auto& cluster = clusters_.try_emplace(structure.cluster, closed_usage_).first->second;
    return cluster.answer(session_, structure, asked, has_live);
}

} // namespace sluice::slurm
