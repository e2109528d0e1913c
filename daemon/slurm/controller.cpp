// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/controller.hpp"

#include "daemon/slurm/list.hpp"
#include "daemon/slurm/slurm_conf.hpp"
#include "daemon/slurm/tcp_probe.hpp"

#include <chrono>
#include <map>
#include <optional>

namespace sluice::slurm {
namespace {

constexpr std::chrono::milliseconds kPatience{1000};

struct Remote {
    ClusterAddress address;
    std::optional<SlurmList<slurmdb_cluster_rec_t>> records; // libslurm's, one row
};

struct Remotes {
    std::mutex calls; // held while a slurmctld is asked
    std::map<std::string, Remote> by_cluster;
};

Remotes& remotes() {
    static Remotes all;
    return all;
}

bool is_local(const std::string& cluster) {
    return cluster.empty() || cluster == text_of(slurm_conf.cluster_name);
}

Error nowhere(const std::string& cluster) {
    return {Errc::unavailable,
            "slurmctld: that of cluster " + cluster + " is not registered with slurmdbd"};
}

bool same(const ClusterAddress& a, const ClusterAddress& b) {
    return a.host == b.host && a.port == b.port && a.rpc_version == b.rpc_version;
}

bool any_listens(const std::vector<std::string>& hosts, std::uint16_t port) {
    for (const auto& host : hosts)
        if (listens(host, port, kPatience))
            return true;
    return false;
}

} // namespace

ControllerScope::~ControllerScope() {
    if (lock_.owns_lock())
        working_cluster_rec = nullptr;
}

Result<ControllerScope> slurmctld_of(const std::string& cluster) {
    std::unique_lock<std::mutex> lock(remotes().calls);
    if (Result<void> ready = start_libslurm(); !ready)
        return std::move(ready).error();
    if (is_local(cluster))
        return ControllerScope(std::move(lock));
    const auto found = remotes().by_cluster.find(cluster);
    if (found == remotes().by_cluster.end() || !found->second.records)
        return nowhere(cluster);
    for (slurmdb_cluster_rec_t& row : *found->second.records)
        working_cluster_rec = &row;
    return ControllerScope(std::move(lock));
}

void note_controller(const std::string& cluster, const ClusterAddress& address) {
    const std::unique_lock<std::mutex> lock(remotes().calls);
    if (is_local(cluster))
        return;
    Remote& remote = remotes().by_cluster[cluster];
    if (remote.records && same(remote.address, address))
        return;
    remote.address = address;
    remote.records.reset();
    // A slurmctld that ends in order takes its address back.
    if (address.host.empty() || address.port == 0)
        return;
    // Unlike slurmdb_clusters_get() it makes the record one that calls may go to.
    std::string name = cluster;
    SlurmList<slurmdb_cluster_rec_t> records{slurmdb_get_info_cluster(name.data())};
    if (records && records.size() == 1)
        remote.records.emplace(std::move(records));
}

bool slurmctld_listens(const std::string& cluster) {
    std::vector<std::string> hosts;
    std::uint16_t port = 0;
    {
        const std::unique_lock<std::mutex> lock(remotes().calls);
        if (is_local(cluster)) {
            for (std::uint32_t i = 0; i < slurm_conf.control_cnt; ++i)
                hosts.push_back(text_of(slurm_conf.control_addr[i]));
            port = static_cast<std::uint16_t>(slurm_conf.slurmctld_port);
        } else if (const auto found = remotes().by_cluster.find(cluster);
                   found != remotes().by_cluster.end() && found->second.records) {
            hosts.push_back(found->second.address.host);
            port = found->second.address.port;
        }
    }
    return any_listens(hosts, port);
}

} // namespace sluice::slurm
