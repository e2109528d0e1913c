// SPDX-License-Identifier: GPL-2.0-or-later
// What Waldur has of an offering on this cluster: its components, resources and policy, as
// values, and how they are read from Waldur's JSON. Pure. What cannot be understood of one resource
// goes to its `fault`, so that the other resources are not lost with it.
#pragma once

#include "common/base/clock.hpp"
#include "common/base/decimal.hpp"
#include "common/base/result.hpp"
#include "common/json/json.hpp"
#include "common/model/policy.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::waldur {

// Of Waldur's policies; model::name() has Waldur's names.
inline constexpr std::array kActions{model::Action::notify_organization_owners,
                                     model::Action::notify_external_user,
                                     model::Action::block_creation_of_new_resources,
                                     model::Action::request_slurm_resource_downscaling,
                                     model::Action::request_slurm_resource_pausing};

// Of limits in messages of Waldur and to its emulator; model::name() has the names in policies.
struct LimitKey {
    model::LimitType type;
    const char* key;
};
inline constexpr std::array kLimitKeys{LimitKey{model::LimitType::grp_tres_mins, "grp_tres_mins"},
                                       LimitKey{model::LimitType::max_tres_mins, "max_tres_mins"},
                                       LimitKey{model::LimitType::grp_tres, "grp_tres"}};

struct OfferingComponent {
    std::string type;         // Waldur's name of it, the name of ours
    std::string billing_type; // "limit", "usage", ...
    std::string limit_period; // "month", "quarterly", "annual", "total", ""

    friend bool operator==(const OfferingComponent&, const OfferingComponent&) = default;
};

struct Resource {
    std::string uuid; // 32 hex digits, as all of Waldur's UUIDs here
    std::string name;
    std::string account; // backend_id, lower case; "" while Waldur has none
    std::string state;   // "OK", "Erred", "Creating", "Updating", "Terminating"
    std::string customer;
    std::string customer_name;
    std::string project;
    std::string project_name;
    std::map<std::string, Decimal> limits; // units by component type
    std::string end_date = {}; // its last day, "2026-09-30"; "never": none; "": Waldur has no word
    bool paused = false;
    bool downscaled = false;
    std::string fault; // what of it cannot be understood; "": nothing

    friend bool operator==(const Resource&, const Resource&) = default;
};

// Waldur's SlurmPeriodicUsagePolicy; for what it leaves out the policy of sluiced.yaml counts.
struct OfferingPolicy {
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
    std::vector<std::string> groups; // if not for_all: UUIDs of its organization groups
    std::set<std::string> customers; // those in its groups

    friend bool operator==(const OfferingPolicy&, const OfferingPolicy&) = default;
};

struct Offering {
    Instant began{}; // before the first request
    Instant taken{}; // after the last answer
    std::vector<OfferingComponent> components;
    std::vector<Resource> resources; // without terminated ones
    std::optional<OfferingPolicy> policy;
    // Addresses of the owners of each customer, where the policy notifies them.
    std::map<std::string, std::vector<std::string>> owners;
    std::vector<std::string> problems; // what Waldur refused and is not needed

    // Equal but for the time.
    bool same_content(const Offering& other) const {
        return components == other.components && resources == other.resources &&
               policy == other.policy && owners == other.owners && problems == other.problems;
    }
};

// What Waldur has for a policy of ours.
struct KnownPolicy {
    std::string offering; // UUID
    std::string uuid;     // "": the rules are not those of a policy of Waldur
    bool for_all = true;
    std::vector<std::string> groups; // UUIDs of organization groups, if not for_all
};

// Waldur's UUIDs of what is here, as far as Waldur knows it.
struct KnownIds {
    std::map<std::string, KnownPolicy> policies;  // by our name
    std::map<std::string, std::string> resources; // by account
};

// Where the offering comes from. One thread, except interrupt().
class OfferingSource {
public:
    OfferingSource() = default;
    OfferingSource(const OfferingSource&) = delete;
    OfferingSource& operator=(const OfferingSource&) = delete;
    virtual ~OfferingSource() = default;

    // All or nothing: a cut or changing answer is unavailable, not a shorter list. refused: the
    // token is not accepted or may not see the offering.
    virtual Result<Offering> pull() = 0;
    // From any thread: a running pull() and each later one returns at once.
    virtual void interrupt() {}
};

// 32 lower-case hex digits, from a UUID with or without dashes or the last part of a URL; "": no
// UUID.
std::string uuid_of(std::string_view text);
// 2a3b4c5d-6e7f-..., as in paths and filters of Waldur's own client.
std::string dashed(const std::string& uuid);

std::vector<OfferingComponent> read_components(json::View list);
Resource read_resource(json::View object);
OfferingPolicy read_policy(json::View object);
// "": no address that mail can be sent to.
std::string read_address(json::View view);

// As text for the journal, and back. malformed: of another version, or no such text.
std::string text_of(const Offering& offering);
Result<Offering> offering_of(const std::string& text);

} // namespace sluice::waldur
