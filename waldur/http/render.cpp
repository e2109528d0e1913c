// SPDX-License-Identifier: GPL-2.0-or-later
#include "waldur/http/render.hpp"

#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/model/tres.hpp"

#include <algorithm>

namespace sluice::http::waldur {
namespace {

using json::Value;

constexpr const char* kBase = "/api/marketplace-slurm-periodic-usage-policies/";

Value number(Decimal value) {
    return Value::decimal(value.scaled(), 9);
}

Value percent(const std::optional<std::int64_t>& hundredths) {
    return Value::decimal(hundredths.value_or(0), 2);
}

Value flags(model::Flags flags) {
    Value out = Value::object();
    out.set("paused", flags.paused).set("downscaled", flags.downscaled);
    return out;
}

struct PeriodWord {
    int number;
    std::string name;
};

// Waldur has four; a period of our own making is shown as the nearest of them, by its real name.
PeriodWord period_word(const model::PeriodRule& rule) {
    switch (rule.kind) {
    case model::PeriodKind::total:
        return {1, "Total"};
    case model::PeriodKind::week:
        return {2, "7 day"};
    case model::PeriodKind::month:
        return {2, "1 month"};
    case model::PeriodKind::quarter:
        return {3, "3 month"};
    case model::PeriodKind::year:
        return {4, "12 month"};
    case model::PeriodKind::custom:
        break;
    }
    const bool in_days = rule.months < 1;
    const int months = in_days ? rule.days / 31 : rule.months;
    return {months <= 1   ? 2
            : months <= 6 ? 3
                          : 4,
            std::to_string(in_days ? rule.days : rule.months) + (in_days ? " day" : " month")};
}

// Whether the policy has done something to an account, and when it last began to.
void put_fired(Value& out, const Scope& scope) {
    bool fired = false;
    Instant at = scope.info.config_loaded;
    std::size_t affected = 0;
    if (scope.cycle != nullptr)
        for (const auto& account : scope.cycle->decision.accounts) {
            if (!is_evaluated(account, scope.policy))
                continue;
            ++affected;
            fired =
                fired || account.flags.paused || account.flags.downscaled || account.notify_reached;
            for (const auto& threshold : account.thresholds)
                if (threshold.reached && threshold.since)
                    at = std::max(at, *threshold.since);
        }
    // Null would break Waldur's client: a policy that never fired has the time of its loading.
    out.set("has_fired", fired).set("fired_datetime", utc_text(at));
    out.set("affected_resources_count", affected);
}

// Waldur has whole numbers only: a client that writes one back takes nothing away.
std::int64_t rounded_up(Decimal value) {
    return (value.scaled() + Decimal::kScale - 1) / Decimal::kScale;
}

// Groups as Waldur has them. Accounts and groups of sluiced.yaml are no groups of Waldur.
void put_scope(Value& out, const Scope& scope) {
    const auto* known = scope.ids.known(scope.policy.name);
    const bool from_waldur = known != nullptr && !known->uuid.empty();
    Value groups = Value::array();
    if (from_waldur)
        for (const auto& group : known->groups)
            groups.append(scope.origin + "/api/organization-groups/" + group + "/");
    out.set("organization_groups", std::move(groups));
    out.set("apply_to_all", from_waldur ? known->for_all : scope.policy.match.all());
}

// Why the policy may have less effect than it seems.
Value warnings(const Scope& scope) {
    Value out = Value::array();
    if (scope.policy.mode == model::Mode::observe)
        out.append("The policy is in mode observe: Sluice changes nothing in Slurm.");
    for (const auto& source : scope.info.down)
        out.append(source + " does not respond: figures and limits may be old.");
    if (scope.cycle == nullptr)
        out.append("No evaluation has completed since sluiced started.");
    else if (!scope.cycle->error.empty())
        out.append("The last evaluation failed: see sluice status.");
    return out;
}

Value component_limits(const model::Policy& policy) {
    Value out = Value::array();
    if (policy.allocation)
        for (const auto& [component, units] : *policy.allocation) {
            Value one = Value::object();
            one.set("type", component)
                .set("limit", rounded_up(units))
                .set("limit_exact", number(units));
            out.append(std::move(one));
        }
    return out;
}

void put_rules(Value& out, const model::Policy& policy) {
    const auto period = period_word(policy.period);
    Value weights = Value::object();
    for (const auto& [name, weight] : policy.billing.weights)
        weights.set(name, number(weight));
    out.set("component_limits_set", component_limits(policy));
    out.set("period", period.number).set("period_name", period.name);
    out.set("limit_type", model::name(policy.limits.type));
    out.set("tres_billing_enabled", policy.billing.enabled);
    out.set("tres_billing_weights", std::move(weights));
    out.set("carryover_factor", rounded_up(policy.carryover.factor));
    out.set("carryover_factor_exact", number(policy.carryover.factor));
    out.set("carryover_model",
            policy.carryover.model == model::CarryoverModel::decay ? "decay" : "cap");
    out.set("carryover_enabled", policy.carryover.enabled);
    out.set("grace_ratio", number(policy.grace_ratio));
    out.set("raw_usage_reset", policy.raw_usage_reset);
    out.set("qos_strategy",
            policy.strategy == model::QosStrategy::progressive ? "progressive" : "threshold");
}

Value hours(Amount amount, const model::Component& component) {
    const auto millionths = model::unit_millionths(amount, component);
    return millionths ? Value::decimal(*millionths, model::kUnitPlaces) : Value();
}

Value carryover(const model::PreviewInput& input, const model::Preview& made) {
    const auto& from = made.carryover;
    if (!from.applied)
        return {};
    const auto& c = made.component;
    Value out = Value::object();
    out.set("previous_usage", hours(from.used_before, c));
    out.set("carryover_factor", number(input.carryover_factor));
    out.set("base_allocation", hours(from.base, c)).set("unused", hours(from.unused, c));
    out.set("carryover_cap", hours(from.cap, c)).set("carryover", hours(from.carry, c));
    out.set("total_allocation", hours(made.effective, c));
    return out;
}

const char* outlook_word(model::Outlook outlook) {
    switch (outlook) {
    case model::Outlook::exceeded:
        return "exceeded";
    case model::Outlook::projected:
        return "projected";
    case model::Outlook::never:
        break;
    }
    return "never";
}

Value parameters(const model::Command& command) {
    Value out = Value::object();
    out.set("account", command.account);
    switch (command.type) {
    case model::CommandType::fairshare:
        out.set("fairshare", command.shares);
        break;
    case model::CommandType::qos:
        out.set("qos", join(command.qos, ",")).set("reason", command.reason);
        break;
    case model::CommandType::limits: {
        Value limits = Value::object();
        for (const auto& [tres, value] : command.limits)
            limits.set(tres, value);
        out.set("limit_type", model::name(command.limit_type)).set("limits", std::move(limits));
        break;
    }
    case model::CommandType::submit_limit:
        out.set("grp_submit_jobs", Value(command.limits.begin()->second));
        break;
    case model::CommandType::reset_usage:
        break;
    default:
        out.set("job", command.job).set("user", command.user).set("reason", command.reason);
        break;
    }
    return out;
}

void put_resource(Value& out, const Ids& ids, const std::string& account) {
    out.set("resource_uuid", ids.resource(account)).set("resource_name", account);
}

// The words of Waldur, from what an agent ran; "other" is ours.
const char* type_of(const std::string& line) {
    const std::string text = lower(line);
    const auto has = [&](const char* word) { return text.find(word) != std::string::npos; };
    if (has("fairshare="))
        return "fairshare";
    if (has("tresmins=") || has("grptres=") || has("maxtres="))
        return "limits";
    if (has("rawusage="))
        return "reset_usage";
    return has("qos=") ? "qos" : "other";
}

} // namespace

Value render_policy(const Scope& scope) {
    const auto& from = scope.policy;
    const std::string id = scope.ids.policy(from.name);
    const std::string offering = scope.ids.offering(from.name);
    std::string actions;
    for (const auto action : from.actions)
        (actions += actions.empty() ? "" : ",") += model::name(action);
    Value options = Value::object();
    if (!from.external_users.empty())
        options.set("notify_external_user", join(from.external_users, ","));
    Value out = Value::object();
    out.set("uuid", id).set("url", scope.origin + kBase + id + "/");
    out.set("scope", scope.origin + "/api/marketplace-provider-offerings/" + offering + "/");
    out.set("scope_name", scope.info.cluster).set("scope_uuid", offering);
    out.set("actions", actions).set("created", utc_text(scope.info.config_loaded));
    out.set("created_by_full_name", "sluiced.yaml: " + from.name);
    out.set("created_by_username", "sluice");
    put_fired(out, scope);
    out.set("options", std::move(options));
    put_scope(out, scope);
    put_rules(out, from);
    return std::move(out.set("warnings", warnings(scope)));
}

Value render_preview(const model::PreviewInput& input, const model::Preview& made) {
    const auto& c = made.component;
    Value thresholds = Value::object();
    thresholds.set("allocation", hours(made.effective, c));
    thresholds.set("grace_ratio", number(input.grace_ratio));
    thresholds.set("notification_ratio", Value::decimal(8, 1));
    Value projections = Value::object();
    for (const auto& each : made.thresholds) {
        thresholds.set(each.name + "_threshold", hours(each.amount, c));
        Value one = Value::object();
        one.set("days", each.days);
        one.set("date", each.date ? Value(date_text(*each.date)) : Value());
        projections.set(each.name, std::move(one.set("status", outlook_word(each.outlook))));
    }
    Value out = Value::object();
    out.set("base_allocation", hours(made.allocation, c));
    out.set("effective_allocation", hours(made.effective, c));
    out.set("carryover_enabled", input.carryover_enabled);
    out.set("carryover", carryover(input, made)).set("thresholds", std::move(thresholds));
    out.set("grace_ratio", number(input.grace_ratio));
    out.set("carryover_factor", number(input.carryover_factor));
    out.set("current_usage", hours(made.used, c));
    out.set("daily_usage_rate", number(input.daily_usage_rate));
    out.set("usage_percentage", percent(made.percent));
    out.set("current_qos_status", made.status).set("date_projections", std::move(projections));
    out.set("preview_commands", Value::array()).set("command_history", Value::array());
    const auto month = input.today.year() / input.today.month();
    out.set("billing_period_start", date_text(month / 1));
    return std::move(out.set("billing_period_end",
                             date_text(std::chrono::year_month_day(month / std::chrono::last))));
}

Value render_planned(const model::Command& from) {
    Value out = Value::object();
    out.set("type", model::name(from.type)).set("description", from.description);
    out.set("command", from.sacctmgr);
    return std::move(out.set("parameters", parameters(from)));
}

Value render_dry(const Ids& ids, const model::Policy& policy,
                 const model::AccountDecision& account) {
    Value triggers = Value::array();
    if (account.own.paused)
        triggers.append("pause");
    if (account.own.downscaled)
        triggers.append("downscale");
    if (account.notify_reached && policy.has(model::Action::notify_organization_owners))
        triggers.append("notify");
    Value out = Value::object();
    put_resource(out, ids, account.account);
    out.set("usage_percentage", percent(account.percent));
    out.set("paused", account.previous_flags.paused);
    out.set("downscaled", account.previous_flags.downscaled);
    return std::move(out.set("would_trigger", std::move(triggers)));
}

Value render_evaluated(const Ids& ids, const model::Policy&,
                       const model::AccountDecision& account) {
    Value out = Value::object();
    put_resource(out, ids, account.account);
    out.set("usage_percentage", percent(account.percent));
    out.set("actions_taken", account.actions_taken);
    out.set("previous_state", flags(account.previous_flags));
    return std::move(out.set("new_state", flags(account.flags)));
}

namespace {

// What the commands of an evaluation came to; an agent's own report counts where there is one.
struct Outcome {
    Value confirmed; // null: not all are shown by slurmctld yet, or there is none
    Value response;
};

Outcome outcome_of(const std::vector<const ports::CommandRecord*>& commands) {
    if (commands.empty())
        return {};
    std::vector<std::string> lines;
    std::vector<std::string> errors;
    bool open = false;
    for (const auto* command : commands) {
        lines.push_back(command->command.sacctmgr);
        if (command->success == false)
            errors.push_back(command->error);
        open = open || !command->success || (*command->success && !command->confirmed);
    }
    if (errors.empty() && open)
        return {};
    Outcome out;
    out.confirmed = Value(errors.empty());
    out.response = Value::object();
    out.response.set("success", errors.empty()).set("error_message", join(errors, "; "));
    out.response.set("mode", commands.front()->mode).set("commands_executed", lines);
    return out;
}

Outcome outcome_of(const ports::AgentReport& answer) {
    Outcome out;
    out.confirmed = Value(answer.success);
    out.response = Value::object();
    out.response.set("success", answer.success).set("error_message", answer.error);
    out.response.set("mode", answer.mode).set("commands_executed", answer.commands);
    return out;
}

} // namespace

Value render_evaluation(const Ids& ids, const ports::EvaluationRecord& record,
                        const std::vector<const ports::CommandRecord*>& commands,
                        const ports::AgentReport* answer) {
    const auto grace = Decimal::parse(record.grace_limit);
    Value out = Value::object();
    out.set("uuid", uuid("evaluation", record.cluster, std::to_string(record.id)));
    put_resource(out, ids, record.account);
    out.set("billing_period", record.billing_period);
    out.set("usage_percentage", percent(record.percent));
    out.set("grace_limit_percentage", grace ? number(*grace) : Value(0));
    out.set("actions_taken", record.actions_taken);
    out.set("previous_state", flags(record.previous)).set("new_state", flags(record.now));
    // The daemon is the agent: its commands stand for the message.
    Outcome outcome = answer != nullptr ? outcome_of(*answer) : outcome_of(commands);
    out.set("stomp_message_sent", !commands.empty());
    out.set("site_agent_confirmed", std::move(outcome.confirmed));
    out.set("site_agent_response", std::move(outcome.response));
    return std::move(out.set("evaluated_at", utc_text(record.at)));
}

Value render_command(const ports::CommandRecord& record) {
    Value out = Value::object();
    out.set("uuid", uuid("command", record.cluster, std::to_string(record.id)));
    out.set("command_type", model::name(record.command.type));
    out.set("description", record.command.description);
    out.set("shell_command", record.command.sacctmgr);
    out.set("parameters", parameters(record.command));
    out.set("executed_at", utc_text(record.finished.value_or(record.requested)));
    out.set("execution_mode", record.mode);
    out.set("success", record.success.value_or(false));
    return std::move(out.set("error_message", record.error));
}

std::vector<Value> render_commands(const ports::AgentReport& report) {
    auto lines = report.commands;
    if (lines.empty())
        lines.emplace_back();
    std::vector<Value> all;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        Value parameters = Value::object();
        parameters.set("account", report.account).set("reported_by", report.by);
        Value out = Value::object();
        out.set("uuid", uuid("report", report.cluster,
                             std::to_string(report.id) + ':' + std::to_string(i)));
        out.set("command_type", type_of(lines[i]));
        out.set("description", "Reported for account " + report.account + " by " + report.by);
        out.set("shell_command", lines[i]).set("parameters", std::move(parameters));
        out.set("executed_at", utc_text(report.at)).set("execution_mode", report.mode);
        out.set("success", report.success).set("error_message", report.error);
        all.push_back(std::move(out));
    }
    return all;
}

} // namespace sluice::http::waldur
