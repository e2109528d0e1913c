// SPDX-License-Identifier: GPL-2.0-or-later
// What slurm.conf on this host says. No RPC: works while slurmctld and slurmdbd are away.
#pragma once

#include "common/base/result.hpp"

#include <cstdint>
#include <string>

namespace sluice::slurm {

struct LocalSlurm {
    std::string cluster;
    std::uint32_t slurm_user = 0; // uid
    std::string conf_path;        // of the slurm.conf that was read
    std::string slurmdbd_host;
    std::uint16_t slurmdbd_port = 0;
    std::string version; // of the headers this was built with: "22.05.8"
};

// Reads slurm.conf, once a process ($SLURM_CONF, else where libslurm looks). not_found: no such
// file (libslurm itself would end the process).
Result<void> start_libslurm();
Result<LocalSlurm> local_slurm();

} // namespace sluice::slurm
