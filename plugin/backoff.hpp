// SPDX-License-Identifier: GPL-2.0-or-later
// How long to wait before the next try: doubling up to a bound, with jitter so that many clusters
// do not come back to one daemon in step. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice::plugin {

class Backoff {
public:
    static constexpr std::chrono::milliseconds kFirst{500};
    // A daemon that was restarted is heard within seconds; one connect in that time is nothing.
    static constexpr std::chrono::milliseconds kMax{5'000};

    // `random`: any number. Between half of the step and the whole step.
    std::chrono::milliseconds next(std::uint32_t random) {
        const auto step = step_;
        step_ = std::min(step_ * 2, kMax);
        const auto half = step.count() / 2;
        return std::chrono::milliseconds{half + static_cast<std::int64_t>(random) % (half + 1)};
    }
    void reset() { step_ = kFirst; }

private:
    std::chrono::milliseconds step_ = kFirst;
};

} // namespace sluice::plugin
