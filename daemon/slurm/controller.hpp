// SPDX-License-Identifier: GPL-2.0-or-later
// Which slurmctld a call of libslurm goes to. libslurm keeps that in a global (working_cluster_rec
// of slurmdb.h), so whoever asks one holds it for as long as the call takes.
#pragma once

#include "common/base/result.hpp"
#include "daemon/slurm/accounting.hpp"

#include <mutex>
#include <string>

namespace sluice::slurm {

// While it lives, this thread's calls go to the slurmctld of one cluster and no other thread asks
// any. Short: not over two calls, not while slurmdbd is asked.
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
// registered with slurmdbd, or of which note_controller() does not know yet.
Result<ControllerScope> slurmctld_of(const std::string& cluster);
// Where slurmdbd says that the slurmctld of a cluster is; of the local one slurm.conf tells. Asks
// slurmdbd when that has changed.
void note_controller(const std::string& cluster, const ClusterAddress& address);
// Whether anybody accepts connections there. Sends nothing; takes a second at most for each host.
bool slurmctld_listens(const std::string& cluster);

} // namespace sluice::slurm
