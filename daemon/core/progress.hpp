// SPDX-License-Identifier: GPL-2.0-or-later
// How far the evaluation that runs has come, for those who look at the standings meanwhile: it may
// hang in slurmdbd or slurmctld for longer than people wait. Written by the loop's worker, read by
// any thread.
#pragma once

#include "common/base/thread.hpp"
#include "daemon/ports/service.hpp"

#include <optional>
#include <string>

namespace sluice::app {

// Thread-safe. Waits for nothing but its own lock.
class Progress {
public:
    void begin(Instant now, const std::string& trigger) {
        *state_.lock() = ports::UnderWay{now, trigger, "collect"};
    }
    // Of ports::UnderWay; nothing happens between evaluations.
    void enter(const char* phase) {
        auto state = state_.lock();
        if (*state)
            (*state)->phase = phase;
    }
    void end() { state_.lock()->reset(); }

    std::optional<ports::UnderWay> now() const { return *state_.lock(); }

private:
    mutable Guarded<std::optional<ports::UnderWay>> state_;
};

} // namespace sluice::app
