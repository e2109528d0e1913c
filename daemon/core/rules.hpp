// SPDX-License-Identifier: GPL-2.0-or-later
// What a cycle decides by: one immutable value per reading of the configuration file.
#pragma once

#include "common/base/zone.hpp"
#include "common/model/decision.hpp"
#include "common/model/facts.hpp"
#include "common/model/notice.hpp"
#include "common/model/policy.hpp"
#include "daemon/ports/portal.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sluice::app {

struct Rules {
    std::string cluster;
    bool several = false; // this daemon serves other clusters, too: what is logged says which
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

    // What the sync with Waldur adds (portal_rules.hpp).
    std::string missing;           // set: no cycle can be done by these rules, because of this
    std::set<std::string> monthly; // whose usage of this and of the last month is wanted, too
    bool partial = false;   // what Sluice holds of accounts that are not listed stays as it is
    Instant portal_began{}; // of the answer of Waldur that these rules were made from
    std::uint64_t portal_orders = 0; // how many times its messages were laid over an answer
    std::vector<model::Override> pins;
    // Never nullptr.
    std::shared_ptr<const ports::PortalNames> names = std::make_shared<const ports::PortalNames>();
    std::vector<model::Problem> problems;
};

} // namespace sluice::app
