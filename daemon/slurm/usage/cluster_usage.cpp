// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage/cluster_usage.hpp"

#include "daemon/slurm/accounts/associations.hpp"
#include "daemon/slurm/jobs/job_records.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

using model::Association;
using model::WindowUsage;

// Without rollups, days that ended so long before the earliest window are forgotten.
constexpr std::chrono::days kForgotten{35};
// slurmctld sends a record when the job ends, so almost all come within seconds.
constexpr std::chrono::minutes kOverlap{10};
// For so long after slurmdbd was away, slurmctld may still be sending what it kept.
constexpr std::chrono::hours kCatchingUp{1};

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

ReadProgress::ReadProgress(const ports::UsageQuestion& asked, std::optional<Instant> rolled,
                           std::size_t accounts)
    : asked_(asked), accounts_(accounts) {
    for (const Window& one : asked.windows)
        ranges_ += split_window(one, asked.now, rolled, local_calendar()).settled.size();
    if (asked.progress && accounts > 0)
        read_ = [this](std::size_t done) {
            asked_.progress((finished_ * accounts_ + done) / std::max<std::size_t>(ranges_, 1),
                            accounts_);
        };
}

Result<std::vector<WindowUsage>> ClusterUsage::answer(Session& session,
                                                      const model::Structure& structure,
                                                      const ports::UsageQuestion& asked,
                                                      LiveJobs* live) {
    const Question q{session, structure, asked, live};
    if (auto noted = note_rollup(q); !noted)
        return std::move(noted).error();
    if (auto read = read_jobs(q); !read)
        return std::move(read).error();
    if (auto begun = corrections_.begin(need(q)); !begun)
        return std::move(begun).error();
    std::vector<WindowUsage> all;
    ReadProgress progress{asked, rolled_.until, accounts_of(structure, asked).size()};
    for (const Window& one : asked.windows) {
        auto usage = window(q, one, progress);
        if (!usage)
            return std::move(usage).error();
        all.push_back(std::move(*usage));
    }
    // Nothing is decided by it, so its failure is none of the question.
    if (asked.past)
        if (auto usage = past(q))
            all.push_back(std::move(*usage));
    rollups_->drop_unused();
    return all;
}

Result<void> ClusterUsage::note_rollup(const Question& q) {
    auto rolled = complete_rollup(q);
    if (!rolled)
        return std::move(rolled).error();
    if (!(*rolled == newest_) || !rollups_) {
        newest_ = *rolled;
        if (!next_)
            next_ = rollups_.value_or(RollupCache{});
        next_->rollup_seen();
        corrections_.rollup_seen();
    }
    const auto before = rolled_.until;
    // At once where there are no figures to go on with: at first, or when rollups are gone.
    bool adopt = next_ && (!rollups_ || newest_.until < before);
    if (next_ && !adopt) {
        const auto all = read_next(q);
        if (!all)
            return all.error();
        adopt = *all;
    }
    if (adopt) {
        rollups_ = std::move(*next_);
        next_.reset();
        rolled_ = newest_;
        old_ranges_.clear();
    }
    return set_base(q, rolled_.until != before);
}

// Rollups that were disabled and are enabled again go on from there and never make up for the days
// that they skipped (slurmdbd.conf(5), DisableRollups). Then records go on answering for all.
Result<Rolled> ClusterUsage::complete_rollup(const Question& q) {
    const std::string& cluster = q.structure.cluster;
    auto rolled = rolled_up_to(q.session, cluster, earliest_of(q.asked), q.asked.now);
    if (!rolled || !rolled->until)
        return rolled;
    if (!(*rolled == reported_)) {
        const auto days = closed_.days_with_jobs(cluster, *rolled->until);
        if (!days)
            return days.error();
        bool skipped = false;
        for (const Window& day : *days) {
            const auto rows = cluster_rows(q.session, cluster, day);
            if (!rows)
                return rows.error();
            skipped = skipped || !rows->until;
        }
        skipped_ = skipped;
        reported_ = *rolled;
    }
    return skipped_ ? Rolled{} : *rolled;
}

// True: all that the question needs of the newest rollup has been read.
Result<bool> ClusterUsage::read_next(const Question& q) {
    const auto deadline = std::chrono::steady_clock::now() + q.asked.patience;
    const auto accounts = accounts_of(q.structure, q.asked);
    ReadProgress progress{q.asked, newest_.until, accounts.size()};
    for (const Window& one : q.asked.windows)
        for (const Window& range :
             split_window(one, q.asked.now, newest_.until, local_calendar()).settled) {
            auto done = next_->fetch(q.session, q.structure.cluster, range,
                                     {accounts, deadline, progress.read()});
            if (!done || !*done)
                return done;
            progress.range_done();
        }
    return true;
}

