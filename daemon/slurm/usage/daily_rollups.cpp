// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage/daily_rollups.hpp"

#include "daemon/slurm/rpc/compat.hpp"
#include "daemon/slurm/rpc/connection.hpp"
#include "daemon/slurm/rpc/handles.hpp"
#include "daemon/slurm/rpc/tres_text.hpp"
#include "daemon/slurm/usage/rollups.hpp"
#include "daemon/slurm/usage/window_split.hpp"

#include <algorithm>
#include <limits>

namespace sluice::slurm {
namespace {

using std::chrono::hours;

constexpr int kDaysOfCall = 366;

struct Part {
    Window time;
    bool days = false; // from the day table; else from the hour table
};

Instant next_midnight(const Calendar& calendar, Instant midnight) {
    return calendar.midnight(midnight + hours{36});
}

// slurmdbd answers from its month table where both ends are the first of a month (common_as.c,
// set_usage_information): such a call ends a day before.
Instant end_of_call(Instant begin, Instant last, const Calendar& calendar) {
    Instant end = begin;
    Instant before = begin;
    for (int i = 0; i < kDaysOfCall && end < last; ++i) {
        before = end;
        end = next_midnight(calendar, end);
    }
    return calendar.month(begin) == begin && calendar.month(end) == end ? before : end;
}

// Whole days up to the last midnight, then the hours of the day that is not over.
std::vector<Part> parts_of(Window window, Instant now, const Calendar& calendar) {
    std::vector<Part> parts;
    const Instant end = std::min(window.end, now);
    const Instant last = calendar.midnight(end);
    Instant at = calendar.midnight(std::max(window.begin, instant(2 * 86400)));
    while (at < last) {
        const Instant next = end_of_call(at, last, calendar);
        parts.push_back({{at, next}, true});
        at = next;
    }
    // An end in the future makes slurmdbd answer from its hour table.
    if (at < end)
        parts.push_back({{at, now + hours{2}}, false});
    return parts;
}

Result<void> add_rows(Session& session, const model::Structure& structure, std::uint32_t id,
                      const Part& part, ports::RolledRows& out) {
    slurmdb_assoc_cond_t cond{};
    const StringList clusters{{structure.cluster}};
    const StringList ids{{std::to_string(id)}};
    cond.cluster_list = clusters.get();
    cond.id_list = ids.get();
    cond.usage_start = static_cast<std::time_t>(epoch(part.time.begin));
    cond.usage_end = static_cast<std::time_t>(epoch(part.time.end));
    want_usage(cond);
    want_own_limits(cond);
    without_parent(cond);
    const auto rows = session.list<slurmdb_assoc_rec_t>(
        "usage by day", [&](void* db) { return slurmdb_associations_get(db, &cond); });
    if (!rows)
        return rows.error();
    const TresNames names{structure.tres};
    bool answered = false;
    for (const slurmdb_assoc_rec_t& row : *rows) {
        // slurmdbd hides a failed query behind a row without a list.
        answered = row.accounting_list != nullptr;
        for_each<slurmdb_accounting_rec_t>(row.accounting_list, [&](const auto& record) {
            const Instant begin = instant(record.period_start);
            const auto* tres = names.name(record.tres_rec.id);
            constexpr auto kMost = std::numeric_limits<Amount>::max();
            if (tres == nullptr || begin < part.time.begin || begin >= part.time.end)
                return;
            Amount& sum = out.rows[begin][*tres];
            const auto seconds = static_cast<Amount>(
                std::min<std::uint64_t>(record.alloc_secs, static_cast<std::uint64_t>(kMost)));
            sum = sum > kMost - seconds ? kMost : sum + seconds;
        });
    }
    if (!answered)
        return Error{Errc::unavailable, "slurmdbd: usage by day: no figures"};
    return {};
}

// The cluster has a row for each day and hour that was rolled up.
Result<void> add_known(Session& session, const std::string& cluster, const Part& part,
                       const Calendar& calendar, ports::RolledRows& out) {
    const auto rolled = cluster_rows(session, cluster, part.time);
    if (!rolled)
        return rolled.error();
    if (!rolled->until || !rolled->from)
        return {};
    const Instant until =
        part.days ? next_midnight(calendar, *rolled->until - hours{1}) : *rolled->until;
    if (!out.known)
        out.known = Window{*rolled->from, until};
    out.known->begin = std::min(out.known->begin, *rolled->from);
    out.known->end = std::max(out.known->end, until);
    return {};
}

} // namespace

Result<ports::RolledRows> DailyRollups::read(const model::Structure& structure,
                                             const std::string& account, Window window,
                                             Instant now) {
    const std::scoped_lock lock(one_at_a_time_);
    const auto row = std::find_if(
        structure.associations.begin(), structure.associations.end(),
        [&](const model::Association& one) { return one.user.empty() && one.account == account; });
    if (row == structure.associations.end())
        return Error{Errc::unavailable, "slurmdbd has no account " + account};
    const Calendar calendar = local_calendar();
    ports::RolledRows out;
    Session session;
    for (const Part& part : parts_of(window, now, calendar)) {
        if (auto known = add_known(session, structure.cluster, part, calendar, out); !known)
            return std::move(known).error();
        if (auto added = add_rows(session, structure, row->id, part, out); !added)
            return std::move(added).error();
    }
    return out;
}

} // namespace sluice::slurm
