// SPDX-License-Identifier: GPL-2.0-or-later
// Commands that have to be done again: those that failed, and those that slurmctld does not show.
#pragma once

#include "common/base/backoff.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "daemon/ports/enforcer.hpp"
#include "daemon/ports/journal.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::core {

// Association and kind of change: of two commands with one key the later one counts.
std::string command_key(const model::Command& command);

// Keeps a command that fails again and again from being tried, recorded and logged in every cycle.
// One thread: the cycle's.
class CommandBackoff {
public:
    static constexpr Backoff<std::chrono::seconds> kBackoff{std::chrono::minutes{1},
                                                            std::chrono::hours{1}};

    // nullptr: try it now. Else it has to wait: why it failed last time. A command that differs
    // from the one that failed is tried at once.
    const std::string* waits(const model::Command& command, Instant now) const;
    // The first failure costs no wait (it may pass at once), the ones after that kBackoff.
    void note(const model::Command& command, const std::optional<Error>& failure, Instant now);

private:
    struct Failed {
        model::Command command;
        std::string why;
        std::int64_t repeats = 0; // failures in a row after the first
        Instant next{};
    };
    std::map<std::string, Failed> failed_; // by association and type
};

// Changes that slurmdbd has and slurmctld has not shown yet. A commit may report success and be
// lost, and slurmdbd may fail to inform slurmctld: what is not shown within the time allowed
// becomes a failed command, an alarm, and a command of the next cycle again. One thread: the
// cycle's.
class Confirmations {
public:
    using Time = std::chrono::steady_clock::time_point;
    // Between two questions to slurmctld while a change is not shown.
    static constexpr std::chrono::milliseconds kEvery{500};

    Confirmations(ports::Enforcer& enforcer, ports::CycleStore& journal, const Clock& clock)
        : enforcer_(enforcer), journal_(journal), clock_(clock) {}

    // Takes over what is unconfirmed in the journal, from an earlier process or because the journal
    // was away. Once; does nothing after that.
    void restore(const std::string& cluster, std::chrono::seconds timeout);
    // The commands of a cycle, of which it waits for those that succeeded. `decided`: when the
    // cycle began. An older command of its kind for the same association is not waited for any
    // longer.
    void expect(std::span<const ports::CommandRecord> records, Time decided,
                std::chrono::seconds timeout);
    // Asks slurmctld once. Without an answer no change is late: the time allowed begins anew.
    void check(const model::Structure& structure, std::chrono::seconds timeout,
               CommandBackoff& backoff);
    // Adds to the plan the late commands that slurmdbd has and slurmctld does not show, each with a
    // problem.
    void retry(const model::Structure& structure, model::Plan& plan);
    // When to call check() again; nullopt: no change is waited for, or slurmctld is away.
    std::optional<Time> due() const;

private:
    struct Watched {
        std::int64_t id = 0;
        model::Command command;
        Time decided{};
        Time deadline{};
        bool late = false;
    };

    using Closed = std::vector<ports::Confirmation>;

    void watch(const ports::CommandRecord& record, Time decided, Time deadline, Closed& closed);
    bool settle(Watched& watched, bool shown, Time now, CommandBackoff& backoff, Closed& closed);
    ports::Confirmation result(const Watched& watched, std::optional<Error> failure) const;
    void write(const Closed& closed);

    ports::Enforcer& enforcer_;
    ports::CycleStore& journal_;
    const Clock& clock_;
    std::map<std::string, Watched> watched_; // by command_key()
    std::optional<Time> due_;
    bool restored_ = false;
};

} // namespace sluice::core
