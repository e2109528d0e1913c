// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/render.hpp"

#include "common/base/text.hpp"
#include "common/model/units.hpp"

#include <cstdio>

namespace sluice::http {
namespace {

using json::Value;

constexpr int kPercentPlaces = 2;

Value percent(const std::optional<std::int64_t>& hundredths) {
    return hundredths ? Value::decimal(*hundredths, kPercentPlaces) : Value();
}

Value number(Decimal value) {
    return Value::decimal(value.scaled(), 9);
}

Value flags(model::Flags flags) {
    Value out = Value::object();
    out.set("paused", flags.paused).set("downscaled", flags.downscaled);
    return out;
}

Value render_carryover(const model::Figure& figure) {
    const auto& from = figure.carryover;
    const auto& c = figure.component;
    Value out = Value::object();
    out.set("applied", from.applied).set("reason", from.reason);
    out.set("model", from.model == model::CarryoverModel::cap ? "cap" : "decay");
    out.set("previous_period", from.previous_period).set("base", units(from.base, c));
    out.set("used_before", units(from.used_before, c)).set("unused", units(from.unused, c));
    out.set("cap", units(from.cap, c)).set("effective_before", units(from.effective_before, c));
    out.set("carry", units(from.carry, c));
    return out;
}

// Empty where the allocation is of one cluster.
Value by_cluster(const model::Figure& figure) {
    Value out = Value::object();
    for (const auto& [cluster, usage] : figure.by_cluster)
        out.set(cluster, units(usage.total(), figure.component));
    return out;
}

Value render_span(const std::vector<model::SpanPart>& span) {
    Value out = Value::array();
    for (const auto& part : span) {
        Value one = Value::object();
        one.set("cluster", part.cluster).set("known", part.known);
        one.set("stale", part.stale).set("age_s", part.age);
        out.append(std::move(one));
    }
    return out;
}

Value render_figure(const model::Figure& figure) {
    const auto& c = figure.component;
    Value usage = Value::object();
    usage.set("settled", units(figure.usage.settled, c));
    usage.set("finished", units(figure.usage.finished, c));
    usage.set("running", units(figure.usage.running, c));
    Value out = Value::object();
    out.set("component", c.name).set("tres", c.tres);
    out.set("allocation", units(figure.allocation, c));
    out.set("carryover", units(figure.carryover.carry, c));
    out.set("adjustments", units(figure.adjustments, c));
    out.set("borrowed", units(figure.borrowed, c));
    out.set("effective_allocation", units(figure.effective, c));
    out.set("used", units(figure.used(), c));
    out.set("left", units(figure.effective - figure.used(), c));
    out.set("usage_percentage", percent(figure.percent));
    out.set("weight", number(figure.weight)).set("usage", std::move(usage));
    out.set("used_by_cluster", by_cluster(figure));
    out.set("carryover_derivation", render_carryover(figure));
    return out;
}

Value render_period(const model::Period& period) {
    Value out = Value::object();
    out.set("label", period.label);
    put_instant(out, "begin", period.begin);
    put_instant(out, "end", period.end);
    return out;
}

Value render_cause(const model::Cause& cause) {
    Value out = Value::object();
    out.set("kind", model::name(cause.kind)).set("account", cause.account);
    out.set("override_id", cause.override_id);
    return out;
}

Value render_override(const model::Override& entry) {
    Value out = Value::object();
    out.set("id", entry.id).set("standing", model::name(entry.standing));
    put_instant(out, "from", entry.from);
    put_instant(out, "until", entry.foreign ? std::nullopt : std::optional(entry.until));
    out.set("reason", entry.reason).set("by", entry.by);
    return out;
}

Value render_thresholds(const std::vector<model::Threshold>& thresholds) {
    Value out = Value::array();
    for (const auto& each : thresholds) {
        Value one = Value::object();
        one.set("name", each.name).set("percent", number(each.percent));
        one.set("reached", each.reached);
        put_instant(one, "since", each.since);
        put_instant(one, "crossing", each.crossing);
        out.append(std::move(one));
    }
    return out;
}

void put_standing(Value& out, const model::AccountDecision& account) {
    out.set("standing", model::name(model::standing(account.flags)));
    out.set("paused", account.flags.paused).set("downscaled", account.flags.downscaled);
    out.set("cause", render_cause(account.cause));
    out.set("own_state", flags(account.own)).set("previous_state", flags(account.previous_flags));
    out.set("new_state", flags(account.flags)).set("actions_taken", account.actions_taken);
    out.set("override", account.in_force ? render_override(*account.in_force) : Value());
    out.set("notify_reached", account.notify_reached);
    out.set("block_creation", account.block_creation);
    out.set("qos", account.qos);
    put_instant(out, "until", account.until);
}

Value parameters(const model::Command& command) {
    Value out = Value::object();
    switch (command.type) {
    case model::CommandType::fairshare:
        return std::move(out.set("fairshare", command.shares));
    case model::CommandType::qos:
        return std::move(out.set("qos", command.qos).set("default_qos", command.default_qos));
    case model::CommandType::limits:
        break;
    case model::CommandType::reset_usage:
        return out;
    default:
        return std::move(out.set("job", command.job));
    }
    Value limits = Value::object();
    for (const auto& [tres, value] : command.limits)
        limits.set(tres, value);
    out.set("limit_type", model::name(command.limit_type)).set("limits", std::move(limits));
    return out;
}

Value render_command(const model::Command& command, std::int64_t id, std::string_view mode) {
    Value out = Value::object();
    out.set("id", id != 0 ? Value(id) : Value()).set("type", model::name(command.type));
    out.set("account", command.account).set("user", command.user);
    out.set("partition", command.partition).set("reason", command.reason);
    out.set("description", command.description).set("sacctmgr", command.sacctmgr);
    out.set("parameters", parameters(command)).set("execution_mode", mode);
    return out;
}

Value render_plugin(const ports::PluginStatus& plugin) {
    Value out = Value::object();
    out.set("host", plugin.host).set("address", plugin.address);
    out.set("slurm_version", plugin.slurm_version).set("plugin_version", plugin.plugin_version);
    out.set("sequence", plugin.sequence).set("stored_sequence", plugin.stored);
    put_instant(out, "unstored_since", plugin.unstored_since);
    put_instant(out, "connected", plugin.connected);
    put_instant(out, "last_heard", plugin.last_heard);
    out.set("admitted", plugin.counters.admitted).set("warned", plugin.counters.warned);
    out.set("refused", plugin.counters.refused).set("faults", plugin.counters.faults);
    out.set("oversized", plugin.counters.oversized);
    return out;
}

} // namespace

Value units(Amount amount, const model::Component& component) {
    const auto millionths = model::unit_millionths(amount, component);
    return millionths ? Value::decimal(*millionths, model::kUnitPlaces) : Value();
}

// Calendar arithmetic only, no zone data.
std::string iso(Instant at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const auto seconds = static_cast<int>((at - day).count());
    char text[40];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), seconds / 3600, seconds / 60 % 60,
                  seconds % 60);
    return text;
}

