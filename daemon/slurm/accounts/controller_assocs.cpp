// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/accounts/controller_assocs.hpp"

#include "daemon/slurm/accounts/associations.hpp"
#include "daemon/slurm/rpc/controller.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::slurm {
namespace {

Result<Owned<assoc_mgr_info_msg_t>> load(const std::string& cluster,
                                         assoc_mgr_info_request_msg_t request) {
    return ask_slurmctld<assoc_mgr_info_msg_t>(cluster, "slurmctld", [&](auto** answer) {
        return slurm_load_assoc_mgr_info(&request, answer);
    });
}

constexpr long double kMax = 9.2e18L;

// The arrays are in slurmctld's order of TRES, which tres_names has; the index is not the id.
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

Result<std::vector<model::Association>>
live_associations(const model::Structure& names, const std::vector<std::string>& accounts) {
    const StringList wanted{accounts};
    assoc_mgr_info_request_msg_t request{};
    request.flags = ASSOC_MGR_INFO_FLAG_ASSOC;
    if (!accounts.empty())
        request.acct_list = wanted.get();
    const auto info = load(names.cluster, request);
    if (!info)
        return info.error();
    const AssociationReader reader{names, AssociationReader::Source::slurmctld};
    std::vector<model::Association> rows;
    for_each<slurmdb_assoc_rec_t>((*info)->assoc_list, [&](const slurmdb_assoc_rec_t& row) {
        if (text_of(row.cluster) == names.cluster)
            rows.push_back(reader.read(row));
    });
    return rows;
}

Result<ControllerUsage> controller_usage(const std::string& cluster) {
    assoc_mgr_info_request_msg_t request{};
    request.flags = ASSOC_MGR_INFO_FLAG_ASSOC | ASSOC_MGR_INFO_FLAG_USERS;
    const auto answer = load(cluster, request);
    if (!answer)
        return answer.error();
    const assoc_mgr_info_msg_t& info = **answer;
    ControllerUsage all;
    for_each<slurmdb_assoc_rec_t>(info.assoc_list, [&](const slurmdb_assoc_rec_t& row) {
        if (!text_of(row.user).empty() || text_of(row.cluster) != cluster)
            return;
        all.parents.emplace(text_of(row.acct), text_of(row.parent_acct));
        if (row.usage != nullptr)
            all.raw.accounts.emplace(text_of(row.acct), counters(info, *row.usage));
    });
    for_each<slurmdb_user_rec_t>(info.user_list, [&](const slurmdb_user_rec_t& row) {
        all.raw.uids.emplace(text_of(row.name), row.uid);
        if (row.default_acct != nullptr)
            all.raw.default_accounts.emplace(text_of(row.name), row.default_acct);
    });
    return all;
}

} // namespace sluice::slurm
