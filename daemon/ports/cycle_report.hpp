// SPDX-License-Identifier: GPL-2.0-or-later
// Values: what a cycle decided and did, as the daemon shows it.
#pragma once

#include "common/base/clock.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/tres.hpp"
#include "daemon/ports/journal.hpp"
#include "daemon/ports/roles.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::ports {

// What is sent about one account, by the messages that are new.
struct NoticeReport {
    std::string account;
    std::string level;                   // "notify", "downscale", "pause", "restore"
    std::vector<std::string> recipients; // of mails
    bool webhook = false;
};

// The last cycle, as it was decided and applied.
struct CycleReport {
    std::string cluster;
    Instant at{}; // by the time that the cycle reckoned with
    model::ClockResult clock;
    std::int64_t clock_ahead_s = 0; // this host's clock, of `at`; 0 while it is trusted
    std::string trigger; // as Order's: "timer", "start", "boundary", "person", "reload" ...
    bool dry_run = false;
    std::int64_t duration_ms = 0;
    model::Decision decision;
    model::Plan plan;
    std::vector<CommandRecord> applied;   // of this cycle, with outcome; empty for a dry run
    std::vector<NoticeReport> notices;    // left to the outbox; a dry run: that would be
    std::vector<model::Problem> problems; // plan's and those met while applying
    std::string error; // the cycle could not be done: why; figures are then the last good ones
    // What was decided from: one for each window that the policies ask for. Never nullptr. All
    // accounts that were evaluated, to be cut to what a viewer may see.
    std::shared_ptr<const std::vector<model::WindowUsage>> usage =
        std::make_shared<const std::vector<model::WindowUsage>>();
    std::int64_t usage_age = 0; // seconds; 0: fresh, else its source failed and older ones stand in
    std::vector<model::User> users; // for the accounts of a viewer
    // Of the last answer of slurmctld, whenever that was. nullptr: it has never answered.
    std::shared_ptr<const Roles> roles;
    // account -> parent ("" for root): a viewer also sees what bounds their accounts from above
    std::map<std::string, std::string> parents;
};

// One line on a cycle that was done.
struct CycleSummary {
    Instant at{};
    std::string trigger;
    std::int64_t duration_ms = 0;
    std::size_t accounts = 0;
    std::size_t commands = 0;
    std::size_t failed = 0; // of the commands
    std::size_t problems = 0;
    std::string error;
};

// An evaluation that runs and may change standings. Until it ends, last_cycle() is the one before,
// while the plugin and Slurm may have the new standings already.
struct UnderWay {
    Instant since{};
    std::string trigger; // as CycleReport's
    std::string phase;   // "collect", "decide", "record", "publish", "apply", "confirm"
    // How far the phase is: accounts whose usage has been read; changes in the plan, of which none
    // is counted as done. 0: not known.
    std::size_t done = 0;
    std::size_t total = 0;

    // "collect, 3400 of 10104 accounts", "apply, 12 changes", "decide"
    std::string progress() const {
        if (total == 0)
            return phase;
        return phase == "collect"
                   ? phase + ", " + std::to_string(done) + " of " + std::to_string(total) +
                         " accounts"
                   : phase + ", " + std::to_string(total) + (total == 1 ? " change" : " changes");
    }
};

} // namespace sluice::ports
