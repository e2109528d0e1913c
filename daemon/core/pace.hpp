// SPDX-License-Identifier: GPL-2.0-or-later
// When to try again what could not be delivered: exponential, with jitter, without end, and never
// before the time that the other side asked for. Pure: time and chance are handed in.
#pragma once

#include "common/base/clock.hpp"
#include "daemon/ports/deliverer.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice::app {

// Of one target. One thread.
class Pace {
public:
    static constexpr std::chrono::seconds kFirst{5};
    static constexpr std::chrono::seconds kMax{600};
    // Nobody may silence us for longer.
    static constexpr std::chrono::seconds kMaxAsked{6 * 3600};

    // 5 s, 10 s, ... 10 min, and up to a quarter more by `chance`, so that many do not come back at
    // the same moment. `failures` >= 1: with the one that has just happened.
    static std::chrono::seconds
    wait(std::int64_t failures, std::optional<std::chrono::seconds> asked, std::uint32_t chance);

    // Takes note of an outcome and tells when this message may be tried again (of no meaning when
    // it is done or refused). `attempts`: of this message, before this one.
    Instant note(const ports::Delivery& delivery, std::int64_t attempts, Instant now,
                 std::uint32_t chance);
    // Nothing is tried before; in the past when the target is there.
    Instant open_from() const { return open_from_; }
    bool is_away() const { return failures_ > 0; }

private:
    std::int64_t failures_ = 0; // of the target, in a row
    Instant open_from_{};
};

} // namespace sluice::app
