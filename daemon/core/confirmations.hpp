// SPDX-License-Identifier: GPL-2.0-or-later
// Changes that slurmdbd has taken and that nobody has seen in slurmctld yet. A commit may report
// success and be lost, and slurmdbd may fail to tell slurmctld: what is not shown within the time
// allowed becomes a failed command, an alarm, and a command of the next cycle again.
#pragma once

#include "common/base/clock.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "daemon/core/backoff.hpp"
#include "daemon/ports/enforcer.hpp"
#include "daemon/ports/journal.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::app {

// One thread: the cycle's.
class Confirmations {
public:
    using Time = std::chrono::steady_clock::time_point;
    // Between two looks at slurmctld while something is not shown.
    static constexpr std::chrono::milliseconds kEvery{500};

    Confirmations(ports::Enforcer& enforcer, ports::Journal& journal, const Clock& clock)
        : enforcer_(enforcer), journal_(journal), clock_(clock) {}

    // What the journal has as unconfirmed, from an earlier process or because it was away; does
    // nothing when there can be none.
    void restore(const std::string& cluster, std::chrono::seconds timeout);
    // A command that was done. `decided`: when its cycle began. An older one of its kind for the
    // same association is not waited for any longer.
    void expect(const ports::CommandRecord& record, Time decided, std::chrono::seconds timeout);
    // Looks at slurmctld once. Without an answer nothing is late: the time allowed begins anew.
    void check(const model::Structure& structure, std::chrono::seconds timeout, Backoff& backoff);
    // Adds late commands that slurmdbd has and slurmctld does not show, and tells of them.
    void retry(const model::Structure& structure, model::Plan& plan);
    // When to look again; nullopt: nothing to look for, or slurmctld is away.
    std::optional<Time> due() const;

private:
    struct Watched {
        std::int64_t id = 0;
        model::Command command;
        Time decided{};
        Time deadline{};
        bool late = false;
    };

    void close(const Watched& watched, std::optional<Error> failure);
    bool settle(Watched& watched, bool shown, Time now, Backoff& backoff);

    ports::Enforcer& enforcer_;
    ports::Journal& journal_;
    const Clock& clock_;
    std::map<std::string, Watched> watched_; // by command_key()
    std::optional<Time> due_;
    bool restored_ = false;
};

} // namespace sluice::app