void put_instant(Value& object, const std::string& key, std::optional<Instant> at) {
    object.set(key, at ? Value(iso(*at)) : Value());
    object.set(key + "_epoch", at ? Value(epoch(*at)) : Value());
}

Value render(const model::AccountDecision& account) {
    Value out = Value::object();
    out.set("account", account.account).set("policy", join(account.policies, ","));
    out.set("mode", account.mode == model::Mode::enforce ? "enforce" : "observe");
    out.set("contact", account.contact).set("billing_period", account.period.label);
    out.set("period", render_period(account.period));
    out.set("previous_period", account.previous ? render_period(*account.previous) : Value());
    out.set("span", render_span(account.span));
    Value components = Value::array();
    for (const auto& figure : account.figures)
        components.append(render_figure(figure));
    out.set("components", std::move(components)).set("judged", account.judged);
    out.set("usage_percentage", percent(account.percent));
    out.set("grace_limit_percentage", number(account.grace_limit));
    put_standing(out, account);
    out.set("thresholds", render_thresholds(account.thresholds));
    out.set("notes", account.notes).set("error", account.error);
    return out;
}

Value render(const model::Problem& problem) {
    Value out = Value::object();
    out.set("account", problem.account).set("what", problem.what).set("remedy", problem.remedy);
    return out;
}

Value render(const model::Command& command) {
    Value out = render_command(command, 0, "");
    for (const char* key : {"requested", "started", "finished", "confirmed"})
        put_instant(out, key, std::nullopt);
    out.set("confirm_delay_ms", Value()).set("success", Value()).set("error", "");
    return out;
}

Value render(const ports::CommandRecord& record) {
    Value out = render_command(record.command, record.id, record.mode);
    put_instant(out, "requested", record.requested);
    put_instant(out, "started", record.started);
    put_instant(out, "finished", record.finished);
    put_instant(out, "confirmed", record.confirmed);
    out.set("confirm_delay_ms", record.confirm_delay_ms);
    out.set("success", record.success).set("error", record.error);
    return out;
}

