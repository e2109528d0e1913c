// SPDX-License-Identifier: GPL-2.0-or-later
// Which slurmctld a call of libslurm goes to. libslurm keeps that in a global (working_cluster_rec
// of slurmdb.h), so a caller owns it for as long as the call takes. Calls may come from any thread.
#pragma once

#include "common/base/result.hpp"
#include "daemon/slurm/rpc/connection.hpp"

#include <mutex>
#include <string>
#include <string_view>

namespace sluice::slurm {

// Control host, port and protocol of a cluster, as slurmdbd knows them.
struct ClusterAddress {
    std::string host; // "" while its slurmctld is not registered
    std::uint16_t port = 0;
    std::uint16_t rpc_version = 0;

    friend bool operator==(const ClusterAddress&, const ClusterAddress&) = default;
};

// not_found: slurmdbd has no such cluster.
Result<ClusterAddress> cluster_address(Session& session, const std::string& cluster);

// While it lives, this thread's calls go to the slurmctld of one cluster, and no other thread calls
// a slurmctld. Short: one call, no call to slurmdbd.
class ControllerScope {
public:
    explicit ControllerScope(std::unique_lock<std::mutex> lock) : lock_(std::move(lock)) {}
    ControllerScope(ControllerScope&&) noexcept = default;
    ControllerScope& operator=(ControllerScope&&) = delete;
    ~ControllerScope();

private:
    std::unique_lock<std::mutex> lock_;
};

// Starts libslurm. "" is the local cluster. unavailable: another cluster whose slurmctld is not
// registered with slurmdbd, or that note_controller() has not named yet.
Result<ControllerScope> slurmctld_of(const std::string& cluster);
// The address that slurmdbd has for the slurmctld of a cluster; slurm.conf has that of the local
// one. Asks slurmdbd when the address has changed.
void note_controller(const std::string& cluster, const ClusterAddress& address);
// Whether a connection to that slurmctld is accepted. Sends nothing. May block for the name service
// and then for a second for each address.
bool slurmctld_listens(const std::string& cluster);

Error controller_error(std::string_view what, int number);

// One RPC to the slurmctld of `cluster`. `call(&message)` returns 0 for success. unavailable:
// slurmctld did not answer; the error begins with `what`.
template <class Message, class Call>
Result<Owned<Message>> ask_slurmctld(const std::string& cluster, std::string_view what,
                                     Call&& call) {
    auto scope = slurmctld_of(cluster);
    if (!scope)
        return std::move(scope).error();
    Message* raw = nullptr;
    errno = 0;
    const int rc = call(&raw);
    const int number = errno;
    Owned<Message> message{raw};
    if (rc != SLURM_SUCCESS || !message)
        return controller_error(what, number != 0 ? number : rc);
    return message;
}

} // namespace sluice::slurm
