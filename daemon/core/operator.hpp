// SPDX-License-Identifier: GPL-2.0-or-later
// Runs cycles that staff order, checks what they enter by hand and writes it into the journal.
// Decides nothing about accounts.
#pragma once

#include "daemon/core/config_file.hpp"
#include "daemon/core/loop.hpp"
#include "daemon/ports/operator.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace sluice::core {

// malformed: none, not one line of visible characters, or longer than 500 bytes.
Result<void> check_reason(const std::string& reason);

class DaemonOperator final : public ports::Operator {
public:
    // No caller waits longer for a cycle.
    static constexpr std::chrono::seconds kMaxCycle{120};

    // All must outlive it. Without `inspector` controller() is unavailable.
    DaemonOperator(Loop& loop, const Ports& ports, ports::Inspector* inspector = nullptr,
                   std::chrono::milliseconds longest_cycle = kMaxCycle)
        : loop_(loop), ports_(ports), inspector_(inspector), longest_cycle_(longest_cycle) {}
    // The configuration file; outlives it. Before any call; without it reload() and plans are
    // unavailable.
    void use_file(ConfigFile& file) { file_ = &file; }

    Result<std::shared_ptr<const ports::CycleReport>>
    evaluate(const ports::EvaluateRequest& request) override;
    Result<ports::ControllerSettings> controller() override;
    Result<ports::Booked> set_override(const ports::NewOverride& entry,
                                       const ports::Person& person) override;
    Result<ports::Booked> end_override(std::int64_t id, const ports::Person& person) override;
    Result<ports::Booked> add_adjustment(const ports::NewAdjustment& entry,
                                         const ports::Person& person) override;
    Result<ports::Booked> transfer(const ports::NewTransfer& entry,
                                   const ports::Person& person) override;
    Result<ports::Booked> take_back(std::int64_t id, const ports::Person& person) override;
    Result<ports::Booked> reopen(const std::vector<std::string>& accounts,
                                 const ports::Person& person) override {
        return reset(accounts, person, false);
    }
    Result<ports::Booked> release(const std::vector<std::string>& accounts,
                                  const ports::Person& person) override {
        return reset(accounts, person, true);
    }
    Result<ports::Booked> reload(bool confirm, const ports::Person& person) override;
    Result<ports::Booked> change_rule(const ports::RuleChange& change,
                                      const ports::Person& person) override;
    Result<std::string> export_rules(const std::string& name) override;
    Result<ports::Booked> accept_clock(const ports::Person& person) override;
    Result<ports::Cleanup> cleanup(const std::string& before, const ports::Person& person) override;

private:
    Result<ports::Booked> reset(const std::vector<std::string>& accounts,
                                const ports::Person& person, bool release);
    // What waits under new rules shows only after an evaluation by them.
    Result<ports::Booked> after_reload(bool confirm, std::int64_t id,
                                       const std::shared_ptr<const Rules>& before,
                                       const ports::Person& person);
    std::shared_ptr<const ports::CycleReport> follow(const std::shared_ptr<const Rules>& before);
    bool is_left(const std::string& account);
    Result<ports::Booked> enter(std::vector<model::PeriodReset> entries,
                                const model::Decision& decision, const ports::Person& person);
    void reopen_elsewhere(const model::AccountDecision& account, const model::PeriodReset& entry);
    // One adjustment, or the two of a transfer.
    Result<ports::Booked> book(std::vector<model::Adjustment> entries, const ports::Person& person);
    std::shared_ptr<const ports::CycleReport> run(Order order);
    std::shared_ptr<const ports::CycleReport> cycle(Order order, const ports::Person& person,
                                                    const std::vector<std::string>& accounts);

    Loop& loop_;
    Ports ports_;
    ports::Inspector* inspector_;
    ConfigFile* file_ = nullptr;
    std::chrono::milliseconds longest_cycle_;
};

} // namespace sluice::core
