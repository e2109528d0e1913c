// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps a command that fails again and again from being tried, recorded and logged in every cycle.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/model/command.hpp"

#include <map>
#include <optional>
#include <string>

namespace sluice::app {

// Association and kind of change: of two commands with one key the later one counts.
std::string command_key(const model::Command& command);

// One thread.
class Backoff {
public:
    static constexpr std::chrono::seconds kFirst{60};
    static constexpr std::chrono::seconds kMax{3600};

    // nullptr: try it now. Else why it failed last time; it has to wait. A command that differs
    // from the one that failed is tried at once.
    const std::string* waits(const model::Command& command, Instant now) const;
    // The first failure costs no wait (it may have been an accident), then kFirst, doubling.
    void note(const model::Command& command, const std::optional<Error>& failure, Instant now);

private:
    struct Failed {
        model::Command command;
        std::string why;
        std::chrono::seconds wait{0};
        Instant next{};
    };
    std::map<std::string, Failed> failed_; // by association and type
};

} // namespace sluice::app
