// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage/correction_cache.hpp"

#include "daemon/slurm/jobs/job_records.hpp"
#include "daemon/slurm/jobs/reservations.hpp"
#include "daemon/slurm/usage/rollups.hpp"
#include "daemon/slurm/usage/window_split.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <vector>

namespace sluice::slurm {
namespace {

using std::chrono::hours;

// Longer than any day, shorter than two.
constexpr hours kOverDay{26};
// Younger times are read again soon and are not worth a row.
constexpr hours kYoung{6};
constexpr hours kSoonest{1};
// Slurm 1.3 of that year was the first with slurmdbd.
constexpr Instant kFirstSlurmdbd = std::chrono::sys_days{std::chrono::year{2008} / 1 / 1};
constexpr std::chrono::days kTooOld{35};

// The older a time, the rarer a late record.
bool is_due(const ports::CorrectedTime& time, Instant now) {
    const auto age = (time.read_at - time.time.end) / 2;
    return time.read_at > now ||
           now - time.read_at >= std::max<std::chrono::seconds>(kSoonest, age);
}

void add(const ports::UserSums& from, ports::UserSums& to) {
    for (const auto& [account, users] : from)
        for (const auto& [user, sums] : users)
            for (const auto& [tres, amount] : sums)
                to[account][user][tres] += amount;
}

} // namespace

Result<void> CorrectionCache::load(const std::string& cluster) {
    if (loaded_ || store_ == nullptr)
        return {};
    auto times = store_->corrections(cluster);
    if (!times)
        return std::move(times).error();
    const auto factors = store_->factors(cluster);
    if (!factors)
        return factors.error();
    for (auto& time : *times) {
        const std::pair key{time.time.begin, time.time.end};
        known_[key] = {std::move(time), 0, 0};
    }
    factors_.load(*factors);
    loaded_ = true;
    return {};
}

Result<void> CorrectionCache::begin(const Need& need) {
    const std::string& cluster = need.structure.cluster;
    if (auto done = load(cluster); !done)
        return done;
    const auto fresh = factors_.note(need.structure.qos, need.now);
    if (store_ != nullptr && !fresh.empty())
        if (auto done = store_->put(cluster, fresh); !done)
            return done;
    const Instant last = need.earliest - kTooOld;
    const auto old = [&](const auto& entry) { return entry.first.second <= last; };
    if (std::none_of(known_.begin(), known_.end(), old))
        return {};
    if (store_ != nullptr)
        if (auto done = store_->drop_corrections(cluster, last); !done)
            return done;
    std::erase_if(known_, old);
    return {};
}

Result<ports::Corrections> CorrectionCache::of(const Need& need, Window range) {
    ports::Corrections all;
    const Calendar calendar = local_calendar();
    const auto from = first(need, range);
    if (!from)
        return from.error();
    for (Instant begin = *from; begin < range.end;) {
        const Instant midnight = calendar.midnight(begin + kOverDay);
        const bool whole_hour = floor_hour(midnight, need.hour) == midnight;
        const Instant end = std::min(range.end, whole_hour ? midnight : begin + hours{24});
        const auto one = piece(need, {begin, end});
        if (!one)
            return one.error();
        add((*one)->factor, all.factor);
        add((*one)->idle, all.idle);
        begin = end;
    }
    return all;
}

// No correction of the range is of a time before. A range without a reservation and without a QOS
// with a factor has none at all, and costs one call until the next rollup.
Result<Instant> CorrectionCache::first(const Need& need, Window range) {
    if (range.begin >= range.end)
        return range.end;
    std::erase_if(firsts_, [&](const auto& entry) { return entry.second.rollups != rollups_; });
    const std::pair key{range.begin, range.end};
    if (const auto known = firsts_.find(key); known != firsts_.end())
        return known->second.at;
    const auto found = find_first(need, range);
    if (found)
        firsts_[key] = {*found, rollups_};
    return found;
}

Result<Instant> CorrectionCache::find_first(const Need& need, Window range) const {
    const std::string& cluster = need.structure.cluster;
    Instant at = range.end;
    if (!factors_.factored(range).empty()) {
        const auto rows = cluster_rows(need.session, cluster, range);
        if (!rows)
            return rows.error();
        at = rows->from.value_or(kFirstSlurmdbd);
    }
    const auto reservations = reservations_in(need.session, cluster, range);
    if (!reservations)
        return reservations.error();
    for (const Reservation& one : *reservations)
        at = std::min(at, one.time.begin);
    // What is in the journal stays, though slurmdbd may have purged all of it.
    for (const auto& [time, known] : known_)
        if (time.first >= range.begin && time.second <= range.end && known.time.records > 0)
            at = std::min(at, time.first);
    if (at >= range.end)
        return range.end;
    const Instant midnight = local_calendar().midnight(at);
    const bool whole_hour = floor_hour(midnight, need.hour) == midnight;
    return std::max(range.begin, whole_hour ? midnight : floor_hour(at, need.hour));
}

// slurmdbd does not lose records but by a purge: fewer than before do not count.
Result<const ports::Corrections*> CorrectionCache::piece(const Need& need, Window time) {
    const std::pair key{time.begin, time.end};
    auto known = known_.find(key);
    if (known != known_.end()) {
        const auto current = is_current(need, known->second);
        if (!current)
            return current.error();
        if (*current)
            return &known->second.time.sums;
    }
    const auto rows = cluster_rows(need.session, need.structure.cluster, time);
    if (!rows)
        return rows.error();
    auto fresh = read(need, time);
    if (!fresh)
        return std::move(fresh).error();
    if (known == known_.end())
        known = known_.emplace(key, Known{}).first;
    else if (fresh->records < known->second.time.records) {
        fresh->records = known->second.time.records;
        fresh->sums = known->second.time.sums;
    }
    known->second = {std::move(*fresh), rollups_, rows->fingerprint};
    if (store_ != nullptr && time.end + kYoung <= need.now)
        if (auto done = store_->put(need.structure.cluster, known->second.time); !done)
            return std::move(done).error();
    return &known->second.time.sums;
}

Result<bool> CorrectionCache::is_current(const Need& need, Known& known) const {
    if (is_due(known.time, need.now))
        return false;
    if (known.rollups == rollups_)
        return true;
    const auto rows = cluster_rows(need.session, need.structure.cluster, known.time.time);
    if (!rows)
        return rows.error();
    known.rollups = rollups_;
    if (known.fingerprint == 0)
        known.fingerprint = rows->fingerprint;
    return rows->fingerprint == known.fingerprint;
}

Result<ports::CorrectedTime> CorrectionCache::read(const Need& need, Window time) const {
    ports::CorrectedTime out{time, need.now, 0, {}};
    const std::string& cluster = need.structure.cluster;
    if (const auto qos = factors_.factored(time); !qos.empty()) {
        auto jobs = records_in(need.session, cluster, time, need.now, {qos, {}});
        if (!jobs)
            return std::move(jobs).error();
        FactorSum sum{factors_};
        for (JobRecord& job : *jobs) {
            job.running = false; // what is over does not change with the job
            sum.add(job);
        }
        auto sums = sum.ended();
        if (!sums)
            return std::move(sums).error();
        out.sums.factor = std::move(*sums);
        out.records += static_cast<std::int64_t>(jobs->size());
    }
    const auto records = add_idle(need, time, out.sums.idle);
    if (!records)
        return records.error();
    out.records += *records;
    return out;
}

Result<ports::UserSums> CorrectionCache::idle(const Need& need, Window range) const {
    ports::UserSums sums;
    const auto records = add_idle(need, range, sums);
    if (!records)
        return records.error();
    return sums;
}

// The number of reservations and jobs that were read.
Result<std::int64_t> CorrectionCache::add_idle(const Need& need, Window range,
                                               ports::UserSums& sums) const {
    const std::string& cluster = need.structure.cluster;
    const auto reservations = reservations_in(need.session, cluster, range);
    if (!reservations)
        return reservations.error();
    if (reservations->empty())
        return 0;
    JobFilter filter;
    for (const Reservation& one : *reservations)
        filter.reservations.push_back(one.id);
    const auto jobs = records_in(need.session, cluster, range, need.now, filter);
    if (!jobs)
        return jobs.error();
    std::unordered_map<std::uint32_t, const model::Association*> rows;
    for (const model::Association& row : need.structure.associations)
        rows.emplace(row.id, &row);
    for (const auto& [id, amounts] : idle_of(*reservations, *jobs, range, need.hour))
        if (const auto row = rows.find(id); row != rows.end())
            for (const auto& [tres, amount] : amounts)
                sums[row->second->account][row->second->user][tres] += amount;
    return static_cast<std::int64_t>(reservations->size() + jobs->size());
}

} // namespace sluice::slurm
