// SPDX-License-Identifier: GPL-2.0-or-later
// Driving port: what the daemon answers to people and programs. The HTTP adapter cycles requests
// into these calls and values into JSON; it decides nothing but who may ask.
#pragma once

#include "common/base/result.hpp"
#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/preview.hpp"
#include "common/model/usage.hpp"
#include "daemon/ports/backups.hpp"
#include "daemon/ports/inspector.hpp"
#include "daemon/ports/journal.hpp"
#include "daemon/ports/ledger.hpp"
#include "daemon/ports/outbox.hpp"
#include "daemon/ports/publisher.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::ports {

// Who asks. Users see only the accounts they have an association with.
struct Viewer {
    std::uint32_t uid = 0;
    bool staff = false;     // root, SlurmUser
    std::string name = {};  // as the ledger shall have it; "": by uid
    bool reads_all = false; // sees what staff see, changes nothing

    bool sees_all() const { return staff || reads_all; }
};

// The last cycle, as it was decided and applied.
struct CycleReport {
    std::string cluster;
    Instant at{}; // by the time that the cycle reckoned with
    model::ClockVerdict clock;
    std::int64_t clock_ahead_s = 0; // this host's clock, of `at`; 0 while it is trusted
    std::string trigger; // as Order's: "timer", "start", "boundary", "person", "reload" ...
    bool dry_run = false;
    std::int64_t duration_ms = 0;
    model::Decision decision;
    model::Plan plan;
    std::vector<CommandRecord> applied;   // of this cycle, with outcome; empty for a dry run
    std::vector<model::Problem> problems; // plan's and those met while applying
    std::string error; // the cycle could not be done: why; figures are then the last good ones
    // What was decided from: one for each window that the policies ask for. Never nullptr. All
    // accounts that were judged, so to be cut to what a viewer may see.
    std::shared_ptr<const std::vector<model::WindowUsage>> usage =
        std::make_shared<const std::vector<model::WindowUsage>>();
    std::int64_t usage_age = 0; // seconds; 0: fresh, else its source failed and older ones stand in
    std::vector<model::User> users; // to tell which accounts a viewer belongs to
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
};

struct DaemonInfo {
    std::string version;
    std::string cluster;
    Instant started{};
    std::string config_file;
    Instant config_loaded{};
    std::string config_error;      // last reload that was refused
    std::vector<std::string> down; // sources that are away: "slurmdbd", "slurmctld"
    std::int64_t interval_s = 60;
    Instant now{};
    Zone zone; // in which periods begin and end
    // When Waldur was asked for the answer that is used; nullopt: it is not, or has never answered.
    std::optional<Instant> waldur_asked;
    BackupState backup; // of the journal
    // Of the daemon's own files; not tied to a cycle.
    std::vector<model::Problem> problems;
};

struct EvaluateRequest {
    bool dry_run = false;
    std::vector<std::string>
        accounts;   // empty: all. The cycle is the whole cycle; the answer is cut to these.
    std::string by; // "uid 0"
    // The report's usage has the settled part of `accounts` by user too. With `dry_run`, this is
    // how to ask who used an account.
    bool by_user = false;
};

// Thread-safe: called from HTTP threads. Only evaluate() waits for a cycle, and
// controller() for slurmctld.
class Service {
public:
    Service() = default;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    virtual ~Service() = default;

    virtual DaemonInfo info() const = 0;
    // nullptr before the first cycle.
    virtual std::shared_ptr<const CycleReport> last_cycle() const = 0;
    // nullopt: none runs. Dry runs change nothing and do not count.
    virtual std::optional<UnderWay> under_way() const = 0;
    // The last hundred, newest first; no dry runs.
    virtual std::vector<CycleSummary> cycles() const = 0;
    // Runs the very cycle that the timer runs and returns its report. not_found: an account is not
    // under any policy.
    virtual Result<std::shared_ptr<const CycleReport>> evaluate(const EvaluateRequest& request) = 0;
    // The derivation of one account's figures, a sentence a line.
    virtual Result<std::vector<std::string>> explain(const std::string& account) const = 0;
    virtual Result<std::vector<EvaluationRecord>> evaluations(const Query& query) = 0;
    virtual Result<std::vector<CommandRecord>> commands(const Query& query) = 0;
    // Cluster and time are filled in.
    virtual Result<void> add_report(const AgentReport& report) = 0;
    virtual Result<std::vector<AgentReport>> reports(const Query& query) = 0;
    virtual PluginServerStatus plugin_server() const = 0;
    // A question of what if; asks nothing of Slurm. `today` is filled in. overflow, malformed.
    virtual Result<model::Preview> preview(const model::PreviewInput& input) const = 0;
    // What the next cycle decides by.
    virtual std::shared_ptr<const model::PolicySet> policies() const = 0;
    virtual Ledger& ledger() = 0;
    // Asks slurmctld, now.
    virtual Result<ControllerSettings> controller() = 0;
    // What people confirmed of this host's clock, newest first.
    virtual Result<std::vector<model::ClockAccept>> clock_accepts(const Query& query) = 0;
    virtual Outbox& outbox() = 0;
};

} // namespace sluice::ports
