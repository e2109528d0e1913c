// SPDX-License-Identifier: GPL-2.0-or-later
// slurmctld's own counters and its view of users: one RPC to slurmctld, none to slurmdbd.
#include "daemon/slurm/accounting.hpp"
#include "daemon/slurm/controller.hpp"
#include "daemon/slurm/release.hpp"

#include <cmath>
#include <memory>

namespace sluice::slurm {
namespace {

constexpr long double kMax = 9.2e18L;

// The arrays go by slurmctld's order of TRES, which tres_names gives; the index is not the id.
std::map<std::string, Amount> counters(const assoc_mgr_info_msg_t& info,
                                       const slurmdb_assoc_usage_t& usage) {
    std::map<std::string, Amount> all;
    if (usage.usage_tres_raw == nullptr)
        return all;
    const std::uint32_t count = std::min(info.tres_cnt, usage.tres_cnt);
    for (std::uint32_t i = 0; i < count; ++i) {
        const long double raw = usage.usage_tres_raw[i];
        if (std::isfinite(raw) && raw >= 0 && raw < kMax)
            all.emplace(info.tres_names[i], static_cast<Amount>(std::llround(raw)));
    }
    return all;
}

} // namespace

bool SlurmAccounting::controller_is_away(const std::string& cluster) const {
    return slurmctld_away_.contains(cluster) && !slurmctld_listens(cluster);
}

void SlurmAccounting::note_answer(const std::string& cluster, bool answers) {
    if (answers)
        slurmctld_away_.erase(cluster);
    else
        slurmctld_away_.insert(cluster);
}

Result<ports::RawUsage> SlurmAccounting::raw_usage(const std::string& cluster) {
    if (controller_is_away(cluster))
        return Error{Errc::unavailable, "slurmctld: connection refused"};
    note_answer(cluster, false);
    auto scope = slurmctld_of(cluster);
    if (!scope)
        return std::move(scope).error();
    assoc_mgr_info_request_msg_t request{};
    request.flags = ASSOC_MGR_INFO_FLAG_ASSOC | ASSOC_MGR_INFO_FLAG_USERS;
    assoc_mgr_info_msg_t* answer = nullptr;
    errno = 0;
    const int rc = slurm_load_assoc_mgr_info(&request, &answer);
    const int number = errno;
    const std::unique_ptr<assoc_mgr_info_msg_t, Release> info{answer};
    if (rc != SLURM_SUCCESS || !info)
        return Error{Errc::unavailable,
                     std::string{"slurmctld: "} + slurm_strerror(number != 0 ? number : rc)};
    note_answer(cluster, true);
    ports::RawUsage raw;
    std::map<std::string, std::string> parents;
    for_each<slurmdb_assoc_rec_t>(info->assoc_list, [&](const slurmdb_assoc_rec_t& row) {
        const bool account = row.user == nullptr || *row.user == '\0';
        if (account && text_of(row.cluster) == cluster)
            parents.emplace(text_of(row.acct), text_of(row.parent_acct));
        if (account && row.usage != nullptr && text_of(row.cluster) == cluster)
            raw.accounts.emplace(text_of(row.acct), counters(*info, *row.usage));
    });
    for_each<slurmdb_user_rec_t>(info->user_list, [&](const slurmdb_user_rec_t& row) {
        raw.uids.emplace(text_of(row.name), row.uid);
        if (row.default_acct != nullptr)
            raw.default_accounts.emplace(text_of(row.name), row.default_acct);
    });
    if (has_moved(cluster, parents)) {
        raw.structure_is_old = true;
        read_.erase(cluster);
    }
    return raw;
}

} // namespace sluice::slurm
