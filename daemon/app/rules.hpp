// SPDX-License-Identifier: GPL-2.0-or-later
// What a turn decides by: one immutable value per reading of the configuration file.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/facts.hpp"
#include "common/model/notice.hpp"
#include "common/model/policy.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace sluice::app {

struct Rules {
    std::string cluster;
    model::PolicySet set;
    model::NoticeRules notices;
    Zone zone;
    std::chrono::seconds interval{60};
    std::chrono::seconds confirm_timeout{30}; // for slurmctld to show a change
    std::size_t commit_group = 500;           // changes that share one commit in slurmdbd, at most
    std::chrono::days retention{90};          // of evaluations and commands
    Instant loaded{};
    // Faults of the file that only the cluster shows, each with its place. Empty: none are looked
    // for.
    std::function<std::vector<std::string>(const model::Structure&)> faults;
};

} // namespace sluice::app