Result<void> ClusterUsage::set_base(const Question& q, bool moved) {
    floor_ = rolled_.until.value_or(earliest_of(q.asked));
    const Instant until = closed_until(q.asked.now);
    const Instant base = std::max(floor_, until);
    std::set<Instant> cuts;
    for (const Window& window : q.asked.windows)
        for (const Instant cut : {floor_, window.begin, window.end})
            if (cut < until)
                cuts.insert(cut);
    const Instant covered = rolled_.until ? floor_ : floor_ - kForgotten;
    if (auto done = closed_.cover(
            q.session, {q.structure.cluster, {floor_, until}, cuts, covered, q.asked.now},
            tracker_);
        !done)
        return done;
    if (base < base_ || moved)
        cursor_.reset();
    if (base < base_)
        tracker_ = JobTracker{};
    base_ = base;
    tracker_.drop_before(floor_, base);
    return {};
}

// What slurmctld kept while slurmdbd was away is still coming: no day of that time is closed.
Instant ClusterUsage::closed_until(Instant now) {
    const Instant until = closed_.closable(now);
    return doubtful_since_ ? std::min(until, closed_.closable(*doubtful_since_)) : until;
}

// Running jobs come first: a job that ends in between is then in both answers, and counts by its
// record.
Result<void> ClusterUsage::read_jobs(const Question& q) {
    const Instant now = q.asked.now;
    // The clock was ahead: records since then were not read.
    if (cursor_ && now < *cursor_)
        cursor_.reset();
    auto running = read_running(q);
    auto read = running ? read_ended(q) : running.error();
    if (!read) {
        if (!doubtful_since_)
            doubtful_since_ = cursor_.value_or(base_);
        trusted_again_ = now + kCatchingUp;
        return read;
    }
    if (now >= trusted_again_)
        doubtful_since_.reset();
    note_running(std::move(*running), now);
    cursor_ = now;
    return {};
}

// Without slurmctld, slurmdbd reports what runs. So it does at the first question: a slurmctld that
// crashed may have lost jobs without an end in slurmdbd, and rollups will count them, so they count
// up to here. Without rollups only those of the last day or so do: the end of the others is
// unknown.
Result<ClusterUsage::Running> ClusterUsage::read_running(const Question& q) {
    Running running;
    if (q.live != nullptr)
        if (auto live = q.live->begun(q.structure))
            running.by_slurmctld = std::move(*live);
    if (running.by_slurmctld && followed_)
        return running;
    auto open = open_records(q.session, q.structure.cluster, q.asked.now);
    if (!open)
        return std::move(open).error();
    running.by_slurmdbd = std::move(*open);
    return running;
}

Result<void> ClusterUsage::read_ended(const Question& q) {
    Instant from = base_;
    if (cursor_) {
        from = *cursor_;
        if (doubtful_since_)
            from = std::min(from, *doubtful_since_);
        if (const auto missing = tracker_.oldest_missing(); missing)
            from = std::min(from, *missing);
        from = std::max(base_, from - kOverlap);
    }
    const Instant end = q.asked.now + kSkew;
    for (; from < end; from += kMaxSlice) {
        auto jobs =
            ended_in(q.session, q.structure.cluster, {from, std::min(end, from + kMaxSlice)});
        if (!jobs)
            return std::move(jobs).error();
        for (EndedJob& job : *jobs)
            tracker_.note_ended(std::move(job));
    }
    return {};
}

void ClusterUsage::note_running(Running running, Instant now) {
    if (running.by_slurmdbd)
        tracker_.note_open(std::move(*running.by_slurmdbd), now);
    if (!running.by_slurmctld)
        return;
    if (!followed_ && !rolled_.until)
        tracker_.forget_live(base_);
    tracker_.note_live(std::move(*running.by_slurmctld), now);
    followed_ = true;
}

Result<WindowUsage> ClusterUsage::window(const Question& q, Window window, ReadProgress& progress) {
    WindowUsage all;
    all.window = window;
    const auto accounts = accounts_of(q.structure, q.asked);
    for (const Association* account : accounts)
        all.accounts.emplace(account->account, model::AccountUsage{});
    const WindowSplit parts = split_window(window, q.asked.now, rolled_.until, local_calendar());
    if (!parts.settled.empty())
        all.settled_until = parts.settled.back().end;
    for (const Window& range : parts.settled) {
        if (auto added =
                rollups_->add(q.session, q.structure, range, accounts, all, progress.read());
            !added)
            return std::move(added).error();
        progress.range_done();
    }
    for (const Association* account : accounts)
        if (q.asked.by_user.contains(account->account))
            if (auto added = add_users(q.session, q.structure, parts.settled, *account,
                                       all.accounts[account->account]);
                !added)
                return std::move(added).error();
    const model::AccountTree tree{q.structure};
    const TresNames names{q.structure.tres};
    std::erase_if(deleted_,
                  [&](const auto& entry) { return tree.account(entry.first) != nullptr; });
    for (;;) {
        JobSum sum{tree, names, deleted_};
        for (const Window& range : parts.records)
            if (auto added = add_jobs(q, range, sum); !added)
                return std::move(added).error();
        if (auto added = add_corrections(q, parts, sum); !added)
            return std::move(added).error();
        auto done = sum.unknown().empty() ? sum.into(all, q.asked.counting)
                                          : read_deleted(q, sum.unknown());
        if (!done)
            return std::move(done).error();
        if (sum.unknown().empty())
            return all;
    }
}

