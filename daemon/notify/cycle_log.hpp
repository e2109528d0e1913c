// SPDX-License-Identifier: GPL-2.0-or-later
// Logs what a cycle changed. What stays unchanged is not repeated.
#pragma once

#include "daemon/ports/cycle_report.hpp"

#include <map>
#include <string>

namespace sluice::notify {

class CycleLog {
public:
    void done(const ports::CycleReport& report);
    // Once for each error text.
    void failed(const ports::CycleReport& report);

private:
    void log_problems(const ports::CycleReport& report);

    std::map<std::string, model::Problem> problems_; // those logged, by account and text
    std::string failure_;                            // the last one logged; "": it is over
};

} // namespace sluice::notify
