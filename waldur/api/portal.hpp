// SPDX-License-Identifier: GPL-2.0-or-later
// Asks Waldur for the offering, its resources and its policy.
#pragma once

#include "daemon/ports/portal.hpp"
#include "waldur/api/api.hpp"

#include <string>

namespace sluice::waldur {

struct PortalOptions {
    std::string url;      // without "/api/"
    std::string offering; // 32 hex digits
    HttpOptions http;
    LoginOptions login;
    bool reports = true; // results of commands are to be reported: only staff may
};

class WaldurPortal final : public ports::Portal {
public:
    WaldurPortal(const PortalOptions& options, const Clock& clock)
        : offering_(options.offering), reports_(options.reports), clock_(clock),
          api_(options.url, options.http, options.login, clock) {}

    Result<ports::PortalView> pull() override;
    void interrupt() override { api_.interrupt(); }
    std::string text_of(const ports::PortalView& view) const override;
    Result<ports::PortalView> view_of(const std::string& text) const override;

private:
    Result<void> pull_offering(ports::PortalView& view);
    Result<void> pull_resources(ports::PortalView& view);
    Result<void> pull_policy(ports::PortalView& view);
    Result<void> pull_customers(const std::vector<std::string>& groups,
                                ports::PortalPolicy& policy);
    Result<void> pull_owners(ports::PortalView& view);
    Result<void> pull_rights(ports::PortalView& view);
    Result<std::vector<std::string>> owners_of(const std::string& customer);

    std::string offering_;
    bool reports_;
    const Clock& clock_;
    Api api_;
    // Asked anew now and then only: it is one question for each customer.
    std::map<std::string, std::vector<std::string>> owners_;
    std::optional<Instant> owners_asked_;
    std::string missing_right_; // "": none that we know of
    std::optional<Instant> rights_asked_;
};

// UUID with dashes, as paths and filters of Waldur's own client have it.
std::string dashed(const std::string& uuid);

} // namespace sluice::waldur
