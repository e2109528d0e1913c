// SPDX-License-Identifier: GPL-2.0-or-later
// Logs a summary of each cycle and what the cycle changed. What stays unchanged is not repeated. A
// cycle that changes thousands of accounts or jobs logs the first of them and counts the rest,
// which the journal has: systemd's journal drops the lines of a program that writes 10,000 in 30 s.
#pragma once

#include "daemon/ports/cycle_report.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace sluice::notify {

class CycleLog {
public:
    void done(const ports::CycleReport& report);
    // Once for each error text.
    void failed(const ports::CycleReport& report);

    static constexpr std::size_t kMaxDetails = 100; // of accounts, of commands, of problems

private:
    std::size_t log_problems(const ports::CycleReport& report);

    std::map<std::string, model::Problem> problems_; // those logged, by account and text
    std::string failure_;                            // the last one logged; "": it is over
};

// Logs that an evaluation runs, while it has been running for long. One thread.
class ProgressLog {
public:
    // Every few seconds. `busy`: for how long it has been running.
    void look(const std::optional<ports::UnderWay>& running, std::chrono::seconds busy);

private:
    std::chrono::seconds logged_{0}; // `busy` of the last line; 0: none of this evaluation
};

} // namespace sluice::notify
