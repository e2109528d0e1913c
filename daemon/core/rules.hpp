// SPDX-License-Identifier: GPL-2.0-or-later
// What a cycle decides by: one immutable value for each time the configuration file is read.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/metrics.hpp"
#include "common/model/policy.hpp"
#include "common/model/texts.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sluice::core {

struct Rules {
    std::string cluster;
    bool several = false; // this daemon serves other clusters, too: log lines name the cluster
    model::PolicySet set;
    model::NoticeRules notices;
    Zone zone;
    std::chrono::seconds interval{60};
    std::chrono::seconds confirm_timeout{30}; // for slurmctld to show a change
    std::size_t commit_group = 500;           // changes that share one commit in slurmdbd, at most
    std::chrono::days retention{90};          // of evaluations and commands
    Instant loaded{};
    std::string version; // another one for each change of the file or of the source's answer
    model::Guard guard;
    model::AccountSeries account_series;
    // Faults of the file that only the cluster shows, each with its place. Empty: no check.
    std::function<std::vector<std::string>(const model::Structure&)> faults;

    // What a source of rules beside the file adds; only Waldur is one (waldur/sync/rules.hpp).
    std::string missing;           // why no cycle can run by these rules; "": it can
    std::set<std::string> monthly; // accounts whose usage of this and the last month is needed
    bool grants = false;           // allocations are its own, not those of the file
    Instant source_began{};        // when these rules were requested from the source
    std::map<std::string, Instant> source_answers; // the same of each of its offerings, by UUID
    std::uint64_t source_version = 0;              // how many times its messages changed them
    std::vector<model::Override> pins;
    std::vector<model::Problem> problems;
};

} // namespace sluice::core
