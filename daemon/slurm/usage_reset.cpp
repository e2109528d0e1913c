// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/usage_reset.hpp"

#include "daemon/slurm/accounting.hpp"

#include <dlfcn.h>

namespace sluice::slurm {
namespace {

SluiceSendAccountingUpdate find_update() {
    return reinterpret_cast<SluiceSendAccountingUpdate>(
        dlsym(RTLD_DEFAULT, "slurmdb_send_accounting_update"));
}

Result<void> answer(int rc, int number) {
    if (rc == SLURM_SUCCESS)
        return {};
    const bool denied = number == EACCES || number == EPERM || number == ESLURM_ACCESS_DENIED;
    return Error{denied ? Errc::refused : Errc::unavailable,
                 std::string{"slurmctld: usage reset: "} + slurm_strerror(number) +
                     (denied ? "; only root and SlurmUser may" : "")};
}

Result<ClusterAddress> registered(Session& session, const std::string& cluster) {
    Result<ClusterAddress> address = cluster_address(session, cluster);
    if (address && address->host.empty())
        return Error{Errc::conflict,
                     "slurmctld of cluster " + cluster + " is not registered with slurmdbd"};
    return address;
}

} // namespace

bool can_reset_usage() {
    return find_update() != nullptr;
}

Result<void> reset_usage(Session& session, const std::string& cluster,
                         const std::vector<std::uint32_t>& associations) {
    const SluiceSendAccountingUpdate send = find_update();
    if (send == nullptr)
        return Error{Errc::internal, "this libslurm has no slurmdb_send_accounting_update; set "
                                     "raw_usage_reset: false, which needs none"};
    Result<ClusterAddress> address = registered(session, cluster);
    if (!address)
        return std::move(address).error();
    std::string name = cluster;
    std::vector<slurmdb_assoc_rec_t> records(associations.size());
    const RawList objects = slurm_list_create(nullptr);
    for (std::size_t k = 0; k < records.size(); ++k) {
        slurmdb_init_assoc_rec(&records[k], false);
        records[k].id = associations[k];
        records[k].cluster = name.data();
        slurm_list_append(objects, &records[k]);
    }
    slurmdb_update_object_t update{};
    update.type = SLURMDB_REMOVE_ASSOC_USAGE;
    update.objects = objects;
    const RawList updates = slurm_list_create(nullptr);
    slurm_list_append(updates, &update);
    errno = 0;
    const int rc =
        send(updates, name.data(), address->host.data(), address->port, address->rpc_version);
    const int number = rc > 0 ? rc : errno;
    slurm_list_destroy(updates);
    slurm_list_destroy(objects);
    return answer(rc, number);
}

} // namespace sluice::slurm
