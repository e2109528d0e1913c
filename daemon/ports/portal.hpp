// SPDX-License-Identifier: GPL-2.0-or-later
// Port: what Waldur says about the offering that this cluster is. One adapter: its REST API.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/decimal.hpp"
#include "common/base/result.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice::ports {

struct PortalComponent {
    std::string type;         // Waldur's name of it, the name of ours
    std::string billing_type; // "limit", "usage", ...
    std::string limit_period; // "month", "quarterly", "annual", "total", ""

    friend bool operator==(const PortalComponent&, const PortalComponent&) = default;
};

struct PortalResource {
    std::string uuid; // 32 hex digits, as all of Waldur's here
    std::string name;
    std::string account; // backend_id, lower case; "" while Waldur has none
    std::string state;   // "OK", "Erred", "Creating", "Updating", "Terminating"
    std::string customer;
    std::string customer_name;
    std::string project;
    std::string project_name;
    std::map<std::string, Decimal> limits; // units by component type
    bool paused = false;
    bool downscaled = false;
    std::string fault; // set: what of it cannot be understood

    friend bool operator==(const PortalResource&, const PortalResource&) = default;
};

// Waldur's SlurmPeriodicUsagePolicy; what it leaves out stays as our own policy has it.
struct PortalPolicy {
    std::string uuid;
    std::vector<std::string> actions;
    std::optional<std::int64_t> period; // 1 total, 2 month, 3 quarter, 4 year
    std::string limit_type;
    std::string qos_strategy;
    std::optional<bool> billing;
    std::map<std::string, Decimal> weights;
    std::optional<bool> carryover;
    std::optional<Decimal> carryover_factor;
    std::optional<Decimal> grace_ratio;
    std::optional<bool> raw_usage_reset;
    std::vector<std::string> external_users;
    bool for_all = true;
    std::set<std::string> customers; // not for_all: those in its organization groups

    friend bool operator==(const PortalPolicy&, const PortalPolicy&) = default;
};

// Waldur's UUIDs of what is here, as far as it knows it.
struct PortalNames {
    std::string offering;                         // "": there is no Waldur
    std::map<std::string, std::string> policies;  // by our name
    std::map<std::string, std::string> resources; // by account
};

struct PortalView {
    Instant began{}; // before the first question
    Instant taken{};
    std::vector<PortalComponent> components;
    std::vector<PortalResource> resources; // terminated ones are not there
    std::optional<PortalPolicy> policy;
    // Addresses of the owners of each customer, where the policy tells them.
    std::map<std::string, std::vector<std::string>> owners;
    std::vector<std::string> problems; // what was not answered and is not needed

    // The same but for the time.
    bool same_content(const PortalView& other) const {
        return components == other.components && resources == other.resources &&
               policy == other.policy && owners == other.owners && problems == other.problems;
    }
};

// One thread, except interrupt().
class Portal {
public:
    Portal() = default;
    Portal(const Portal&) = delete;
    Portal& operator=(const Portal&) = delete;
    virtual ~Portal() = default;

    // All or nothing: a cut or changing answer is unavailable, not a shorter list. refused: the
    // token is not accepted or may not see the offering.
    virtual Result<PortalView> pull() = 0;
    // From any thread: a pull() that runs, and each one after, returns at once.
    virtual void interrupt() {}

    // To keep the last good answer over a restart.
    virtual std::string text_of(const PortalView& view) const = 0;
    virtual Result<PortalView> view_of(const std::string& text) const = 0;
};

} // namespace sluice::ports
