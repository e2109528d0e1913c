// SPDX-License-Identifier: GPL-2.0-or-later
// Whether this host's clock is trusted. Values only: the daemon's clock check makes them.
#pragma once

#include "common/base/clock.hpp"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

enum class ClockState {
    trusted,
    back,    // earlier than it was, or than the newest record of the journal
    forward, // later than the time elapsed since the last evaluation allows
    differs, // from the clock of slurmctld or slurmdbd
};

// In the order of ClockState.
inline constexpr std::string_view kClockStateNames[] = {"trusted", "back", "forward", "differs"};

constexpr std::string_view name(ClockState state) {
    return kClockStateNames[static_cast<std::size_t>(state)];
}

// This host's clock against another source of time.
struct ClockReading {
    std::string source;                  // "elapsed", "journal", "slurmctld", "slurmdbd"
    std::optional<std::int64_t> ahead_s; // of the source; negative: behind; nullopt: not known
};

struct ClockResult {
    ClockState state = ClockState::trusted;
    std::int64_t offset_s = 0; // of this host's clock against `against`; 0 while trusted
    std::string against;       // the source that decided
    std::vector<ClockReading> compared;

    bool trusted() const { return state == ClockState::trusted; }
};

// "the clock of this host went back by 86400 s"; "" while it is trusted.
inline std::string clock_text(const ClockResult& result) {
    if (result.trusted())
        return "";
    const std::string seconds = std::to_string(std::llabs(result.offset_s)) + " s";
    const std::string clock = "the clock of this host ";
    if (result.state == ClockState::forward)
        return clock + "went forward by " + seconds + " more than the elapsed time allows";
    if (result.state == ClockState::differs)
        return clock + "is " + seconds + (result.offset_s > 0 ? " ahead of " : " behind ") +
               result.against + "'s";
    if (result.against == "journal")
        return clock + "is " + seconds + " behind the newest record of the journal";
    return clock + "went back by " + seconds;
}

// A person confirmed that this host's time is right.
struct ClockAccept {
    std::int64_t id = 0;
    Instant at{};              // by this host's clock
    std::int64_t offset_s = 0; // that was confirmed
    std::string reason;
    std::string by;
};

} // namespace sluice::model