// Without rollups it would take all job records of that time.
Result<WindowUsage> ClusterUsage::past(const Question& q) {
    if (!rolled_.until || *rolled_.until < q.asked.past->end)
        return Error{Errc::refused, "slurmdbd has no rollups up to the end of that period"};
    ports::UsageQuestion asked = q.asked;
    asked.accounts.clear();
    asked.progress = {};
    ReadProgress progress{asked, rolled_.until, 0};
    return window({q.session, q.structure, asked, q.live}, *asked.past, progress);
}

CorrectionCache::Need ClusterUsage::need(const Question& q) const {
    return {q.session, q.structure, q.asked.now, earliest_of(q.asked),
            rolled_.until.value_or(Instant{})};
}

Result<void> ClusterUsage::add_corrections(const Question& q, const WindowSplit& parts,
                                           JobSum& sum) {
    for (const Window& range : parts.settled)
        if (auto added = add_past(q, range, true, sum); !added)
            return added;
    for (const Window& range : parts.records) {
        const Instant until = std::clamp(base_, range.begin, range.end);
        if (auto added = add_past(q, {range.begin, until}, false, sum); !added)
            return added;
        if (auto added = add_present(q, {until, range.end}, sum); !added)
            return added;
    }
    return {};
}

Result<void> ClusterUsage::add_past(const Question& q, Window range, bool settled, JobSum& sum) {
    const auto past = corrections_.of(need(q), range);
    if (!past)
        return past.error();
    sum.add_factor(past->factor, false);
    sum.add_idle(past->idle, settled);
    return settled ? Result<void>{} : open_factors(q, range, sum);
}

// Without a rollup the time of a job is not settled before the job ends: what its factor adds may
// change until then, too.
Result<void> ClusterUsage::open_factors(const Question& q, Window range, JobSum& sum) {
    if (range.begin >= range.end || corrections_.factors().factored(range).empty())
        return {};
    const auto suspensions = suspensions_of(q, range);
    if (!suspensions)
        return suspensions.error();
    FactorSum factors{corrections_.factors()};
    tracker_.each(range, *suspensions, [&](const JobRecord& job) {
        if (job.running)
            factors.add(job);
    });
    auto sums = factors.running();
    if (!sums)
        return std::move(sums).error();
    sum.add_factor(*sums, true);
    for (auto& [account, users] : *sums)
        for (auto& [user, amounts] : users)
            for (auto& [tres, amount] : amounts)
                amount = -amount;
    sum.add_factor(*sums, false);
    return {};
}

// What the tracker has all jobs of.
Result<void> ClusterUsage::add_present(const Question& q, Window range, JobSum& sum) {
    if (range.begin >= range.end)
        return {};
    if (!corrections_.factors().factored(range).empty()) {
        const auto suspensions = suspensions_of(q, range);
        if (!suspensions)
            return suspensions.error();
        FactorSum factors{corrections_.factors()};
        tracker_.each(range, *suspensions, [&](const JobRecord& job) { factors.add(job); });
        for (const bool running : {false, true}) {
            const auto sums = running ? factors.running() : factors.ended();
            if (!sums)
                return sums.error();
            sum.add_factor(*sums, running);
        }
    }
    const auto idle = corrections_.idle(need(q), range);
    if (!idle)
        return idle.error();
    sum.add_idle(*idle, false);
    return {};
}

Result<Suspensions> ClusterUsage::suspensions_of(const Question& q, Window range) {
    if (!tracker_.needs_suspensions(range))
        return Suspensions{};
    return suspensions_in(q.session, q.structure.cluster, range);
}

// Where jobs of accounts that are no longer in the structure count.
Result<void> ClusterUsage::read_deleted(const Question& q, std::set<std::string> unknown) {
    const auto parents =
        parents_of_deleted(q.session, q.structure.cluster, {unknown.begin(), unknown.end()});
    if (!parents)
        return parents.error();
    for (const auto& [account, parent] : *parents)
        deleted_.emplace(account, parent);
    for (const std::string& account : unknown)
        deleted_.emplace(account, "");
    return {};
}

Result<void> ClusterUsage::add_jobs(const Question& q, Window range, JobSum& sum) {
    const std::string& cluster = q.structure.cluster;
    if (range.begin >= floor_) {
        if (auto added = closed_.add(cluster, range, sum); !added)
            return added;
        const auto suspensions = suspensions_of(q, range);
        if (!suspensions)
            return std::move(suspensions).error();
        tracker_.add(range, *suspensions, sum);
        return {};
    }
    const bool old = range.end <= floor_;
    const auto key = std::pair{range.begin, range.end};
    const auto known = old_ranges_.find(key);
    const bool read = !old || known == old_ranges_.end();
    auto jobs = read ? records_in(q.session, cluster, range, q.asked.now) : known->second;
    if (!jobs)
        return std::move(jobs).error();
    for (const JobRecord& job : *jobs)
        sum.add(job);
    if (read && old)
        old_ranges_[key] = std::move(*jobs);
    return {};
}

} // namespace sluice::slurm
