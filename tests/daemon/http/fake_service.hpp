// SPDX-License-Identifier: GPL-2.0-or-later
// A service with a fixed small cluster, for the tests of the HTTP adapter and of the command line.
#pragma once

#include "daemon/ports/service.hpp"
#include "tests/support/fake_outbox.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace sluice::test {

inline constexpr std::uint32_t kAlice = 20001; // in optics, below physics
inline constexpr std::uint32_t kBob = 20002;   // in chem
inline constexpr std::int64_t kNow = 1795395000;

ports::CycleReport sample_cycle();
// Who used physics: alice 1000 h, bob 220 h and a running job, a deleted account 10 h. Without
// `settled` only the job is known. A shorter window that begins together with it has nonsense.
void add_users(ports::CycleReport& cycle, bool settled);

// Keeps what was entered; every account of the sample may be named.
class FakeLedger final : public ports::Ledger {
public:
    Result<std::vector<ports::OverrideRecord>> overrides(const ports::Query& query) override;
    Result<std::vector<ports::AdjustmentRecord>> adjustments(const ports::Query& query) override;
    Result<std::vector<model::PeriodReset>> resets(const ports::Query& query) override;
    Result<ports::Booked> set_override(const ports::NewOverride& entry,
                                       const ports::Person& person) override;
    Result<ports::Booked> end_override(std::int64_t id, const ports::Person& person) override;
    Result<ports::Booked> add_adjustment(const ports::NewAdjustment& entry,
                                         const ports::Person& person) override;
    Result<ports::Booked> take_back(std::int64_t id, const ports::Person& person) override;
    Result<ports::Booked> reopen(const std::vector<std::string>& accounts,
                                 const ports::Person& person) override;
    Result<ports::Booked> accept_clock(const ports::Person& person) override;
    Result<ports::Cleanup> cleanup(const std::string& before, const ports::Person& person) override;

    ports::Person last; // who entered something last
    std::string tail;   // of FakeService

private:
    Result<ports::Booked> booked(const std::string& account, const ports::Person& person);
};

class FakeService final : public ports::Service {
public:
    FakeService();

    ports::DaemonInfo info() const override;
    std::shared_ptr<const ports::CycleReport> last_cycle() const override;
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
    std::optional<ports::UnderWay> under_way() const override { return running; }
    std::vector<ports::CycleSummary> cycles() const override;
    ports::Ledger& ledger() override { return books; }
    Result<ports::ControllerSettings> controller() override { return controller_settings; }
    ports::Outbox& outbox() override { return post; }
    Result<std::vector<model::ClockAccept>> clock_accepts(const ports::Query&) override {
        return std::vector{
            model::ClockAccept{3, instant(kNow - 3600), -86400, "was set by hand", "ann"}};
    }

    // To be set before the server starts.
    std::shared_ptr<const ports::CycleReport> cycle;
    std::optional<ports::UnderWay> running;
    ports::DaemonInfo daemon;
    FakeLedger books;
    ports::ControllerSettings controller_settings{
        .version = "22.05.8",
        .built_for = "22.05.8",
        .rights = {.user = "slurm", .admin_level = "administrator"},
        .enforce = {"associations", "limits", "qos", "safe"},
        .job_submit_plugins = {"lua", "sluice"},
        .decay_half_life_s = 0,
        .usage_reset = "none",
        .clock_ahead_s = 0};
    FakeOutbox post;
    ports::PortalNames names;
    std::vector<ports::AgentReport> kept_reports; // newest first
    mutable model::PreviewInput asked_preview;    // the last one
    bool journal_away = false;
    bool plugins = true;
    // Behind each text that is not in `cycle`, `daemon` or `post`.
    void end_texts_with(const std::string& tail) { tail_ = books.tail = tail; }
    std::optional<Instant> unstored_since; // of the plugin's snapshot
    // evaluate() waits while held.
    void hold();
    void let_go();
    std::atomic<int> evaluating{0};
    std::atomic<int> evaluated{0};

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    bool held_ = false;
    std::string tail_;
};

} // namespace sluice::test
