// SPDX-License-Identifier: GPL-2.0-or-later
// What one daemon answers for: a Service for each cluster that it serves.
#pragma once

#include "daemon/ports/service.hpp"

#include <string>
#include <utility>
#include <vector>

namespace sluice::ports {

// The services must outlive it.
class Services {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): most daemons serve one cluster
    Services(Service& only) : all_{&only} {}
    // In the order of the settings. REQUIRES: not empty
    explicit Services(std::vector<Service*> all) : all_(std::move(all)) {}

    // Answers for what the clusters share: journal, outbox, the daemon itself.
    Service& first() const { return *all_.front(); }
    const std::vector<Service*>& all() const { return all_; }
    bool several() const { return all_.size() > 1; }
    // nullptr: not served.
    Service* of(const std::string& cluster) const {
        for (Service* service : all_)
            if (service->info().cluster == cluster)
                return service;
        return nullptr;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (Service* service : all_)
            names.push_back(service->info().cluster);
        return names;
    }

private:
    std::vector<Service*> all_;
};

} // namespace sluice::ports
