// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/core/pace.hpp"

#include <algorithm>

namespace sluice::app {

std::chrono::seconds Pace::wait(std::int64_t failures, std::optional<std::chrono::seconds> asked,
                                std::uint32_t chance) {
    auto wait = kFirst;
    for (std::int64_t i = 1; i < failures && wait < kMax; ++i)
        wait *= 2;
    wait = std::min(wait, kMax);
    wait += std::chrono::seconds{chance % static_cast<std::uint32_t>(wait.count() / 4 + 1)};
    if (asked)
        wait = std::max(wait, std::min(*asked, kMaxAsked));
    return wait;
}

Instant Pace::note(const ports::Delivery& delivery, std::int64_t attempts, Instant now,
                   std::uint32_t chance) {
    if (delivery.result != ports::Delivered::target_away) {
        failures_ = 0;
        open_from_ = {};
        return now + wait(attempts + 1, delivery.retry_after, chance);
    }
    ++failures_;
    open_from_ = now + wait(failures_, delivery.retry_after, chance);
    return open_from_;
}

} // namespace sluice::app
