// SPDX-License-Identifier: GPL-2.0-or-later
// Values as Waldur writes them. What its generated client cannot read as null is never null.
#pragma once

#include "daemon/adapters/http/view_parts.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http::waldur {

// 32 hex digits, version 5 of RFC 9562 from what it is, the cluster and the name: the same after
// every restart. `kind`: "policy", "resource", "offering", "evaluation", "command".
std::string uuid(std::string_view kind, std::string_view cluster, std::string_view name);
// Without dashes, lower case; "": no UUID.
std::string bare(std::string_view text);

// UUIDs as Waldur has them; version 5 of what it does not know.
class Names {
public:
    Names(std::string cluster, std::shared_ptr<const ports::PortalNames> known)
        : cluster_(std::move(cluster)), known_(std::move(known)) {}

    std::string offering() const;
    std::string policy(const std::string& name) const;
    std::string resource(const std::string& account) const;
    // Ours is understood even where Waldur has another: it may have been taken up before Waldur was
    // asked. `uuid` is bare.
    bool is_offering(const std::string& uuid) const;
    bool is_policy(const std::string& name, const std::string& uuid) const;
    bool is_resource(const std::string& account, const std::string& uuid) const;

private:
    std::string cluster_;
    std::shared_ptr<const ports::PortalNames> known_; // not nullptr
};

struct Scope {
    const model::Policy& policy;
    const model::PolicySet& set;
    const ports::DaemonInfo& info;
    const ports::TurnReport* turn; // nullptr before the first
    const Names& names;
    const std::string& origin;
};

bool judges(const model::AccountDecision& account, const model::Policy& policy);
json::Value policy(const Scope& scope);
json::Value all_actions();
json::Value preview(const model::PreviewInput& input, const model::Preview& made);
// {"type", "description", "command", "parameters"}
json::Value planned(const model::Command& command);
// {"resource_uuid", "resource_name", "usage_percentage", ...}
json::Value dry(const Names& names, const model::Policy& policy,
                const model::AccountDecision& account);
json::Value evaluated(const Names& names, const model::Policy& policy,
                      const model::AccountDecision& account);
// `answer`: what an agent said of it; nullptr: nothing yet.
json::Value evaluation(const Names& names, const ports::EvaluationRecord& record,
                       const ports::AgentReport* answer);
json::Value command(const ports::CommandRecord& record);
// As many as it has lines, or one without any.
std::vector<json::Value> commands(const ports::AgentReport& report);

} // namespace sluice::http::waldur
