// SPDX-License-Identifier: GPL-2.0-or-later
// A clock that a test sets.
#pragma once

#include "common/base/clock.hpp"

#include <atomic>

namespace sluice::test {

struct FixedClock final : Clock {
    explicit FixedClock(Instant at) : at_(epoch(at)) {}
    Instant now() const override { return instant(at_.load()); }
    void set(Instant at) { at_ = epoch(at); }
    void advance(std::chrono::seconds by) { at_ += by.count(); }

private:
    std::atomic<std::int64_t> at_;
};

} // namespace sluice::test
