// SPDX-License-Identifier: GPL-2.0-or-later
// Values as Waldur writes them. What its generated client cannot read as null is never null.
#pragma once

#include "common/model/preview.hpp"
#include "waldur/http/context.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::http::waldur {

struct Scope {
    const model::Policy& policy;
    const model::PolicySet& set;
    const ports::DaemonInfo& info;
    const ports::CycleReport* cycle; // nullptr before the first
    const Ids& ids;
    const std::string& origin;
};

json::Value render_policy(const Scope& scope);
json::Value render_preview(const model::PreviewInput& input, const model::Preview& made);
// {"type", "description", "command", "parameters"}
json::Value render_planned(const model::Command& command);
// {"resource_uuid", "resource_name", "usage_percentage", ...}
json::Value render_dry(const Ids& ids, const model::Policy& policy,
                       const model::AccountDecision& account);
json::Value render_evaluated(const Ids& ids, const model::Policy& policy,
                             const model::AccountDecision& account);
// `commands`: those of the evaluation. `answer`: an agent's report of it; nullptr: none.
json::Value render_evaluation(const Ids& ids, const ports::EvaluationRecord& record,
                              const std::vector<const ports::CommandRecord*>& commands,
                              const ports::AgentReport* answer);
// REQUIRES: the command has a result; Waldur's clients read an open one as failed.
json::Value render_command(const ports::CommandRecord& record);
// As many as it has lines, or one without any.
std::vector<json::Value> render_commands(const ports::AgentReport& report);

} // namespace sluice::http::waldur
