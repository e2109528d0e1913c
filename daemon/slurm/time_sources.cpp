// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/time_sources.hpp"

#include "daemon/slurm/compat.hpp"
#include "daemon/slurm/controller.hpp"
#include "daemon/slurm/release.hpp"

#include <algorithm>
#include <ctime>
#include <memory>

namespace sluice::slurm {
namespace {} // namespace

// The time that the answer takes is no difference.
std::optional<std::int64_t> ahead_of_slurmctld() {
    stats_info_request_msg_t request{};
    request.command_id = STAT_COMMAND_GET;
    stats_info_response_msg_t* answer = nullptr;
    const std::time_t before = std::time(nullptr);
    const int rc = slurm_get_statistics(&answer, &request);
    const std::time_t after = std::time(nullptr);
    const std::unique_ptr<stats_info_response_msg_t, Release> held{answer};
    if (rc != SLURM_SUCCESS || !held || held->req_time == 0)
        return std::nullopt;
    if (held->req_time < before)
        return before - held->req_time;
    return held->req_time > after ? after - held->req_time : 0;
}

model::ClockReading SlurmTimeSources::controller(const std::string& cluster) {
    model::ClockReading reading{"slurmctld", std::nullopt};
    if (accounting_.controller_is_away(cluster))
        return reading;
    if (const auto scope = slurmctld_of(cluster))
        reading.ahead_s = ahead_of_slurmctld();
    accounting_.note_answer(cluster, reading.ahead_s.has_value());
    return reading;
}

model::ClockReading SlurmTimeSources::database() {
    model::ClockReading reading{"slurmdbd", std::nullopt};
    const std::time_t now = std::time(nullptr);
    slurmdb_txn_cond_t cond{};
    cond.time_start = now + 1;
    session_.refresh();
    const auto rows = session_.list<slurmdb_txn_rec_t>(
        "transactions", [&](void* db) { return slurmdb_txn_get(db, &cond); });
    if (!rows)
        return reading;
    std::time_t newest = now;
    for (const slurmdb_txn_rec_t& row : *rows)
        newest = std::max(newest, row.timestamp);
    if (newest > now)
        reading.ahead_s = now - newest;
    return reading;
}

std::vector<model::ClockReading> SlurmTimeSources::compare(const std::string& cluster) {
    return {controller(cluster), database()};
}

} // namespace sluice::slurm
