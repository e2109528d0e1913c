// SPDX-License-Identifier: GPL-2.0-or-later
// What `sluice doctor` checks. Pure: the daemon's answers in, findings with their remedies out.
#pragma once

#include "common/base/clock.hpp"
#include "common/json/json.hpp"

#include <string>
#include <vector>

namespace sluice::cli {

enum class Health {
    good,
    note,  // works, but worth knowing
    fault, // something does not work as the settings promise
};

struct Finding {
    Health health = Health::good;
    std::string check;  // one word: "settings", "plugin"
    std::string text;   // stands alone, without `check`
    std::string remedy; // "": no action needed
};

// The daemon's answers; {"error": "..."} for a request that failed.
struct Evidence {
    json::View status;        // /api/v1/status
    json::View plugin_server; // /api/v1/plugins
    json::View controller;    // /api/v1/controller
    json::View commands;      // /api/v1/commands
    json::View outbox;        // /api/v1/outbox
    Instant now{};
    std::string version; // of this program
};

// In the order of the chain from settings to refusal; at least one for each check.
std::vector<Finding> examine(const Evidence& evidence);

} // namespace sluice::cli
