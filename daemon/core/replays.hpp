// SPDX-License-Identifier: GPL-2.0-or-later
// Replays policies over the usage in slurmdbd, in the threads of the HTTP requests that ask for it
// and beside the cycles: without a request nothing is read or computed. Decides nothing that
// counts.
#pragma once

#include "common/base/thread.hpp"
#include "common/policy/replay.hpp"
#include "daemon/core/config_file.hpp"
#include "daemon/core/loop.hpp"
#include "daemon/core/sources.hpp"
#include "daemon/ports/replays.hpp"
#include "daemon/ports/usage_history.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace sluice::core {

// The replay that is kept.
struct ReplayRun {
    ports::ReplayState state;
    std::string by;
    std::shared_ptr<const Rules> rules; // has the zone of `replay`
    std::shared_ptr<const model::Structure> structure;
    std::unique_ptr<policy::Replay> replay; // nullptr: done

    void finish();
};

class DaemonReplays final : public ports::Replays {
public:
    // Without a request for this long, another person's replay may replace it.
    static constexpr std::chrono::seconds kAbandoned{30};
    // Without a request for this long, a replay that is not done is forgotten.
    static constexpr std::chrono::minutes kForgotten{10};
    static constexpr std::chrono::milliseconds kSlice{500};

    // All must outlive it.
    DaemonReplays(const Loop& loop, const Sources& sources, ports::RolledUsage& rolled,
                  std::chrono::milliseconds slice = kSlice)
        : loop_(loop), sources_(sources), rolled_(rolled), slice_(slice) {}

    // Outlives it. Before any call; without it only the rules in force are replayed.
    void use_file(ConfigFile& file) { file_ = &file; }

    Result<ports::ReplayState> begin(const ports::ReplayRequest& request) override;
    Result<ports::ReplayState> proceed(std::int64_t id) override;

    using Time = std::chrono::steady_clock::time_point;
    // Frees the usage that an abandoned replay has read. Does not wait for a request that works.
    void forget_abandoned(Time now);

private:
    Result<std::shared_ptr<const Rules>> rules_of(const ports::ReplayRequest& request) const;
    Result<void> read(ReplayRun& run, Time until);

    const Loop& loop_;
    const Sources& sources_;
    ports::RolledUsage& rolled_;
    const std::chrono::milliseconds slice_;
    ConfigFile* file_ = nullptr;
    struct State {
        std::int64_t last_id = 0;
        std::optional<ReplayRun> run;
    };
    Guarded<State> state_;
    std::atomic<Time> asked_{Time{}}; // the last request for a replay came, or ended
};

} // namespace sluice::core
