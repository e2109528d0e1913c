// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon answers to people and programs: a view of the loop and the journal. Decides
// nothing, and waits only in evaluate().
#pragma once

#include "common/base/thread.hpp"
#include "daemon/core/ledger.hpp"
#include "daemon/core/loop.hpp"
#include "daemon/ports/service.hpp"

#include <chrono>
#include <string>

namespace sluice::app {

struct Identity {
    std::string version;
    std::string config_file;
    Instant started{};
};

class DaemonService final : public ports::Service {
public:
    // No caller waits longer for a cycle.
    static constexpr std::chrono::seconds kMaxCycle{120};

    DaemonService(Identity identity, Loop& loop, const Sources& sources, const Ports& ports,
                  std::chrono::milliseconds longest_cycle = kMaxCycle)
        : identity_(std::move(identity)), loop_(loop), sources_(sources), ports_(ports),
          longest_cycle_(longest_cycle), ledger_(loop, ports, longest_cycle) {}

    // Before the first caller; must outlive this. Without one controller() is unavailable.
    void use(ports::Inspector& inspector) { inspector_ = &inspector; }
    // As use(). Without them no backup is reported.
    void show(const ports::Backups& backups) { backups_ = &backups; }
    // "": the file that was read last is good.
    void set_config_error(std::string error) { *config_error_.lock() = std::move(error); }

    ports::DaemonInfo info() const override;
    std::shared_ptr<const ports::CycleReport> last_cycle() const override;
    std::optional<ports::UnderWay> under_way() const override { return loop_.under_way(); }
    std::vector<ports::CycleSummary> cycles() const override;
    Result<std::shared_ptr<const ports::CycleReport>>
    evaluate(const ports::EvaluateRequest& request) override;
    Result<std::vector<std::string>> explain(const std::string& account) const override;
    Result<std::vector<ports::EvaluationRecord>> evaluations(const ports::Query& query) override;
    Result<std::vector<ports::CommandRecord>> commands(const ports::Query& query) override;
    Result<void> add_report(const ports::AgentReport& report) override;
    Result<std::vector<ports::AgentReport>> reports(const ports::Query& query) override;
    ports::PluginServerStatus plugin_server() const override;
    Result<model::Preview> preview(const model::PreviewInput& input) const override;
    std::shared_ptr<const model::PolicySet> policies() const override;
    std::shared_ptr<const ports::PortalNames> portal_names() const override;
    ports::Ledger& ledger() override { return ledger_; }
    Result<ports::ControllerSettings> controller() override;
    Result<std::vector<model::ClockAccept>> clock_accepts(const ports::Query& query) override {
        return ports_.journal.clock_accepts(query);
    }
    ports::Outbox& outbox() override { return ports_.outbox; }

private:
    Identity identity_;
    Loop& loop_;
    const Sources& sources_;
    Ports ports_;
    std::chrono::milliseconds longest_cycle_;
    DaemonLedger ledger_;
    ports::Inspector* inspector_ = nullptr;
    const ports::Backups* backups_ = nullptr;
    mutable Guarded<std::string> config_error_;
};

} // namespace sluice::app
