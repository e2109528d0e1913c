// SPDX-License-Identifier: GPL-2.0-or-later
// Part of the composition root: what each cluster has of its own. Journal, plugin server and HTTP
// server are shared. No rule of the product lives here.
#pragma once

#include "daemon/core/loop.hpp"
#include "daemon/core/operator.hpp"
#include "daemon/core/replays.hpp"
#include "daemon/core/status.hpp"
#include "daemon/core/usage_history.hpp"
#include "daemon/notify/cycle_log.hpp"
#include "daemon/ports/emulated_slurm.hpp"
#include "daemon/ports/services.hpp"
#include "daemon/slurm/accounting.hpp"
#include "daemon/slurm/apply/enforcer.hpp"
#include "daemon/slurm/inspector.hpp"
#include "daemon/slurm/usage/daily_rollups.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

class ServedCluster {
public:
    // What the clusters share; all must outlive them.
    struct Shared {
        core::Identity identity;
        ports::CycleStore& journal;
        ports::RecordStore& records;
        ports::Publisher& publisher;
        ports::Outbox& outbox;
        ports::ClosedUsage& closed_usage;
        const Clock& clock;
        const ElapsedClock& elapsed;
        core::ClusterExchange& exchange;
        const ports::Backups& backups;
        // Makes what stands for Slurm where changes go elsewhere; empty: they go to Slurm.
        std::function<std::unique_ptr<ports::EmulatedSlurm>(ports::Accounting&)> emulator;
    };

    explicit ServedCluster(const std::string& name)
        : accounting_(session_), enforcer_(session_), time_sources_(session_, accounting_),
          inspector_(name) {}
    ServedCluster(const ServedCluster&) = delete;
    ServedCluster& operator=(const ServedCluster&) = delete;

    core::Sources& sources() { return sources_; }
    // Once, before loop() and service().
    void open(const Shared& shared, std::shared_ptr<const core::Rules> rules);
    core::Loop& loop() { return *loop_; }
    core::DaemonStatus& daemon_status() { return *daemon_status_; }
    core::DaemonOperator& actions() { return *actions_; }
    core::DaemonReplays& replays() { return *replays_; }
    ports::Service service() { return {*daemon_status_, *actions_, *history_, *replays_}; }
    // "3 accounts, 1 paused, slurmctld is away"
    std::string status() const;
    // The main thread, every few seconds: logs an evaluation that has been running for long, and
    // forgets a replay that its client has left.
    void housekeep();

private:
    slurm::Session session_; // the worker's own connection
    slurm::SlurmAccounting accounting_;
    slurm::SlurmEnforcer enforcer_;
    slurm::SlurmTimeSources time_sources_;
    slurm::SlurmInspector inspector_;
    slurm::DailyRollups daily_rollups_;
    std::unique_ptr<ports::EmulatedSlurm> emulator_; // nullptr: changes go to Slurm
    core::Sources sources_;
    std::optional<core::Loop> loop_;
    std::optional<core::DaemonStatus> daemon_status_;
    std::optional<core::DaemonOperator> actions_;
    std::optional<core::DaemonUsageHistory> history_;
    std::optional<core::DaemonReplays> replays_;
    notify::ProgressLog progress_log_;
};

using ServedClusters = std::vector<std::unique_ptr<ServedCluster>>;

// One line for the service manager.
std::string status_of(const ServedClusters& clusters);
// As that of each cluster.
void housekeep(const ServedClusters& clusters);
// Whether the last evaluation of each cluster trusted the clock of this host.
bool clock_trusted(const ServedClusters& clusters);
// For how long the longest of the running cycles has been running.
std::chrono::seconds busy_for(const ServedClusters& clusters);
// As Loop::stop(), of all at once.
bool stop_all(const ServedClusters& clusters, std::chrono::milliseconds patience);

} // namespace sluice
