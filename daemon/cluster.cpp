// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/cluster.hpp"

#include "common/base/log.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace sluice {
namespace {

// Shown to the service manager from then on.
constexpr std::chrono::seconds kLongEvaluation{10};

} // namespace

void ServedCluster::open(const Shared& shared, std::shared_ptr<const core::Rules> rules) {
    accounting_.remember_in(shared.closed_usage);
    ports::Accounting* accounting = &accounting_;
    ports::Enforcer* enforcer = &enforcer_;
    if (shared.emulator) {
        emulator_ = shared.emulator(accounting_);
        accounting = emulator_.get();
        enforcer = emulator_.get();
    }
    const core::Ports ports{*accounting,      *enforcer,     shared.journal, shared.records,
                            shared.publisher, shared.clock,  shared.outbox,  &shared.exchange,
                            &shared.elapsed,  &time_sources_};
    const std::string cluster = rules->cluster;
    loop_.emplace(ports, sources_, std::move(rules));
    shared.exchange.add(
        cluster, [this] { loop_->wake(core::Trigger::span); },
        [this](const model::PeriodReset& reset) {
            core::Order order{core::Trigger::span, false, {reset.account}};
            order.reopen = {reset};
            loop_->ask(std::move(order));
        });
    daemon_status_.emplace(shared.identity, *loop_, sources_, shared.publisher, &shared.backups);
    actions_.emplace(*loop_, ports, &inspector_);
    history_.emplace(*loop_, sources_, shared.records, daily_rollups_);
    replays_.emplace(*loop_, sources_, daily_rollups_);
}

std::string ServedCluster::status() const {
    const auto running = loop_->under_way();
    const auto busy = loop_->busy_for();
    const std::string progress =
        running ? "running for " + std::to_string(busy.count()) + " s (" + running->progress() + ")"
                : "";
    const auto report = loop_->shown().report;
    if (!report)
        return running ? "first evaluation " + progress : "no evaluation has run yet";
    std::size_t paused = 0;
    for (const auto& account : report->decision.accounts)
        paused += account.flags.paused ? 1U : 0U;
    const std::size_t all = report->decision.accounts.size();
    std::string text = std::to_string(all) + (all == 1 ? " account, " : " accounts, ") +
                       std::to_string(paused) + " paused";
    for (const auto& name : sources_.away())
        text += ", " + name + " is away";
    if (running && busy >= kLongEvaluation)
        text += ", evaluation " + progress;
    return text;
}

void ServedCluster::housekeep() {
    const auto rules = loop_->rules();
    const log::Scope scope("cluster", rules->several ? rules->cluster : "");
    progress_log_.look(loop_->under_way(), loop_->busy_for());
    replays_->forget_abandoned(std::chrono::steady_clock::now());
}

std::string status_of(const ServedClusters& clusters) {
    if (clusters.size() == 1)
        return clusters.front()->status();
    std::string text;
    for (const auto& cluster : clusters)
        text += (text.empty() ? "" : "; ") + cluster->loop().rules()->cluster + ": " +
                cluster->status();
    return text;
}

void housekeep(const ServedClusters& clusters) {
    for (const auto& cluster : clusters)
        cluster->housekeep();
}

bool clock_trusted(const ServedClusters& clusters) {
    return std::all_of(clusters.begin(), clusters.end(), [](const auto& cluster) {
        const auto report = cluster->loop().shown().report;
        return report && report->clock.trusted();
    });
}

std::chrono::seconds busy_for(const ServedClusters& clusters) {
    std::chrono::seconds longest{0};
    for (const auto& cluster : clusters)
        longest = std::max(longest, cluster->loop().busy_for());
    return longest;
}

bool stop_all(const ServedClusters& clusters, std::chrono::milliseconds patience) {
    std::atomic<bool> ended{true};
    std::vector<std::thread> threads;
    for (const auto& cluster : clusters)
        threads.emplace_back([&ended, &cluster, patience] {
            if (!cluster->loop().stop(patience))
                ended = false;
        });
    for (auto& thread : threads)
        thread.join();
    return ended;
}

} // namespace sluice
