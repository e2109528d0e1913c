// SPDX-License-Identifier: GPL-2.0-or-later
// How long to wait before the next try: doubling up to a bound, with jitter so that many clients do
// not return to one server in step. Pure: the caller counts the failures and draws the number.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice {

template <class Duration>
struct Backoff {
    Duration first; // after the first failure
    Duration cap;
    int jitter_percent = 0; // of the wait, added at most

    // `failures` in a row, the last one included: at least 1. `random`: any number.
    constexpr Duration wait(std::int64_t failures, std::uint32_t random = 0) const {
        Duration step = first;
        for (std::int64_t i = 1; i < failures && step < cap; ++i)
            step *= 2;
        step = std::min(step, cap);
        return step + Duration(random % (step.count() * jitter_percent / 100 + 1));
    }
};

} // namespace sluice
