// SPDX-License-Identifier: GPL-2.0-or-later
// Values as Waldur writes them. What its generated client cannot read as null is never null.
#pragma once

#include "daemon/http/view_parts.hpp"
#include "waldur/http/names.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::http::waldur {

struct Scope {
    const model::Policy& policy;
    const model::PolicySet& set;
    const ports::DaemonInfo& info;
    const ports::CycleReport* cycle; // nullptr before the first
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
