// SPDX-License-Identifier: GPL-2.0-or-later
// Driving port, the read side: what the daemon of one cluster knows and does at present. What it
// recorded: JournalReader. What people may order: Operator.
#pragma once

#include "common/admission/snapshot_view.hpp"
#include "common/base/result.hpp"
#include "common/base/zone.hpp"
#include "common/model/metrics.hpp"
#include "common/model/preview.hpp"
#include "daemon/ports/cycle_report.hpp"
#include "daemon/ports/publisher.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::ports {

struct DaemonInfo {
    std::string version;
    std::string cluster;
    Instant started{};
    std::string config_file;
    Instant config_loaded{};
    std::string config_error;      // last reload that was refused
    std::vector<std::string> down; // sources that are away: "slurmdbd", "slurmctld"
    std::int64_t interval_s = 60;
    model::AccountSeries account_series;
    Instant now{};
    Zone zone; // in which periods begin and end
    // When Waldur was asked for the answer that is used; nullopt: it is not, or has never answered.
    std::optional<Instant> waldur_asked;
    std::map<std::string, Instant> waldur_answers; // the same of each offering that has answered
    BackupState backup;                            // of the journal
    // Of the daemon's own files; not tied to a cycle.
    std::vector<model::Problem> problems;
};

// Thread-safe: called from HTTP threads. No call waits for a cycle or for Slurm.
class Status {
public:
    Status() = default;
    Status(const Status&) = delete;
    Status& operator=(const Status&) = delete;
    virtual ~Status() = default;

    virtual DaemonInfo info() const = 0;
    // nullptr before the first cycle.
    virtual std::shared_ptr<const CycleReport> last_cycle() const = 0;
    // nullopt: no cycle runs. Dry runs change nothing and do not count.
    virtual std::optional<UnderWay> under_way() const = 0;
    // The last hundred, newest first; no dry runs.
    virtual std::vector<CycleSummary> cycles() const = 0;
    // The derivation of one account's figures, a sentence a line. unavailable: no cycle has
    // completed; not_found: no policy evaluates the account.
    virtual Result<std::vector<std::string>> explain(const std::string& account) const = 0;
    // What the figures would mean. malformed, overflow: names the figure.
    virtual Result<model::Preview> preview(const model::PreviewInput& input) const = 0;
    // What a quote compares a job with: as the plugin's snapshot, but with the budgets of all
    // policies. nullptr before the first cycle. The first call after a cycle makes it.
    virtual std::shared_ptr<const admission::SnapshotView> quote_view() const = 0;
    virtual PluginServerStatus plugin_server() const = 0;
    // What the next cycle decides by. Never nullptr.
    virtual std::shared_ptr<const model::PolicySet> policies() const = 0;
};

} // namespace sluice::ports
