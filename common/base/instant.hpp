// SPDX-License-Identifier: GPL-2.0-or-later
// One type for a point in time: whole seconds since the epoch, UTC. Local time exists only at the
// edges (zone.hpp).
#pragma once

#include <chrono>
#include <cstdint>

namespace sluice {

using Instant = std::chrono::sys_seconds;

constexpr Instant instant(std::int64_t epoch_seconds) {
    return Instant{std::chrono::seconds{epoch_seconds}};
}
constexpr std::int64_t epoch(Instant at) {
    return at.time_since_epoch().count();
}

// Half-open: a boundary instant belongs to the window that begins there.
struct Window {
    Instant begin{};
    Instant end{};

    friend bool operator==(const Window&, const Window&) = default;
};

} // namespace sluice
