// SPDX-License-Identifier: GPL-2.0-or-later
// Values: what Slurm lets users do beyond their own jobs, as slurmctld knows it from slurmdbd.
#pragma once

#include "daemon/ports/inspector.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice::ports {

struct Role {
    AdminLevel admin_level = AdminLevel::none;
    std::vector<std::string> coordinates; // accounts, in lower case

    bool plain() const { return admin_level <= AdminLevel::none && coordinates.empty(); }
};

// By uid; plain users are left out.
struct Roles {
    std::map<std::uint32_t, Role> by_uid;
    std::chrono::steady_clock::time_point read{};
};

} // namespace sluice::ports
