// SPDX-License-Identifier: GPL-2.0-or-later
// One type for a point in time: whole seconds since the epoch, UTC. Local time exists only at the
// edges (zone.hpp).
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>

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

// Where the time comes from. Only main() and the plugin's init() name SystemClock; the core is
// handed instants.

struct Clock {
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;
    virtual Instant now() const = 0;
};

struct SystemClock final : Clock {
    Instant now() const override {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
};

// The time that has elapsed since the host booted, suspension included: no one can set it.
struct ElapsedClock {
    ElapsedClock() = default;
    ElapsedClock(const ElapsedClock&) = delete;
    ElapsedClock& operator=(const ElapsedClock&) = delete;
    virtual ~ElapsedClock() = default;
    virtual std::chrono::seconds since_boot() const = 0;
};

struct BootClock final : ElapsedClock {
    std::chrono::seconds since_boot() const override {
        timespec now{};
        ::clock_gettime(CLOCK_BOOTTIME, &now);
        return std::chrono::seconds{now.tv_sec};
    }
};

} // namespace sluice
