// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/jobs/reservations.hpp"

#include "common/base/text.hpp"
#include "daemon/slurm/rpc/tres_text.hpp"

#include <algorithm>

namespace sluice::slurm {
namespace {

// slurmdb.h: TRES_NODE. The rollup leaves nodes out, as several jobs may share one
// (as_mysql_rollup.c, _add_tres_2_list).
constexpr std::uint32_t kNode = 4;

struct Hosts {
    explicit Hosts(const char* names) : raw(slurm_hostlist_create(names)) {}
    Hosts(const Hosts&) = delete;
    Hosts& operator=(const Hosts&) = delete;
    ~Hosts() { slurm_hostlist_destroy(raw); }
    bool have(const char* name) const { return slurm_hostlist_find(raw, name) >= 0; }

    decltype(slurm_hostlist_create("")) raw;
};

TresCounts counts_of(const char* text) {
    TresCounts counts = parse_tres(text_of(text));
    std::erase_if(counts, [](const auto& one) { return one.first == kNode; });
    return counts;
}

// "12,13"; an association that is denied is "-12": it shares the idle time and gets none of it.
std::vector<std::uint32_t> associations_of(const char* text) {
    std::vector<std::uint32_t> ids;
    for (const auto& word : split(text_of(text), ','))
        if (!word.empty())
            ids.push_back(whole_number<std::uint32_t>(word).value_or(0));
    return ids;
}

Result<void> add_downs(Session& session, const std::string& cluster, Window window,
                       const SlurmList<slurmdb_reservation_rec_t>& rows,
                       std::vector<Reservation>& reservations) {
    slurmdb_event_cond_t cond{};
    const StringList clusters{{cluster}};
    cond.cluster_list = clusters.get();
    cond.event_type = SLURMDB_EVENT_NODE;
    cond.period_start = static_cast<std::time_t>(epoch(window.begin));
    cond.period_end = static_cast<std::time_t>(epoch(window.end));
    const auto events = session.list<slurmdb_event_rec_t>(
        "events", [&](void* db) { return slurmdb_events_get(db, &cond); });
    if (!events)
        return events.error();
    auto one = reservations.begin();
    for (const slurmdb_reservation_rec_t& row : rows) {
        const Hosts hosts{row.nodes};
        for (const slurmdb_event_rec_t& event : *events) {
            if ((event.state & NODE_STATE_MAINT) != 0 || event.node_name == nullptr ||
                !hosts.have(event.node_name))
                continue;
            const Instant end = event.period_end == 0 ? window.end : instant(event.period_end);
            const Window time{std::max(instant(event.period_start), one->time.begin),
                              std::min(end, one->time.end)};
            if (time.begin < time.end)
                one->downs.push_back({time, counts_of(event.tres_str)});
        }
        ++one;
    }
    return {};
}

} // namespace

Result<std::vector<Reservation>> reservations_in(Session& session, const std::string& cluster,
                                                 Window window) {
    slurmdb_reservation_cond_t cond{};
    const StringList clusters{{cluster}};
    cond.cluster_list = clusters.get();
    cond.time_start = static_cast<std::time_t>(epoch(window.begin));
    cond.time_end = static_cast<std::time_t>(epoch(window.end));
    const auto rows = session.list<slurmdb_reservation_rec_t>(
        "reservations", [&](void* db) { return slurmdb_reservations_get(db, &cond); });
    if (!rows)
        return rows.error();
    std::vector<Reservation> all;
    for (const slurmdb_reservation_rec_t& row : *rows) {
        Reservation& one = all.emplace_back();
        one.id = row.id;
        const Instant end = row.time_end == 0 ? window.end : instant(row.time_end);
        one.time = {std::max(window.begin, instant(row.time_start)), std::min(window.end, end)};
        one.tres = counts_of(row.tres_str);
        one.associations = associations_of(row.assocs);
    }
    if (!all.empty())
        if (auto added = add_downs(session, cluster, window, *rows, all); !added)
            return std::move(added).error();
    std::erase_if(all, [](const Reservation& one) {
        return one.time.begin >= one.time.end || one.associations.empty() || one.tres.empty();
    });
    return all;
}

} // namespace sluice::slurm
