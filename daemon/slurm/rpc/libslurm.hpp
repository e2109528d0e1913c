// SPDX-License-Identifier: GPL-2.0-or-later
// Starting libslurm, and slurm.conf on this host. No RPC: works while slurmctld and
// slurmdbd are away.
#pragma once

#include "common/base/result.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
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
// file (libslurm itself would end the process). internal: the program was linked without
// $(SLURM_SYMBOLS), see libslurm.cpp.
Result<void> start_libslurm();
Result<LocalSlurm> local_slurm();

// nullopt: this host has no such user.
std::optional<std::string> user_name(uid_t uid);

} // namespace sluice::slurm
