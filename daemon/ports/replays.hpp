// SPDX-License-Identifier: GPL-2.0-or-later
// Driving port: policies over the usage that slurmdbd has, for staff who try them. Changes nothing.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/model/scenario.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::ports {

struct ReplayRequest {
    std::optional<std::string> config; // text of a sluiced.yaml; nullopt: the rules in force
    std::string from;                  // as people type times
    std::string until;                 // "": now
    std::string by;                    // who asks
};

struct ReplayState {
    enum class Phase { usage, days, done };

    std::int64_t id = 0;
    Phase phase = Phase::usage;
    std::size_t done = 0; // of the accounts or days of the phase
    std::size_t total = 0;
    Window time{};               // of the days
    std::optional<Window> known; // what rollups cover; nullopt: nothing yet
    Instant usage_from{};        // usage before `time` that is needed, too
    std::size_t accounts = 0;
    std::size_t normal = 0; // accounts that were never anything else; once done
    // By account and day, without accounts that stay normal; nullptr: not done.
    std::shared_ptr<const std::vector<model::StandingSpan>> standings;
};

// Thread-safe. Waits for slurmdbd.
class Replays {
public:
    Replays() = default;
    Replays(const Replays&) = delete;
    Replays& operator=(const Replays&) = delete;
    virtual ~Replays() = default;

    // Forgets the replay before. malformed: time or config, with what is wrong; not_found: no
    // account has an allocation; conflict: another person's replay is under way.
    virtual Result<ReplayState> begin(const ReplayRequest& request) = 0;
    // Works on it for half a second or so: a replay whose client is gone takes no more time.
    // not_found: no such replay; unavailable: slurmdbd is away, or has no usage of that time: it
    // can be asked again.
    virtual Result<ReplayState> proceed(std::int64_t id) = 0;
};

} // namespace sluice::ports
