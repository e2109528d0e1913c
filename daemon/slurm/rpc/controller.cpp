// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/rpc/controller.hpp"

#include "common/base/files.hpp"
#include "daemon/slurm/rpc/libslurm.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
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
    return cluster.empty() || cluster == folded_name(slurm_conf.cluster_name);
}

struct FreeAddresses {
    void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

bool connects(const addrinfo& address) {
    const UniqueFd fd{
        socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
    if (!fd)
        return false;
    if (connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS)
        return false;
    pollfd wait{fd.get(), POLLOUT, 0};
    if (poll(&wait, 1, static_cast<int>(kPatience.count())) != 1)
        return false;
    int failure = 0;
    socklen_t length = sizeof failure;
    return getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failure, &length) == 0 && failure == 0;
}

bool listens(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
        return false;
    const std::unique_ptr<addrinfo, FreeAddresses> list{found};
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next)
        if (connects(*address))
            return true;
    return false;
}

} // namespace

Result<ClusterAddress> cluster_address(Session& session, const std::string& cluster) {
    slurmdb_cluster_cond_t cond{};
    slurmdb_init_cluster_cond(&cond, false);
    const StringList names{{cluster}};
    cond.cluster_list = names.get();
    auto rows = session.list<slurmdb_cluster_rec_t>(
        "clusters", [&](void* db) { return slurmdb_clusters_get(db, &cond); });
    if (!rows)
        return std::move(rows).error();
    for (const slurmdb_cluster_rec_t& row : *rows)
        if (folded_name(row.name) == cluster)
            return ClusterAddress{text_of(row.control_host),
                                  static_cast<std::uint16_t>(row.control_port), row.rpc_version};
    return Error{Errc::not_found, "slurmdbd has no cluster " + cluster};
}

Error controller_error(std::string_view what, int number) {
    return {Errc::unavailable, std::string{what} + ": " + slurm_strerror(number)};
}

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
        return Error{Errc::unavailable,
                     "slurmctld of cluster " + cluster + " is not registered with slurmdbd"};
    for (slurmdb_cluster_rec_t& row : *found->second.records)
        working_cluster_rec = &row;
    return ControllerScope(std::move(lock));
}

void note_controller(const std::string& cluster, const ClusterAddress& address) {
    const std::unique_lock<std::mutex> lock(remotes().calls);
    if (is_local(cluster))
        return;
    Remote& remote = remotes().by_cluster[cluster];
    if (remote.records && remote.address == address)
        return;
    remote.address = address;
    remote.records.reset();
    // A slurmctld that ends in order takes its address back.
    if (address.host.empty() || address.port == 0)
        return;
    // Unlike slurmdb_clusters_get() this call fills in what a connection needs (slurmdb_defs.c,
    // slurmdb_get_info_cluster).
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
    return std::any_of(hosts.begin(), hosts.end(),
                       [&](const std::string& host) { return listens(host, port); });
}

} // namespace sluice::slurm
