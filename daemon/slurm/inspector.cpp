// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/inspector.hpp"

#include "common/base/text.hpp"
#include "daemon/slurm/findings.hpp"
#include "daemon/slurm/rpc/controller.hpp"
#include "daemon/slurm/rpc/libslurm.hpp"
#include "daemon/slurm/rpc/rights.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <optional>

namespace sluice::slurm {
namespace {

// Bits of AccountingStorageEnforce; the same from 22.05 to 26.05, in no installed header.
std::vector<std::string> enforced(std::uint16_t bits) {
    static constexpr std::array kWords{"associations", "limits", "wckeys",  "qos",
                                       "safe",         "nojobs", "nosteps", "tres"};
    std::vector<std::string> words;
    for (std::size_t bit = 0; bit < kWords.size(); ++bit)
        if ((bits >> bit & 1U) != 0)
            words.emplace_back(kWords[bit]);
    return words;
}

std::string reset_word(std::uint16_t period) {
    static constexpr std::array kWords{"none",    "now",       "daily", "weekly",
                                       "monthly", "quarterly", "yearly"};
    return period < kWords.size() ? kWords[period] : std::to_string(period);
}

// Seconds that this host's clock is ahead of slurmctld's. The time that the answer takes is no
// difference. nullopt: slurmctld does not answer.
std::optional<std::int64_t> ahead_of_slurmctld(const std::string& cluster) {
    stats_info_request_msg_t request{};
    request.command_id = STAT_COMMAND_GET;
    std::time_t before = 0;
    std::time_t after = 0;
    const auto stats =
        ask_slurmctld<stats_info_response_msg_t>(cluster, "slurmctld", [&](auto** answer) {
            before = std::time(nullptr);
            const int rc = slurm_get_statistics(answer, &request);
            after = std::time(nullptr);
            return rc;
        });
    if (!stats || (*stats)->req_time == 0)
        return std::nullopt;
    const std::time_t there = (*stats)->req_time;
    return there < before ? before - there : there > after ? after - there : 0;
}

// Slurm writes "no limit" as INFINITE, and as NO_VAL what was never set.
bool is_set(std::uint32_t limit) {
    return limit != INFINITE && limit != NO_VAL;
}

// "1=64,4=18446744073709551615": a limit that was cleared may stay as -1 or INFINITE64.
bool is_set(const char* tres) {
    const auto items = split(text_of(tres), ',');
    return std::any_of(items.begin(), items.end(), [](const std::string& item) {
        const std::string value = item.substr(item.find('=') + 1);
        return value != "-1" && value != std::to_string(INFINITE64) &&
               value != std::to_string(NO_VAL64);
    });
}

ports::QosSettings settings_of(const slurmdb_qos_rec_t& row) {
    ports::QosSettings out;
    out.name = folded_name(row.name);
    out.priority = is_set(row.priority) ? row.priority : 0;
    if (row.usage_factor >= 0 && row.usage_factor < 1e9)
        out.usage_factor = std::llround(row.usage_factor * 1000);
    out.refuses =
        row.grp_submit_jobs == 0 || row.max_submit_jobs_pa == 0 || row.max_submit_jobs_pu == 0;
    out.holds = row.grp_jobs == 0 || row.max_jobs_pa == 0 || row.max_jobs_pu == 0;
    for (const std::uint32_t limit :
         {row.grp_jobs, row.grp_submit_jobs, row.max_jobs_pa, row.max_jobs_pu,
          row.max_submit_jobs_pa, row.max_submit_jobs_pu, row.max_wall_pj, row.grp_wall})
        out.limited = out.limited || is_set(limit);
    for (const char* tres :
         {row.grp_tres, row.grp_tres_mins, row.grp_tres_run_mins, row.max_tres_pa, row.max_tres_pu,
          row.max_tres_pj, row.max_tres_pn, row.max_tres_mins_pj, row.max_tres_run_mins_pa,
          row.max_tres_run_mins_pu})
        out.limited = out.limited || is_set(tres);
    out.limited = out.limited || (row.preempt_mode != 0 && row.preempt_mode != NO_VAL16);
    return out;
}

void add_qos(Session& session, ports::ControllerSettings& out) {
    const auto rows = session.list<slurmdb_qos_rec_t>(
        "QOS", [](void* db) { return slurmdb_qos_get(db, nullptr); });
    if (rows)
        for (const slurmdb_qos_rec_t& row : *rows)
            out.qos.push_back(settings_of(row));
}

void add_purge(Session& session, ports::ControllerSettings& out) {
    if (!can_read_slurmdbd_config())
        return;
    const auto pairs =
        session.list<ConfigPair>("slurmdbd.conf", [](void* db) { return slurmdbd_config(db); });
    if (pairs)
        for (const ConfigPair& pair : *pairs)
            if (text_of(pair.name) == "PurgeUsageAfter")
                out.purge_usage_after = purge_after(text_of(pair.value));
}

} // namespace

Result<ports::ControllerSettings> SlurmInspector::controller(const model::PolicySet& set) {
    const auto answer = ask_slurmctld<slurm_conf_t>(
        cluster_, "slurmctld", [](auto** conf) { return slurm_load_ctl_conf(0, conf); });
    if (!answer)
        return answer.error();
    const slurm_conf_t& conf = **answer;
    ports::ControllerSettings out;
    out.version = text_of(conf.version);
    out.enforce = enforced(conf.accounting_storage_enforce);
    out.job_submit_plugins = split(text_of(conf.job_submit_plugins), ',');
    out.decay_half_life_s = conf.priority_decay_hl == NO_VAL ? 0 : conf.priority_decay_hl;
    out.usage_reset = reset_word(conf.priority_reset_period);
    // 0 where slurmctld does not report its time: no finding.
    out.clock_ahead_s = -ahead_of_slurmctld(cluster_).value_or(0);
    if (const auto local = local_slurm())
        out.built_for = local->version;
    Session session;
    if (auto rights = own_rights(session))
        out.rights = std::move(*rights);
    out.qos_weight = conf.priority_weight_qos;
    add_qos(session, out);
    add_purge(session, out);
    out.findings = findings(set, out);
    return out;
}

model::ClockReading SlurmTimeSources::controller(const std::string& cluster) {
    model::ClockReading reading{"slurmctld", std::nullopt};
    if (accounting_.controller_is_away(cluster))
        return reading;
    reading.ahead_s = ahead_of_slurmctld(cluster);
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
