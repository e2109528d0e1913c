// SPDX-License-Identifier: GPL-2.0-or-later
// Tells the log what a cycle changed. What goes on unchanged is not repeated.
#pragma once

#include "daemon/ports/service.hpp"

#include <map>
#include <string>

namespace sluice::app {

class Announcer {
public:
    void announce(const ports::CycleReport& report);
    // Once per error text.
    void announce_failure(const ports::CycleReport& report);

private:
    void announce_problems(const ports::CycleReport& report);

    std::map<std::string, model::Problem> problems_; // those told, by account and text
    std::string failure_;                            // the one told; "": the last cycle was done
};

// "102.60" for 10260; "-" when there is none.
std::string percent_text(const std::optional<std::int64_t>& hundredths);

} // namespace sluice::app
