// SPDX-License-Identifier: GPL-2.0-or-later
// Asks Waldur for the offering: components, resources, policy, owners.
#pragma once

#include "waldur/api/api.hpp"
#include "waldur/api/offering.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::waldur {

class OfferingClient final : public OfferingSource {
public:
    // Whether a queue of Waldur's broker is our own.
    using IsOurs = std::function<bool(const std::string& queue)>;

    OfferingClient(const ApiOptions& options, const Clock& clock, IsOurs is_ours = {})
        : offering_(options.offering), reports_(options.reports), clock_(clock),
          is_ours_(std::move(is_ours)), api_(options, clock) {}

    Result<Offering> pull() override;
    void interrupt() override { api_.interrupt(); }

private:
    Result<void> pull_offering(Offering& offering);
    Result<void> pull_resources(Offering& offering);
    Result<void> pull_policy(Offering& offering);
    Result<void> pull_customers(OfferingPolicy& policy);
    Result<void> pull_owners(Offering& offering);
    Result<void> pull_rights(Offering& offering);
    Result<void> pull_queues(Offering& offering);
    Result<std::vector<std::string>> owners_of(const std::string& customer);

    std::string offering_;
    bool reports_;
    const Clock& clock_;
    IsOurs is_ours_;
    Api api_;
    // Asked anew now and then only: it is one request for each customer.
    std::map<std::string, std::vector<std::string>> owners_;
    std::optional<Instant> owners_asked_;
    std::string missing_right_; // "": no right is known to be missing
    std::optional<Instant> rights_asked_;
    std::string second_writer_; // "": no second writer is known
    std::optional<Instant> queues_asked_;
};

} // namespace sluice::waldur
