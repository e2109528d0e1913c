// SPDX-License-Identifier: GPL-2.0-or-later
// Where the time comes from. Only main() and the plugin's init() name SystemClock; the core is
// handed instants.
#pragma once

#include "common/base/instant.hpp"

namespace sluice {

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

} // namespace sluice
