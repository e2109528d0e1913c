// SPDX-License-Identifier: GPL-2.0-or-later
// A service with a fixed small cluster, for the tests of the HTTP adapter and of the command line.
#pragma once

#include "daemon/ports/services.hpp"
#include "tests/support/fake_outbox.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace sluice::test {

inline constexpr std::uint32_t kAlice = 20001; // in optics, below physics
inline constexpr std::uint32_t kBob = 20002;   // in chem
inline constexpr std::int64_t kNow = 1795395000;

ports::CycleReport sample_cycle();
// Who used physics: alice 1000 h, bob 220 h and a running job, a deleted account 10 h. Without
// `settled` only the job is known. A shorter window that begins together with it has nonsense.
void add_users(ports::CycleReport& cycle, bool settled);

// Status, records and actions in one; every account of the sample may be named in an entry.
class FakeService final : public ports::Status,
                          public ports::JournalReader,
                          public ports::Operator,
                          public ports::UsageHistory,
                          public ports::Replays {
public:
    FakeService();

    // NOLINTNEXTLINE(google-explicit-constructor): a daemon of this one cluster
    operator ports::Services() { return {{service()}, *this, post, nullptr, mail}; }
    ports::Service service() { return {*this, *this, *this, *this}; }
    // For Waldur's routes.
    Result<void> add_report(const ports::AgentReport& report);

    ports::DaemonInfo info() const override { return daemon; }
    std::shared_ptr<const ports::CycleReport> last_cycle() const override { return cycle; }
    std::optional<ports::UnderWay> under_way() const override { return running; }
    std::vector<ports::CycleSummary> cycles() const override;
    Result<std::vector<std::string>> explain(const std::string& account) const override;
    Result<model::Preview> preview(const model::PreviewInput& input) const override;
    std::shared_ptr<const admission::SnapshotView> quote_view() const override;
    ports::PluginServerStatus plugin_server() const override;
    std::shared_ptr<const model::PolicySet> policies() const override;

    Result<std::vector<ports::EvaluationRecord>> evaluations(const ports::Query& query) override;
    Result<std::vector<ports::CommandRecord>> commands(const ports::Query& query) override;
    Result<std::vector<ports::AgentReport>> reports(const ports::Query& query) override;
    Result<std::vector<ports::OverrideRecord>> overrides(const ports::Query& query) override;
    Result<std::vector<ports::AdjustmentRecord>> adjustments(const ports::Query& query) override;
    Result<std::vector<model::PeriodReset>> resets(const ports::Query& query) override;
    Result<std::vector<model::ClockAccept>> clock_accepts(const ports::Query&) override {
        return std::vector{
            model::ClockAccept{3, instant(kNow - 3600), -86400, "was set by hand", "ann"}};
    }

    Result<std::shared_ptr<const ports::CycleReport>>
    evaluate(const ports::EvaluateRequest& request) override;
    Result<ports::ControllerSettings> controller() override { return controller_settings; }
    Result<ports::Booked> set_override(const ports::NewOverride& entry,
                                       const ports::Person& person) override;
    Result<ports::Booked> end_override(std::int64_t id, const ports::Person& person) override;
    Result<ports::Booked> add_adjustment(const ports::NewAdjustment& entry,
                                         const ports::Person& person) override;
    Result<ports::Booked> transfer(const ports::NewTransfer& entry,
                                   const ports::Person& person) override;
    Result<ports::Booked> take_back(std::int64_t id, const ports::Person& person) override;
    Result<ports::Booked> reopen(const std::vector<std::string>& accounts,
                                 const ports::Person& person) override;
    Result<ports::Booked> release(const std::vector<std::string>& accounts,
                                  const ports::Person& person) override {
        return booked(accounts.empty() ? "physics" : accounts.front(), person);
    }
    Result<ports::Booked> reload(bool confirm, const ports::Person& person) override {
        confirmed = confirm;
        return booked("physics", person);
    }
    Result<ports::Booked> change_rule(const ports::RuleChange& change,
                                      const ports::Person& person) override {
        if (change.version != rule_version)
            return Error{Errc::conflict, "another version is in force"};
        rule = change;
        return booked("physics", person);
    }
    Result<std::string> export_rules(const std::string& name) override {
        return "policies: # " + name + '\n';
    }
    Result<ports::Booked> accept_clock(const ports::Person& person) override;
    Result<ports::Cleanup> cleanup(const std::string& before, const ports::Person& person) override;

    Result<ports::AccountHistory> by_day(const std::string& account,
                                         const std::string& period) override;

    // Two requests until it is done.
    Result<ports::ReplayState> begin(const ports::ReplayRequest& request) override;
    Result<ports::ReplayState> proceed(std::int64_t id) override;

    // To be set before the server starts.
    std::shared_ptr<const ports::CycleReport> cycle;
    std::optional<ports::UnderWay> running;
    ports::DaemonInfo daemon;
    ports::Person last; // who entered something last
    bool confirmed = false;
    std::optional<ports::NewTransfer> transferred;
    std::optional<ports::RuleChange> rule; // that was set last
    std::int64_t rule_version = 0;         // in force
    std::optional<std::string> config;     // of the last evaluation
    std::optional<Window> past;            // that it was asked for
    bool no_past = false;                  // it cannot be read
    ports::ControllerSettings controller_settings{
        .version = "22.05.8",
        .built_for = "22.05.8",
        .rights = {.user = "slurm", .admin_level = ports::AdminLevel::administrator},
        .enforce = {"associations", "limits", "qos", "safe"},
        .job_submit_plugins = {"lua", "sluice"},
        .decay_half_life_s = 0,
        .usage_reset = "none",
        .clock_ahead_s = 0};
    FakeOutbox post;
    ports::Deliverer* mail = nullptr;
    std::vector<ports::AgentReport> kept_reports; // newest first
    bool journal_away = false;
    std::function<void(model::Snapshot&)> change_quoted; // of quote_view(); may be empty
    ports::Query asked; // of evaluations() or commands(), the last one
    bool plugins = true;
    bool rollups = true;         // of by_day()
    ports::ReplayRequest replay; // begun last
    ports::ReplayState replayed;
    // Behind each text that is not in `cycle`, `daemon` or `post`.
    void end_texts_with(const std::string& tail) { tail_ = tail; }
    std::optional<Instant> unstored_since; // of the plugin's snapshot
    // evaluate() waits while held.
    void hold();
    void let_go();
    std::atomic<int> evaluating{0};
    std::atomic<int> evaluated{0};

private:
    Result<ports::Booked> booked(const std::string& account, const ports::Person& person);

    std::mutex mutex_;
    std::condition_variable wake_;
    bool held_ = false;
    std::string tail_;
};

} // namespace sluice::test
