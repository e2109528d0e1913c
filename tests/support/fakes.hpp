// SPDX-License-Identifier: GPL-2.0-or-later
// One fake for each port of the daemon. Each call asks Faults first, so that a test can let the
// n-th call fail, whichever it is.
#pragma once

#include "daemon/ports/accounting.hpp"
#include "daemon/ports/enforcer.hpp"
#include "daemon/ports/journal.hpp"
#include "daemon/ports/publisher.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

// Counts calls over all fakes that share it.
class Faults {
public:
    // From now on the n-th call (1 is the next) fails, for once.
    void fail_at(int n, Errc code = Errc::unavailable);
    // Every call with this name fails until clear().
    void fail_all(const std::string& name, Errc code = Errc::unavailable);
    // Runs before every call; a crash test ends the process there.
    void before_each(std::function<void(const std::string& name)> hook) { hook_ = std::move(hook); }
    void clear();

    std::optional<Error> next(const std::string& name);
    // Names of the calls since clear(), in order.
    std::vector<std::string> calls() const;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> calls_;
    int fail_at_ = 0;
    std::string fail_name_;
    Errc code_ = Errc::unavailable;
    std::function<void(const std::string&)> hook_;
};

// A cluster with slurmdbd and slurmctld in one: what is applied is what the next cycle reads.
class FakeSlurm final : public ports::Accounting, public ports::Enforcer {
public:
    explicit FakeSlurm(Faults& faults);

    void add_account(const std::string& name, const std::string& parent = "root");
    // TRES-seconds in the current window, replacing what was there.
    void set_usage(const std::string& account, const std::string& tres, Amount amount);
    model::Association& account(const std::string& name);

    Result<model::Structure> structure(const std::string& cluster) override;
    Result<std::vector<model::WindowUsage>> usage(const model::Structure& structure,
                                                  const ports::UsageQuestion& question) override;
    Result<ports::RawUsage> raw_usage(const std::string& cluster) override;
    Result<std::vector<model::Job>> jobs(const std::string& cluster) override;
    ports::Outcomes apply(const model::Structure& structure,
                          std::span<const model::Command> commands,
                          std::size_t commit_group) override;
    Result<std::vector<bool>> confirm(const model::Structure& structure,
                                      std::span<const model::Command> commands) override;
    bool resets_usage() const override { return resets; }

    bool resets = true;
    bool moved = false; // the structure that was read last is old
    model::QosDifferences differences;
    bool differs_once = false; // in the next answer only
    model::Structure held;
    std::map<std::string, model::TresUsage> used;
    ports::UsageQuestion asked;           // the last question about usage
    std::optional<model::TresUsage> past; // of every account in a window that is over
    std::vector<model::Job> queue;
    std::vector<model::Command> applied;
    // Refuses commands that it returns an error for.
    std::function<std::optional<Error>(const model::Command&)> refuse;
    // Whether slurmctld shows a command in force; all of them unless set.
    std::function<bool(const model::Command&)> shows;

private:
    void change_job(const model::Command& command);

    Faults& faults_;
};

class FakeJournal final : public ports::CycleStore, public ports::RecordStore {
public:
    explicit FakeJournal(Faults& faults) : faults_(faults) {}

    Result<model::History> history(const std::string& cluster, Instant now) override;
    Result<std::optional<Instant>> newest(const std::string& cluster) override;
    Result<std::vector<std::int64_t>>
    record_cycle(const std::string& cluster, const model::Decision& decision,
                 std::span<const ports::EvaluationRecord> evaluations,
                 std::span<const model::Command> commands) override;
    Result<std::size_t> close_commands(std::span<const ports::CommandOutcome> outcomes) override;
    Result<std::size_t>
    confirm_commands(std::span<const ports::Confirmation> confirmations) override;
    Result<std::vector<ports::CommandRecord>> unconfirmed(const std::string& cluster) override;
    Result<std::size_t> close_unfinished(Instant at) override;
    Result<ports::Forgotten> forget(Instant before) override;
    Result<ports::Forgotten> forgettable(Instant before) override;
    Result<std::vector<ports::EvaluationRecord>> evaluations(const ports::Query& query) override;
    Result<std::vector<ports::CommandRecord>> commands(const ports::Query& query) override;
    Result<void> add_report(const ports::AgentReport& report) override;
    Result<std::vector<ports::AgentReport>> reports(const ports::Query& query) override;
    Result<std::int64_t> add_override(const std::string& cluster,
                                      const model::Override& entry) override;
    Result<void> end_override(const std::string& cluster, std::int64_t id, Instant at,
                              const std::string& by, const std::string& reason) override;
    Result<std::vector<std::int64_t>>
    add_adjustments(const std::string& cluster,
                    std::span<const model::Adjustment> entries) override;
    Result<std::int64_t> reopen_period(const std::string& cluster,
                                       const model::PeriodReset& entry) override;
    Result<std::vector<ports::OverrideRecord>> overrides(const ports::Query& query) override;
    Result<std::vector<ports::AdjustmentRecord>> adjustments(const ports::Query& query) override;
    Result<std::vector<model::PeriodReset>> resets(const ports::Query& query) override;
    Result<std::int64_t> accept_clock(const std::string& cluster,
                                      const model::ClockAccept& entry) override;
    Result<std::vector<model::ClockAccept>> clock_accepts(const ports::Query& query) override;

    model::History held;
    std::vector<model::ClockAccept> accepted;
    std::vector<ports::EvaluationRecord> evaluated;
    std::vector<ports::CommandRecord> commanded;
    std::vector<ports::AgentReport> reported;
    std::vector<model::PeriodReset> reopened;
    std::optional<Instant> forgotten_before;

private:
    Faults& faults_;
};

class FakePublisher final : public ports::Publisher {
public:
    FakePublisher() = default;
    explicit FakePublisher(Faults& faults) : faults_(&faults) {}

    void publish(std::shared_ptr<const model::Snapshot> snapshot) override;
    ports::PluginServerStatus status() const override;
    std::vector<std::shared_ptr<const model::Snapshot>> published() const;

private:
    Faults* faults_ = nullptr;
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<const model::Snapshot>> published_;
};

} // namespace sluice::test
