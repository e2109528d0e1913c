// SPDX-License-Identifier: GPL-2.0-or-later
// TRES and QOS as slurmdbd numbers them, and the component a site grants in terms of one TRES.
#pragma once

#include "common/base/decimal.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::model {

struct Tres {
    std::uint32_t id = 0; // slurmdbd's: 1 cpu, 2 mem, 4 node, 5 billing, 1001.. gres
    std::string name; // "cpu", "mem", "node", "billing", "gres/gpu", "gres/gpu:a100", "license/x"
};

struct Qos {
    std::uint32_t id = 0;
    std::string name;
};

// What the site grants. One unit is `unit_factor` TRES-minutes (60: hours, the default).
struct Component {
    std::string name; // "node_hours"
    std::string tres; // "node"
    Decimal unit_factor = Decimal::whole(60);
};

} // namespace sluice::model
