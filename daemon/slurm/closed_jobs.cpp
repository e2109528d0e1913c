// SPDX-License-Identifier: GPL-2.0-or-later
// Which day is read when; the sums themselves are slice.hpp's.
#include "daemon/slurm/closed_jobs.hpp"

#include "daemon/slurm/job_records.hpp"
#include "daemon/slurm/suspension.hpp"

#include <algorithm>
#include <functional>

namespace sluice::slurm {
namespace {

using std::chrono::hours;

constexpr hours kDay{24}; // one message of slurmdbd, see job_records.hpp
// Almost all records have come by then, and what is younger is in memory.
constexpr hours kOpen{6};
// The first time again: slurmctld may have been sending what it kept while slurmdbd was away.
constexpr hours kSecondLook{1};

// Slurm 1.3 of that year was the first with slurmdbd.
constexpr Instant kFirstRecords = std::chrono::sys_days{std::chrono::year{2008} / 1 / 1};
// Days to a transaction.
constexpr std::size_t kTogether = 32;

Instant floor_day(Instant at) {
    return std::chrono::floor<std::chrono::days>(at);
}

// The older a day the rarer a late record: after the second look at half its age more each time.
template <class Day>
bool is_due(Instant end, const Day& day, Instant now) {
    const auto wait = day.reads < 2 ? std::chrono::seconds{kSecondLook} : (day.read_at - end) / 2;
    return now - day.read_at >= wait;
}

void merge(Piece& into, const Piece& piece) {
    into.time = {std::min(into.time.begin, piece.time.begin),
                 std::max(into.time.end, piece.time.end)};
    for (const auto& [account, users] : piece.sums)
        for (const auto& [user, sums] : users) {
            TresSums& to = into.sums[account][user];
            for (const auto& [tres, amount] : sums)
                to[tres] += amount;
        }
}

Result<std::vector<Piece>> pieces_of(Session& session, const std::string& cluster,
                                     const std::vector<EndedJob>& jobs,
                                     const std::set<Instant>& cuts) {
    std::vector<Piece> pieces;
    for (const Window& time : pieces_of_time(jobs, cuts)) {
        Suspensions suspensions;
        if (needs_suspensions(jobs, time)) {
            auto found = suspensions_in(session, cluster, time);
            if (!found)
                return std::move(found).error();
            suspensions = std::move(*found);
        }
        pieces.push_back(piece_of(jobs, time, suspensions));
    }
    return pieces;
}

} // namespace

Instant ClosedJobs::closable(Instant now) const {
    return store_ == nullptr ? Instant{} : floor_day(now - kOpen);
}

ClosedJobs::Day ClosedJobs::day_of(const ports::ClosedSlice& slice,
                                   const std::vector<Piece>& pieces) {
    Day day{slice.read_at, slice.reads, std::hash<std::string>{}(slice.figures), {}};
    for (const Piece& piece : pieces)
        day.pieces.push_back(piece.time);
    return day;
}

Result<void> ClosedJobs::load(const std::string& cluster) {
    if (loaded_)
        return {};
    days_.clear();
    auto read = store_->each(cluster, [&](const ports::ClosedSlice& slice) {
        const auto pieces = pieces_of_text(slice.figures);
        if (!pieces || slice.ended.end - slice.ended.begin != kDay)
            return; // as if it were not there: it is read and replaced
        days_.emplace(slice.ended.begin, day_of(slice, *pieces));
    });
    loaded_ = static_cast<bool>(read);
    return read;
}

Result<void> ClosedJobs::drop(const Need& need) {
    if (days_.empty() || days_.begin()->first + kDay > need.covered)
        return {};
    if (auto done = store_->drop(need.cluster, need.covered); !done)
        return done;
    std::erase_if(days_, [&](const auto& day) { return day.first + kDay <= need.covered; });
    return {};
}

Result<std::vector<Window>> ClosedJobs::witnesses(const std::string& cluster, Instant until) {
    std::vector<Window> found;
    if (store_ == nullptr)
        return found;
    if (auto done = load(cluster); !done)
        return std::move(done).error();
    for (const auto& [begin, day] : days_) {
        if (day.pieces.empty() || begin + kDay > until)
            continue;
        if (found.size() == 2)
            found.pop_back();
        found.push_back({begin, begin + kDay});
    }
    return found;
}

Result<ports::ClosedSlice> ClosedJobs::read(Session& session, const Need& need, Instant begin,
                                            JobTracker& book) {
    ports::ClosedSlice slice{{begin, begin + kDay}, need.now, 1, {}};
    auto jobs = ended_in(session, need.cluster, slice.ended);
    if (!jobs)
        return std::move(jobs).error();
    std::erase_if(*jobs, [&](const EndedJob& job) { return job.end <= begin; });
    auto pieces = pieces_of(session, need.cluster, *jobs, need.cuts);
    if (!pieces)
        return std::move(pieces).error();
    auto text = text_of_pieces(*pieces);
    if (!text)
        return std::move(text).error();
    for (const EndedJob& job : *jobs)
        book.note_closed(job);
    slice.figures = std::move(*text);
    // Twice in an hour is no second look.
    if (const auto known = days_.find(begin); known != days_.end())
        slice.reads =
            known->second.reads + (need.now - known->second.read_at >= kSecondLook ? 1 : 0);
    return slice;
}

Result<void> ClosedJobs::keep(const Need& need, std::vector<ports::ClosedSlice>& slices) {
    if (auto put = store_->put(need.cluster, slices); !put)
        return put;
    for (const ports::ClosedSlice& slice : slices) {
        const auto pieces = pieces_of_text(slice.figures);
        if (!pieces)
            return Error{Errc::internal, "closed usage cannot be read back"};
        Day day = day_of(slice, *pieces);
        const auto known = days_.find(slice.ended.begin);
        stale_ = stale_ || known == days_.end() || known->second.checksum != day.checksum;
        days_.insert_or_assign(slice.ended.begin, std::move(day));
    }
    slices.clear();
    return {};
}

Result<void> ClosedJobs::read_all(Session& session, const Need& need,
                                  const std::vector<Instant>& begins, JobTracker& book) {
    std::vector<ports::ClosedSlice> slices;
    for (const Instant begin : begins) {
        auto slice = read(session, need, begin, book);
        if (!slice)
            return std::move(slice).error();
        slices.push_back(std::move(*slice));
        if (slices.size() == kTogether || begin == begins.back())
            if (auto kept = keep(need, slices); !kept)
                return kept;
    }
    return {};
}

// What is not there, or else the day that was read longest ago if it is time.
std::vector<Instant> ClosedJobs::to_read(const Need& need, Instant first) const {
    std::vector<Instant> begins;
    auto oldest = days_.end();
    for (Instant begin = first; begin < need.ended.end; begin += kDay) {
        const auto day = days_.find(begin);
        // Read in the future: the clock was wrong then.
        if (day == days_.end() || day->second.read_at > need.now ||
            !fits(day->second.pieces, need.cuts))
            begins.push_back(begin);
        else if (is_due(begin + kDay, day->second, need.now) &&
                 (oldest == days_.end() || day->second.read_at < oldest->second.read_at))
            oldest = day;
    }
    if (begins.empty() && oldest != days_.end())
        begins.push_back(oldest->first);
    return begins;
}

Result<void> ClosedJobs::sum_up(const Need& need, Window wanted) {
    if (!stale_ && cuts_ == need.cuts && summed_ == wanted)
        return {};
    stale_ = true;
    totals_.clear();
    std::int64_t found = 0;
    auto read = store_->each(need.cluster, [&](const ports::ClosedSlice& slice) {
        if (slice.ended.begin < wanted.begin || slice.ended.end > wanted.end)
            return;
        const auto pieces = pieces_of_text(slice.figures);
        if (!pieces)
            return;
        ++found;
        for (const Piece& piece : *pieces) {
            const auto after = need.cuts.upper_bound(piece.time.begin);
            const Instant key = after == need.cuts.begin() ? Instant{} : *std::prev(after);
            const auto [total, fresh] = totals_.try_emplace(key, piece);
            if (!fresh)
                merge(total->second, piece);
        }
    });
    if (!read)
        return read;
    if (found * kDay != wanted.end - wanted.begin) {
        loaded_ = false;
        return Error{Errc::unavailable, "journal: closed usage is not what was written"};
    }
    cuts_ = need.cuts;
    summed_ = wanted;
    stale_ = false;
    return {};
}

Result<void> ClosedJobs::cover(Session& session, const Need& need, JobTracker& book) {
    if (store_ == nullptr)
        return {};
    if (auto done = load(need.cluster); !done)
        return done;
    if (auto done = drop(need); !done)
        return done;
    const Instant first = std::max(floor_day(need.ended.begin), kFirstRecords);
    if (need.ended.begin >= need.ended.end) {
        totals_.clear();
        stale_ = true;
        return {};
    }
    if (auto done = read_all(session, need, to_read(need, first), book); !done)
        return done;
    return sum_up(need, {first, need.ended.end});
}

void ClosedJobs::add(Window range, JobSum& sum) const {
    for (const auto& [cut, total] : totals_) {
        if (total.time.begin < range.begin || total.time.end > range.end)
            continue;
        for (const auto& [account, users] : total.sums)
            for (const auto& [user, sums] : users)
                sum.add(account, user, sums);
    }
}

} // namespace sluice::slurm
