// SPDX-License-Identifier: GPL-2.0-or-later
// The policies in force, by the keys of sluiced.yaml.
#include "common/base/text.hpp"
#include "daemon/http/views/rules.hpp"
#include "daemon/http/views/views.hpp"

namespace sluice::http {
namespace {

using json::Value;

Value decimal(Decimal value) {
    return Value::decimal(value.scaled(), 9);
}

Value decimals(const std::map<std::string, Decimal>& values) {
    Value out = Value::object();
    for (const auto& [name, value] : values)
        out.set(name, decimal(value));
    return out;
}

const char* name_of(model::PeriodKind kind) {
    static constexpr const char* kNames[] = {"week", "month", "quarter", "year", "total", "custom"};
    return kNames[static_cast<std::size_t>(kind)];
}

Value render_carryover(const model::Carryover& carryover) {
    const bool cap = carryover.model == model::CarryoverModel::cap;
    return object(kv("enabled", carryover.enabled), kv("model", cap ? "cap" : "decay"),
                  kv("factor", decimal(carryover.factor)),
                  kv("half_life_days", decimal(carryover.half_life_days)));
}

Value render_match(const model::Match& match) {
    return object(kv("accounts", match.accounts), kv("subtrees", match.subtrees));
}

// How many of the accounts that the viewer may see it evaluates.
std::size_t evaluated(const ports::CycleReport* cycle, const Visible& visible,
                      const std::string& policy) {
    std::size_t out = 0;
    if (cycle != nullptr)
        for (const auto& account : cycle->decision.accounts)
            out += visible.sees(account.account) && named(account.policies, policy) ? 1 : 0;
    return out;
}

Value render_policy(const Call& call, const model::Policy& policy, std::size_t accounts,
                    const std::vector<ports::RuleVersion>& rules) {
    std::vector<std::string> actions;
    for (const auto action : policy.actions)
        actions.emplace_back(name(action));
    Value steps = array_of(policy.steps, [](const auto& step) {
        return object(kv("at", decimal(step.at)), kv("qos", step.qos), kv("pause", step.pause));
    });
    Value levels = array_of(policy.notify_more, [](const auto& level) { return decimal(level); });
    const bool progressive = policy.strategy == model::QosStrategy::progressive;
    const bool enforce = policy.mode == model::Mode::enforce;
    Value out = object(
        kv("name", policy.name), kv("mode", enforce ? "enforce" : "observe"),
        kv("accounts", accounts), kv("match", render_match(policy.match)),
        kv("clusters", policy.clusters), kv("period", name_of(policy.period.kind)),
        kv("period_months", policy.period.months), kv("period_days", policy.period.days),
        kv("period_label", policy.period.label), kv("notify_at", decimal(policy.notify_at)),
        kv("notify_levels", std::move(levels)),
        kv("notify_rate", policy.notify_rate
                              ? object(kv("factor", decimal(policy.notify_rate->factor)),
                                       kv("least", decimal(policy.notify_rate->least)))
                              : Value()),
        kv("grace_ratio", decimal(policy.grace_ratio)),
        kv("hysteresis", decimal(policy.hysteresis)),
        kv("carryover", render_carryover(policy.carryover)),
        kv("borrow", decimal(policy.borrow.factor)), kv("billing", policy.billing.enabled),
        kv("weights_slurm", policy.billing.weights_slurm),
        kv("weights", decimals(policy.billing.weights)), kv("actions", actions),
        kv("qos_strategy", progressive ? "progressive" : "threshold"),
        kv("steps", std::move(steps)), kv("qos_downscaled", policy.qos_downscaled),
        kv("qos_paused", policy.qos_paused), kv("qos_default", policy.qos_default),
        kv("limits", policy.limits.enabled), kv("limit_type", model::name(policy.limits.type)),
        kv("fairshare", policy.fairshare.enabled), kv("raw_usage_reset", policy.raw_usage_reset),
        kv("coordinators", policy.coordinators == model::Coordinators::move ? "move" : "view"),
        kv("allocation", policy.allocation ? decimals(*policy.allocation) : Value()));
    if (policy.pause_by == model::PauseBy::submit_limit)
        out.set("pause_by", "submit_limit");
    if (policy.min_dwell.count() > 0)
        out.set("min_dwell_s", policy.min_dwell.count());
    if (policy.grace_days > 0)
        out.set("grace_days", policy.grace_days);
    put_source(out, call, find_rule(rules, model::RuleKind::policy, policy.name));
    return out;
}

} // namespace

Response view_policies(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    const Visible visible(cycle.get(), call.request.viewer);
    const auto set = call.status.policies();
    const auto rules = rules_of(call);
    return answer(call, kv("policies", array_of(set->policies, [&](const auto& policy) {
                               return render_policy(call, policy,
                                                    evaluated(cycle.get(), visible, policy.name),
                                                    rules);
                           })));
}

Response view_policy(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    const Visible visible(cycle.get(), call.request.viewer);
    const auto set = call.status.policies();
    const auto rules = rules_of(call);
    std::vector<std::string> known;
    for (const auto& policy : set->policies) {
        known.push_back(policy.name);
        if (policy.name != call.name)
            continue;
        Value out =
            render_policy(call, policy, evaluated(cycle.get(), visible, policy.name), rules);
        const auto* rule = find_rule(rules, model::RuleKind::policy, policy.name);
        const bool sees = rule != nullptr && call.request.viewer.sees_all();
        out.set("yaml", sees ? Value(rule->entry.text) : Value());
        return answer(call, kv("policy", std::move(out)));
    }
    const std::string near = nearest(call.name, known);
    return failure(404, "policy '" + call.name + "' does not exist" +
                            (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

} // namespace sluice::http
