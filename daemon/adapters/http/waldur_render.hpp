// SPDX-License-Identifier: GPL-2.0-or-later
// Values as Waldur writes them. What its generated client cannot read as null is never null.
#pragma once

#include "daemon/adapters/http/view_parts.hpp"

#include <string>
#include <string_view>

namespace sluice::http::waldur {

// 32 hex digits, version 5 of RFC 9562 from what it is, the cluster and the name: the same after
// every restart. `kind`: "policy", "resource", "offering", "evaluation", "command".
std::string uuid(std::string_view kind, std::string_view cluster, std::string_view name);
// Without dashes, lower case; "": no UUID.
std::string bare(std::string_view text);

struct Scope {
    const model::Policy& policy;
    const model::PolicySet& set;
    const ports::DaemonInfo& info;
    const ports::TurnReport* turn; // nullptr before the first
    const std::string& origin;
};

bool judges(const model::AccountDecision& account, const model::Policy& policy);
json::Value policy(const Scope& scope);
json::Value all_actions();
json::Value preview(const model::PreviewInput& input, const model::Preview& made);
// {"resource_uuid", "resource_name", "usage_percentage", ...}
json::Value dry(const std::string& cluster, const model::Policy& policy,
                const model::AccountDecision& account);
json::Value evaluated(const std::string& cluster, const model::Policy& policy,
                      const model::AccountDecision& account);
json::Value evaluation(const ports::EvaluationRecord& record);
json::Value command(const ports::CommandRecord& record);

} // namespace sluice::http::waldur
