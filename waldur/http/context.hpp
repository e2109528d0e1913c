// SPDX-License-Identifier: GPL-2.0-or-later
// What Waldur's routes have in common: the UUIDs by which they know policies, resources and
// records, which of them a caller may name, Django REST's pages and its words for what is wrong
// with a body.
#pragma once

#include "daemon/http/views/common.hpp"
#include "waldur/api/offering.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http::waldur {

using sluice::waldur::KnownIds;
using sluice::waldur::uuid_of;

inline constexpr std::size_t kMaxLogs = 100; // of evaluations and commands

// 32 hex digits, version 5 of RFC 9562 from kind, cluster and name: the same after every restart.
// `kind`: "policy", "resource", "offering", "evaluation", "command", "report".
std::string uuid(std::string_view kind, std::string_view cluster, std::string_view name);

// Waldur's UUIDs; version 5 of what Waldur does not know.
class Ids {
public:
    // `known`: not nullptr.
    Ids(std::string cluster, std::shared_ptr<const KnownIds> known)
        : cluster_(std::move(cluster)), known_(std::move(known)) {}

    std::string offering(const std::string& policy) const;
    std::string policy(const std::string& name) const;
    // nullptr: Waldur does not know it.
    const sluice::waldur::KnownPolicy* known(const std::string& policy) const;
    std::string resource(const std::string& account) const;
    // Version 5 is understood also where Waldur has another UUID: a client may have taken it before
    // Waldur had answered. `uuid`: 32 hex digits.
    bool is_offering(const std::string& policy, const std::string& uuid) const;
    bool is_policy(const std::string& name, const std::string& uuid) const;
    bool is_resource(const std::string& account, const std::string& uuid) const;

private:
    std::string cluster_;
    std::shared_ptr<const KnownIds> known_;
};

// One call, and what it is about.
struct Context {
    const Call& call;
    std::shared_ptr<const model::PolicySet> set;
    ports::DaemonInfo info;
    Ids ids;
    CyclePtr cycle; // nullptr before the first
    Visible visible;

    Context(const Call& call, std::shared_ptr<const KnownIds> known);

    // Policies are seen by those who see an account of theirs.
    bool shows(const model::Policy& policy) const;
    // nullptr: none of this UUID, or not for this viewer.
    const model::Policy* policy(std::string_view uuid) const;
    // Accounts of the policy that the viewer sees; only that of resource `uuid`, unless it is "".
    std::vector<std::string> accounts(const model::Policy& policy, const std::string& uuid) const;
    // Of the URL's query; "" without.
    std::string query(const char* key) const;
    // ?field=a&field=b cuts the object, as in Waldur.
    json::Value cut(json::Value value) const;
    // A page of rendered objects, as a bare array.
    Response paged(std::vector<json::Value> all, std::size_t default_size) const;
};

bool is_evaluated(const model::AccountDecision& account, const model::Policy& policy);

// {"resource_uuid": ["Must be a valid UUID."]}
Response field_failure(std::string_view field, std::string_view what);
Response not_found();

// A request's body: an object, {} for none, else what to answer.
struct Body {
    json::Value object;
    std::optional<Response> refusal;
};
Body body_of(const Call& call);

// The UUID under a key of a body; "": the key is missing or null.
struct GivenUuid {
    std::string uuid;
    std::optional<Response> refusal;
};
GivenUuid uuid_in(json::View body, const char* key);

} // namespace sluice::http::waldur
