// SPDX-License-Identifier: GPL-2.0-or-later
// From the daily evaluations of a simulation: which account had which standing, from when to when.
#pragma once

#include "common/model/scenario.hpp"
#include "common/policy/scenario.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::policy {

class Standings {
public:
    void note(const Evaluated& day);
    // By account and day. An account that was normal all the time has one span.
    std::vector<model::StandingSpan> finish();

private:
    void close(model::StandingSpan& open, std::optional<std::chrono::local_days> end);

    std::map<std::string, model::StandingSpan> open_; // by account
    std::vector<model::StandingSpan> closed_;
    std::set<std::string> shown_; // accounts in closed_
    std::chrono::local_days last_{};
};

} // namespace sluice::policy
