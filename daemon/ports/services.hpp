// SPDX-License-Identifier: GPL-2.0-or-later
// What one daemon serves: each cluster's own ports, and those that the clusters share.
#pragma once

#include "daemon/ports/operator.hpp"
#include "daemon/ports/outbox.hpp"
#include "daemon/ports/rule_store.hpp"
#include "daemon/ports/status.hpp"
#include "daemon/ports/usage_history.hpp"

#include <string>
#include <vector>

namespace sluice::ports {

// Of one cluster.
struct Service {
    Status& status;
    Operator& actions;
    UsageHistory& history;
};

// All ports must outlive it.
struct Services {
    std::vector<Service> clusters; // in the order of the settings; not empty
    JournalReader& journal;
    Outbox& outbox;
    RuleStore* rules = nullptr; // nullptr: nothing is set but by the file
    Deliverer* mail = nullptr;  // nullptr: no mail is configured

    bool several() const { return clusters.size() > 1; }
    // nullptr: not served.
    const Service* of(const std::string& cluster) const {
        for (const auto& service : clusters)
            if (service.status.info().cluster == cluster)
                return &service;
        return nullptr;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const auto& service : clusters)
            names.push_back(service.status.info().cluster);
        return names;
    }
};

} // namespace sluice::ports
