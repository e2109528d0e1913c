// SPDX-License-Identifier: GPL-2.0-or-later
// Whether this host's clock is believed. Values only: daemon/core/clock_check.hpp makes them.
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

constexpr std::string_view name(ClockState state) {
    switch (state) {
    case ClockState::back:
        return "back";
    case ClockState::forward:
        return "forward";
    case ClockState::differs:
        return "differs";
    case ClockState::trusted:
        break;
    }
    return "trusted";
}

// This host's clock against another source of time.
struct ClockReading {
    std::string source;                  // "elapsed", "journal", "slurmctld", "slurmdbd"
    std::optional<std::int64_t> ahead_s; // of the source; negative: behind; nullopt: not known
};

struct ClockVerdict {
    ClockState state = ClockState::trusted;
    std::int64_t offset_s = 0; // of this host's clock against `against`; 0 while trusted
    std::string against;       // the source that decided
    std::vector<ClockReading> compared;

    bool trusted() const { return state == ClockState::trusted; }
};

// "the clock of this host went back by 86400 s"; "" while it is trusted.
inline std::string clock_text(const ClockVerdict& verdict) {
    const std::string seconds = std::to_string(std::llabs(verdict.offset_s)) + " s";
    const bool ahead = verdict.offset_s > 0;
    switch (verdict.state) {
    case ClockState::trusted:
        return "";
    case ClockState::back:
        if (verdict.against == "journal")
            return "the clock of this host is " + seconds +
                   " behind the newest record of the journal";
        return "the clock of this host went back by " + seconds;
    case ClockState::forward:
        return "the clock of this host went forward by " + seconds +
               " more than the elapsed time allows";
    case ClockState::differs:
        break;
    }
    return "the clock of this host is " + seconds + (ahead ? " ahead of " : " behind ") +
           verdict.against + "'s";
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
