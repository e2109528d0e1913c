// SPDX-License-Identifier: GPL-2.0-or-later
// Values of the core as JSON, with the words of policy.md and Waldur's where it has one. Decides
// nothing. docs/http-api.md describes every key.
#pragma once

#include "common/json/json.hpp"
#include "daemon/ports/service.hpp"

namespace sluice::http {

// In the unit of the component, to the sixth digit; null where that does not fit.
json::Value units(Amount amount, const model::Component& component);

// key: "2026-11-23T00:47:42Z", key_epoch: 1795394862; both null without an instant.
void put_instant(json::Value& object, const std::string& key, std::optional<Instant> at);

json::Value render(const model::AccountDecision& account);
json::Value render(const model::Problem& problem);
// As planned: id, times and success are null.
json::Value render(const model::Command& command);
json::Value render(const ports::CommandRecord& record);
json::Value render(const ports::EvaluationRecord& record);
json::Value render(const ports::PluginServerStatus& plugin_server);
json::Value render(const ports::OverrideRecord& record, Instant now);
json::Value render(const ports::AdjustmentRecord& record);
json::Value render(const model::PeriodReset& entry);
json::Value render(const model::ClockVerdict& clock);
json::Value render(const model::ClockAccept& entry);
// "2026-11-23T00:47:42Z"
std::string iso(Instant at);
// What `sluice usage` shows of a component, with the parts that make up what was used.
json::Value render_usage(const model::AccountDecision& account, const model::Figure& figure);
json::Value render(const ports::ControllerSettings& controller);
// What `sluice balance` shows: one element per component.
void append_balances(json::Value& array, const model::AccountDecision& account);

} // namespace sluice::http
