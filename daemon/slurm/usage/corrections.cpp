// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage/corrections.hpp"

#include "daemon/slurm/usage/usage_sums.hpp"
#include "daemon/slurm/usage/window_split.hpp"

#include <algorithm>
#include <optional>

namespace sluice::slurm {
namespace {

using model::kFullPrice;
using std::chrono::seconds;

Window common(Window a, Window b) {
    return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

std::int64_t length(Window time) {
    return std::max<std::int64_t>(0, (time.end - time.begin).count());
}

bool has(const TresCounts& counts, std::uint32_t tres) {
    return std::any_of(counts.begin(), counts.end(),
                       [&](const auto& one) { return one.first == tres && one.second > 0; });
}

// TRES-seconds of a reservation in its part of one hour, without its down nodes.
std::map<std::uint32_t, Wide> reserved(const Reservation& all, Window part) {
    std::map<std::uint32_t, Wide> sums;
    for (const auto& [tres, count] : all.tres)
        sums[tres] = Wide{count} * length(part);
    for (const Reservation::Down& down : all.downs)
        for (const auto& [tres, count] : down.tres)
            if (const auto found = sums.find(tres); found != sums.end())
                found->second = std::max<Wide>(
                    0, found->second - Wide{count} * length(common(down.time, part)));
    return sums;
}

void add_idle(const Reservation& all, const std::vector<JobRecord>& jobs, Window part,
              IdleSums& sums) {
    std::map<std::uint32_t, Wide> idle = reserved(all, part);
    for (const JobRecord& job : jobs) {
        const std::int64_t busy = length(common({job.begin, job.end}, part));
        if (job.reservation != all.id || busy == 0)
            continue;
        const TresCounts used = parse_tres(job.tres);
        for (const auto& [tres, count] : all.tres)
            if (has(used, tres))
                idle[tres] -= Wide{count} * busy;
    }
    for (const auto& [tres, count] : all.tres) {
        if (idle[tres] <= 0)
            break;
        const auto each = narrow(idle[tres] / static_cast<Wide>(all.associations.size()));
        for (const std::uint32_t association : all.associations)
            if (association != 0)
                sums[association][tres] += each.value_or(0);
    }
}

} // namespace

void FactorHistory::load(const std::vector<ports::QosFactor>& known) {
    for (const ports::QosFactor& one : known)
        factors_[one.qos][one.since] = one.factor;
}

std::vector<ports::QosFactor> FactorHistory::note(const std::vector<model::Qos>& qos, Instant now) {
    std::vector<ports::QosFactor> fresh;
    for (const model::Qos& one : qos) {
        auto& known = factors_[one.id];
        if (!known.empty() && known.rbegin()->second == one.usage_factor)
            continue;
        // Where nothing is known, the present factor counts for the past.
        const Instant since = known.empty() ? Instant{} : std::max(now, known.rbegin()->first);
        known[since] = one.usage_factor;
        fresh.push_back({one.id, since, one.usage_factor});
    }
    return fresh;
}

std::int64_t FactorHistory::at(std::uint32_t qos, Instant when) const {
    const auto known = factors_.find(qos);
    if (known == factors_.end() || known->second.empty())
        return kFullPrice;
    const auto next = known->second.upper_bound(when);
    return next == known->second.begin() ? next->second : std::prev(next)->second;
}

std::vector<std::uint32_t> FactorHistory::factored(Window time) const {
    std::vector<std::uint32_t> found;
    for (const auto& [qos, known] : factors_) {
        const auto begins = cuts(qos, time);
        if (std::any_of(begins.begin(), begins.end() - 1,
                        [&, id = qos](Instant begin) { return at(id, begin) != kFullPrice; }))
            found.push_back(qos);
    }
    return found;
}

std::vector<Instant> FactorHistory::cuts(std::uint32_t qos, Window time) const {
    std::vector<Instant> all{time.begin};
    if (const auto known = factors_.find(qos); known != factors_.end())
        for (const auto& [since, factor] : known->second)
            if (since > time.begin && since < time.end)
                all.push_back(since);
    all.push_back(time.end);
    return all;
}

// Suspended time counts for the first part of a job whose factor changed meanwhile: when it was is
// not known here.
void FactorSum::add(const JobRecord& job) {
    const auto cuts = history_.cuts(job.qos, {job.begin, job.end});
    JobRecord part = job;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        part.begin = cuts[i];
        part.end = cuts[i + 1];
        const Wide factor = history_.at(job.qos, part.begin) - kFullPrice;
        if (factor != 0)
            for (const auto& [tres, amount] : tres_seconds(part))
                leaves_[job.account][job.user][tres][job.running ? 1 : 0] += amount * factor;
        part.suspended = std::max<std::int64_t>(0, part.suspended - length({part.begin, part.end}));
    }
}

Result<ports::UserSums> FactorSum::sums(bool running) const {
    ports::UserSums all;
    for (const auto& [account, users] : leaves_)
        for (const auto& [user, leaf] : users)
            for (const auto& [tres, parts] : leaf) {
                const Wide ended = divide_half_up(parts[0], kFullPrice);
                const Wide both = divide_half_up(parts[0] + parts[1], kFullPrice);
                const auto amount = narrow(running ? both - ended : ended);
                if (!amount)
                    return Error{Errc::overflow, "usage of " + account + " does not fit 64 bits"};
                if (*amount != 0)
                    all[account][user][tres] = *amount;
            }
    return all;
}

IdleSums idle_of(const std::vector<Reservation>& reservations, const std::vector<JobRecord>& jobs,
                 Window range, Instant hour) {
    IdleSums sums;
    for (const Reservation& one : reservations) {
        if (one.associations.empty())
            continue;
        const Window all = common(one.time, range);
        for (Instant begin = all.begin; begin < all.end;) {
            const Instant end = std::min(all.end, floor_hour(begin, hour) + std::chrono::hours{1});
            add_idle(one, jobs, {begin, end}, sums);
            begin = end;
        }
    }
    return sums;
}

} // namespace sluice::slurm