Value render(const ports::EvaluationRecord& record) {
    Value out = Value::object();
    out.set("id", record.id).set("account", record.account).set("policy", record.policy);
    out.set("billing_period", record.billing_period);
    out.set("usage_percentage", percent(record.percent));
    const auto grace = Decimal::parse(record.grace_limit);
    out.set("grace_limit_percentage", grace ? number(*grace) : Value());
    out.set("previous_standing", model::name(model::standing(record.previous)));
    out.set("standing", model::name(model::standing(record.now)));
    out.set("previous_state", flags(record.previous)).set("new_state", flags(record.now));
    out.set("actions_taken", record.actions_taken).set("trigger", record.trigger);
    put_instant(out, "evaluated_at", record.at);
    return out;
}

Value render(const ports::OverrideRecord& record, Instant now) {
    Value out = render_override(record.entry);
    out.set("account", record.entry.account);
    put_instant(out, "ended", record.ended);
    out.set("ended_by", record.ended_by).set("end_reason", record.end_reason);
    const char* state = record.ended                ? "ended"
                        : record.entry.until <= now ? "expired"
                        : record.entry.from > now   ? "to come"
                                                    : "in force";
    out.set("state", state);
    return out;
}

Value render(const ports::AdjustmentRecord& record) {
    const auto& entry = record.entry;
    Value units = Value::object();
    for (const auto& [component, value] : entry.units)
        units.set(component, number(value));
    Value out = Value::object();
    out.set("id", entry.id).set("account", entry.account).set("period", entry.period);
    out.set("units", std::move(units)).set("reason", entry.reason).set("by", entry.by);
    put_instant(out, "at", entry.at);
    out.set("takes_back", entry.takes_back != 0 ? Value(entry.takes_back) : Value());
    out.set("taken_back_by", record.taken_back_by != 0 ? Value(record.taken_back_by) : Value());
    return out;
}

Value render(const model::PeriodReset& entry) {
    Value out = Value::object();
    out.set("id", entry.id).set("account", entry.account).set("period", entry.period);
    out.set("reason", entry.reason).set("by", entry.by);
    put_instant(out, "at", entry.at);
    return out;
}

Value render(const model::ClockVerdict& clock) {
    Value compared = Value::array();
    for (const auto& reading : clock.compared) {
        Value one = Value::object();
        one.set("source", reading.source);
        one.set("ahead_s", reading.ahead_s ? Value(*reading.ahead_s) : Value());
        compared.append(std::move(one));
    }
    Value out = Value::object();
    out.set("trusted", clock.trusted()).set("state", model::name(clock.state));
    out.set("offset_s", clock.offset_s).set("against", clock.against);
    out.set("detail", model::clock_text(clock)).set("compared", std::move(compared));
    return out;
}

Value render(const model::ClockAccept& entry) {
    Value out = Value::object();
    out.set("id", entry.id).set("offset_s", entry.offset_s);
    out.set("reason", entry.reason).set("by", entry.by);
    put_instant(out, "at", entry.at);
    return out;
}

Value render(const ports::PluginServerStatus& plugin_server) {
    Value plugins = Value::array();
    for (const auto& plugin : plugin_server.plugins)
        plugins.append(render_plugin(plugin));
    Value out = Value::object();
    out.set("sequence", plugin_server.sequence)
        .set("rejected_frames", plugin_server.rejected_frames);
    out.set("plugins", std::move(plugins));
    return out;
}

Value render_usage(const model::AccountDecision& account, const model::Figure& figure) {
    const auto& c = figure.component;
    Value out = Value::object();
    out.set("account", account.account).set("component", c.name).set("tres", c.tres);
    out.set("billing_period", account.period.label);
    out.set("settled", units(figure.usage.settled, c));
    out.set("finished", units(figure.usage.finished, c));
    out.set("running", units(figure.usage.running, c));
    out.set("used", units(figure.used(), c));
    out.set("used_by_cluster", by_cluster(figure));
    out.set("usage_percentage", percent(figure.percent));
    return out;
}

void append_balances(Value& array, const model::AccountDecision& account) {
    for (const auto& figure : account.figures) {
        const auto& c = figure.component;
        Value out = Value::object();
        out.set("account", account.account).set("component", c.name);
        out.set("billing_period", account.period.label);
        out.set("allocation", units(figure.effective, c)).set("used", units(figure.used(), c));
        out.set("left", units(figure.effective - figure.used(), c));
        out.set("usage_percentage", percent(figure.percent));
        out.set("mode", account.mode == model::Mode::enforce ? "enforce" : "observe");
        out.set("standing", model::name(model::standing(account.flags)));
        out.set("cause", render_cause(account.cause)).set("judged", account.judged);
        put_instant(out, "resets", account.period.end);
        array.append(std::move(out));
    }
}

} // namespace sluice::http
