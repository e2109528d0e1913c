// SPDX-License-Identifier: GPL-2.0-or-later
// Checks what staff enter by hand, writes it into the journal and has a cycle done. Decides nothing
// about accounts.
#pragma once

#include "daemon/core/loop.hpp"
#include "daemon/ports/ledger.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace sluice::app {

class DaemonLedger final : public ports::Ledger {
public:
    DaemonLedger(Loop& loop, const Ports& ports, std::chrono::milliseconds longest_cycle)
        : loop_(loop), ports_(ports), longest_cycle_(longest_cycle) {}

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

private:
    void reopen_elsewhere(const model::AccountDecision& account, const model::PeriodReset& entry);
    Result<ports::Booked> book(model::Adjustment entry, const ports::Person& person);
    std::shared_ptr<const ports::CycleReport> cycle(Order order, const ports::Person& person,
                                                    const std::vector<std::string>& accounts);

    Loop& loop_;
    Ports ports_;
    std::chrono::milliseconds longest_cycle_;
};

} // namespace sluice::app
