// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/views/render.hpp"

#include "common/base/text.hpp"
#include "common/base/zone.hpp"
#include "common/format/cause.hpp"
#include "common/model/tres.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

using json::Value;

constexpr std::size_t kShownBody = 2000; // of a message in the outbox

Value percent(const std::optional<std::int64_t>& hundredths) {
    return hundredths ? Value::decimal(*hundredths, 2) : Value();
}

Value number(Decimal value) {
    return Value::decimal(value.scaled(), 9);
}

Value id_or_null(std::int64_t id) {
    return id != 0 ? Value(id) : Value();
}

const char* mode_of(const model::AccountDecision& account) {
    return account.mode == model::Mode::enforce ? "enforce" : "observe";
}

Value flags(model::Flags flags) {
    return object(kv("paused", flags.paused), kv("downscaled", flags.downscaled));
}

Value render_carryover(const model::Figure& figure) {
    const auto& from = figure.carryover;
    const auto& c = figure.component;
    const char* model = from.model == model::CarryoverModel::cap ? "cap" : "decay";
    return object(kv("applied", from.applied), kv("reason", from.reason), kv("model", model),
                  kv("previous_period", from.previous_period), kv("base", units(from.base, c)),
                  kv("used_before", units(from.used_before, c)), kv("given", units(-from.given, c)),
                  kv("unused", units(from.unused, c)), kv("cap", units(from.cap, c)),
                  kv("effective_before", units(from.effective_before, c)),
                  kv("carry", units(from.carry, c)));
}

// Empty where the allocation is of one cluster.
Value by_cluster(const model::Figure& figure) {
    Value out = Value::object();
    for (const auto& [cluster, usage] : figure.by_cluster)
        out.set(cluster, units(usage.total(), figure.component));
    return out;
}

// null while the queue is not known.
Value committed(const model::Figure& figure) {
    return figure.committed ? units(*figure.committed, figure.component) : Value();
}

Value render_figure(const model::Figure& figure) {
    const auto& c = figure.component;
    Value usage = object(kv("settled", units(figure.usage.settled, c)),
                         kv("finished", units(figure.usage.finished, c)),
                         kv("running", units(figure.usage.running, c)),
                         kv("qos_factor", units(figure.usage.factor, c)),
                         kv("idle_reservations", units(figure.usage.idle, c)));
    return object(
        kv("component", c.name), kv("tres", c.tres), kv("allocation", units(figure.allocation, c)),
        kv("carryover", units(figure.carryover.carry, c)),
        kv("adjustments", units(figure.adjustments, c)), kv("borrowed", units(figure.borrowed, c)),
        kv("effective_allocation", units(figure.effective, c)), kv("used", units(figure.used(), c)),
        kv("left", units(figure.effective - figure.used(), c)),
        kv("usage_percentage", percent(figure.percent)), kv("weight", number(figure.weight)),
        kv("usage", std::move(usage)), kv("committed", committed(figure)),
        kv("used_by_cluster", by_cluster(figure)),
        kv("carryover_derivation", render_carryover(figure)));
}

// Of the thresholds that are not reached and may be in this period.
Value render_forecast(const model::AccountDecision& account) {
    Value out = Value::array();
    for (const auto& each : account.thresholds)
        if (const auto& forecast = each.forecast; !forecast.empty())
            out.append(object(kv("threshold", each.name), kv("percent", number(each.percent)),
                              kv("date", forecast.date), kv("early", forecast.early),
                              kv("late", forecast.late)));
    return out;
}

Value render_below(const model::Below& below) {
    return object(kv("accounts", below.accounts),
                  kv("components", array_of(below.figures, [](const auto& sum) {
                         return object(kv("component", sum.component.name),
                                       kv("allocation", units(sum.allocation, sum.component)),
                                       kv("used", units(sum.used, sum.component)));
                     })));
}

// null: the account has neither begin nor end.
Value render_life(const model::AccountDecision& account) {
    constexpr const char* kStates[] = {"before", "during", "after"};
    if (!account.life)
        return {};
    const auto& life = *account.life;
    return object(kv("from", life.from), kv("until", life.until),
                  kv("then", model::name(life.then)), kv("prorate", life.prorate),
                  kv("state", kStates[static_cast<std::size_t>(life.state)]));
}

Value render_period(const model::Period& period) {
    return object(kv("label", period.label), kv("begin", period.begin), kv("end", period.end));
}

// Who and until when: of an entry on the account that is the cause.
Value render_cause(const model::AccountDecision& account, const Shown& shown) {
    const auto& source = shown.decision.source(account);
    const bool entry = format::overridden(source);
    const auto until =
        entry && !source.in_force->foreign ? std::optional(source.in_force->until) : std::nullopt;
    return object(kv("kind", model::name(account.cause.kind)), kv("account", account.cause.account),
                  kv("override_id", account.cause.override_id),
                  kv("by", entry ? source.in_force->by : ""), kv("until", until),
                  kv("text", format::cause_line(shown.zone, source, account)));
}

// null where nothing else would hold if the policy enforced.
Value render_would_be(const model::AccountDecision& account) {
    const auto word = model::would_be(account);
    return word.empty() ? Value() : object(kv("standing", word), kv("qos", account.qos));
}

// The reason only where users may read it.
Value render_override(const model::Override& entry) {
    return object(kv("id", entry.id), kv("standing", model::name(entry.standing)),
                  kv("from", entry.from),
                  kv("until", entry.foreign ? std::nullopt : std::optional(entry.until)),
                  kv("reason", entry.show_reason ? entry.reason : ""), kv("by", entry.by),
                  kv("show_reason", entry.show_reason));
}

Value parameters(const model::Command& command) {
    switch (command.type) {
    case model::CommandType::fairshare:
        return object(kv("fairshare", command.shares));
    case model::CommandType::qos:
        return object(kv("qos", command.qos), kv("default_qos", command.default_qos));
    case model::CommandType::submit_limit:
        return object(kv("grp_submit_jobs", Value(command.limits.begin()->second)));
    case model::CommandType::limits:
        break;
    case model::CommandType::reset_usage:
        return Value::object();
    default:
        return object(kv("job", command.job));
    }
    Value limits = Value::object();
    for (const auto& [tres, value] : command.limits)
        limits.set(tres, value);
    return object(kv("limit_type", model::name(command.limit_type)),
                  kv("limits", std::move(limits)));
}

// `known`: recorded, so that it has times; else they are null.
Value render_command(const ports::CommandRecord& record, bool known) {
    const auto& command = record.command;
    const auto requested = known ? std::optional(record.requested) : std::nullopt;
    return object(
        kv("id", id_or_null(record.id)), kv("evaluation_id", id_or_null(record.evaluation)),
        kv("type", model::name(command.type)), kv("account", command.account),
        kv("user", command.user), kv("partition", command.partition), kv("reason", command.reason),
        kv("description", command.description), kv("sacctmgr", command.sacctmgr),
        kv("parameters", parameters(command)), kv("execution_mode", record.mode),
        kv("requested", requested), kv("started", record.started), kv("finished", record.finished),
        kv("confirmed", record.confirmed), kv("confirm_delay_ms", record.confirm_delay_ms),
        kv("success", record.success), kv("error", record.error));
}

Value render_plugin(const ports::PluginStatus& plugin) {
    const auto& counters = plugin.counters;
    return object(kv("host", plugin.host), kv("address", plugin.address),
                  kv("slurm_version", plugin.slurm_version),
                  kv("plugin_version", plugin.plugin_version), kv("sequence", plugin.sequence),
                  kv("stored_sequence", plugin.stored), kv("unstored_since", plugin.unstored_since),
                  kv("connected", plugin.connected), kv("last_seen", plugin.last_seen),
                  kv("admitted", counters.admitted), kv("warned", counters.warned),
                  kv("refused", counters.refused), kv("faults", counters.faults),
                  kv("oversized", counters.oversized));
}

} // namespace

Value units(Amount amount, const model::Component& component) {
    const auto millionths = model::unit_millionths(amount, component);
    return millionths ? Value::decimal(*millionths, model::kUnitPlaces) : Value();
}

void put_instant(Value& object, std::string_view key, std::optional<Instant> at) {
    object.set(key, at ? Value(utc_text(*at)) : Value());
    object.set(std::string(key) + "_epoch", at ? Value(epoch(*at)) : Value());
}

// What a person has to confirm before the account is evaluated again; null: it is not held.
Value held(const model::AccountDecision& account) {
    if (!account.held())
        return {};
    return Value(account.fault == model::Fault::rules ? "rules" : "guard");
}

Value render(const model::AccountDecision& account, const Shown& shown) {
    Value span = array_of(account.span, [](const auto& part) {
        return object(kv("cluster", part.cluster), kv("known", part.known), kv("stale", part.stale),
                      kv("age_s", part.age));
    });
    Value thresholds = array_of(account.thresholds, [](const auto& each) {
        return object(kv("name", each.name), kv("percent", number(each.percent)),
                      kv("reached", each.reached), kv("since", each.since),
                      kv("crossing", each.forecast.date));
    });
    Value out = object(
        kv("account", account.account), kv("policy", join(account.policies, ",")),
        kv("mode", mode_of(account)), kv("contact", account.contact),
        kv("billing_period", account.period.label), kv("period", render_period(account.period)),
        kv("previous_period", account.previous ? render_period(*account.previous) : Value()),
        kv("life", render_life(account)), kv("span", std::move(span)),
        kv("components", array_of(account.figures, render_figure)),
        kv("deciding_component", account.deciding),
        kv("usage_percentage", percent(account.percent)),
        kv("grace_limit_percentage", number(account.grace_limit)),
        kv("standing", model::standing_word(account)), kv("held", held(account)),
        kv("paused", account.enforced.paused), kv("downscaled", account.enforced.downscaled),
        kv("would_be", render_would_be(account)), kv("cause", render_cause(account, shown)),
        kv("own_state", flags(account.own)), kv("previous_state", flags(account.previous_flags)),
        kv("new_state", flags(account.flags)), kv("actions_taken", account.actions_taken),
        kv("override", account.in_force ? render_override(*account.in_force) : Value()),
        kv("notify_reached", account.notify_reached), kv("block_creation", account.block_creation),
        kv("qos", account.enforced_qos), kv("until", account.until),
        kv("thresholds", std::move(thresholds)), kv("forecast", render_forecast(account)),
        kv("below", render_below(account.below)),
        kv("waiting_jobs",
           object(kv("invalid_qos", account.waiting.invalid_qos), kv("held", account.waiting.held),
                  kv("limit", account.waiting.limit), kv("qos_limit", account.waiting.qos_limit))),
        kv("unlimited_jobs", account.unlimited), kv("notes", account.notes),
        kv("error", account.error));
    if (account.by_usage.pauses_at)
        put(out, kv("pauses_at", account.by_usage.pauses_at));
    return out;
}

Value render(const model::Problem& problem) {
    return object(kv("account", problem.account), kv("what", problem.what),
                  kv("remedy", problem.remedy));
}

Value render(const ports::NoticeReport& notice) {
    return object(kv("account", notice.account), kv("level", notice.level),
                  kv("recipients", notice.recipients), kv("webhook", notice.webhook));
}

Value render(const model::Command& command) {
    ports::CommandRecord planned;
    planned.command = command;
    planned.mode = "";
    return render_command(planned, false);
}

Value render(const ports::CommandRecord& record) {
    return render_command(record, true);
}

Value render(const ports::EvaluationRecord& record) {
    const auto grace = Decimal::parse(record.grace_limit);
    return object(kv("id", record.id), kv("account", record.account), kv("policy", record.policy),
                  kv("billing_period", record.billing_period),
                  kv("usage_percentage", percent(record.percent)),
                  kv("grace_limit_percentage", grace ? number(*grace) : Value()),
                  kv("mode", record.applied ? "enforce" : "observe"),
                  kv("previous_standing", model::name(model::standing(record.previous))),
                  kv("standing", model::name(model::standing(record.now))),
                  kv("previous_state", flags(record.previous)), kv("new_state", flags(record.now)),
                  kv("actions_taken", record.actions_taken), kv("trigger", record.trigger),
                  kv("evaluated_at", record.at));
}

Value render(const ports::OverrideRecord& record, Instant now, bool staff) {
    const char* state = record.ended                ? "ended"
                        : record.entry.until <= now ? "expired"
                        : record.entry.from > now   ? "to come"
                                                    : "in force";
    Value out = render_override(record.entry);
    if (staff)
        out.set("reason", record.entry.reason);
    put(out, kv("account", record.entry.account), kv("ended", record.ended),
        kv("ended_by", record.ended_by), kv("end_reason", staff ? record.end_reason : ""),
        kv("state", state));
    return out;
}

Value render(const ports::AdjustmentRecord& record) {
    const auto& entry = record.entry;
    Value units = Value::object();
    for (const auto& [component, value] : entry.units)
        units.set(component, number(value));
    return object(kv("id", entry.id), kv("account", entry.account), kv("period", entry.period),
                  kv("units", std::move(units)), kv("reason", entry.reason), kv("by", entry.by),
                  kv("at", entry.at), kv("takes_back", id_or_null(entry.takes_back)),
                  kv("taken_back_by", id_or_null(record.taken_back_by)),
                  kv("pair", id_or_null(entry.pair)));
}

Value render(const model::PeriodReset& entry) {
    return object(kv("id", entry.id), kv("account", entry.account), kv("period", entry.period),
                  kv("reason", entry.reason), kv("by", entry.by), kv("at", entry.at),
                  kv("release", entry.release));
}

Value render(const model::ClockResult& clock) {
    Value compared = array_of(clock.compared, [](const auto& reading) {
        return object(kv("source", reading.source), kv("ahead_s", reading.ahead_s));
    });
    return object(kv("trusted", clock.trusted()), kv("state", model::name(clock.state)),
                  kv("offset_s", clock.offset_s), kv("against", clock.against),
                  kv("detail", model::clock_text(clock)), kv("compared", std::move(compared)));
}

Value render(const model::ClockAccept& entry) {
    return object(kv("id", entry.id), kv("offset_s", entry.offset_s), kv("reason", entry.reason),
                  kv("by", entry.by), kv("at", entry.at));
}

Value render(const ports::PluginServerStatus& plugin_server) {
    return object(kv("sequence", plugin_server.sequence),
                  kv("rejected_frames", plugin_server.rejected_frames),
                  kv("plugins", array_of(plugin_server.plugins, render_plugin)));
}

Value render(const ports::ControllerSettings& controller) {
    const auto& rights = controller.rights;
    return object(
        kv("version", controller.version), kv("built_for", controller.built_for),
        kv("rights", object(kv("user", rights.user), kv("admin_level", name(rights.admin_level)))),
        kv("enforce", controller.enforce), kv("job_submit_plugins", controller.job_submit_plugins),
        kv("decay_half_life_s", controller.decay_half_life_s),
        kv("usage_reset", controller.usage_reset), kv("clock_ahead_s", controller.clock_ahead_s),
        kv("findings", array_of(controller.findings, [](const auto& each) {
               return object(kv("fault", each.fault), kv("what", each.what),
                             kv("remedy", each.remedy));
           })));
}

Value render(const ports::OutboxEntry& entry) {
    const auto& message = entry.message;
    const bool waits = entry.state == ports::MessageState::waiting;
    return object(kv("id", entry.id), kv("target", message.target), kv("kind", message.kind),
                  kv("key", message.key), kv("state", name(entry.state)),
                  kv("created_epoch", epoch(entry.created)), kv("attempts", entry.attempts),
                  kv("next_try_epoch", waits ? Value(epoch(entry.not_before)) : Value()),
                  kv("error", entry.error), kv("correlation_id", message.correlation),
                  kv("body", message.body.substr(0, kShownBody)));
}

Value render(const ports::OutboxCount& count) {
    return object(kv("target", count.target), kv("waiting", count.waiting),
                  kv("parked", count.parked),
                  kv("oldest_epoch", count.oldest ? Value(epoch(*count.oldest)) : Value()));
}

Value render_usage(const model::AccountDecision& account, const model::Figure& figure) {
    const auto& c = figure.component;
    return object(
        kv("account", account.account), kv("component", c.name), kv("tres", c.tres),
        kv("billing_period", account.period.label), kv("settled", units(figure.usage.settled, c)),
        kv("finished", units(figure.usage.finished, c)),
        kv("running", units(figure.usage.running, c)),
        kv("qos_factor", units(figure.usage.factor, c)),
        kv("idle_reservations", units(figure.usage.idle, c)), kv("used", units(figure.used(), c)),
        kv("used_by_cluster", by_cluster(figure)), kv("usage_percentage", percent(figure.percent)));
}

void append_balances(Value& array, const model::AccountDecision& account, const Shown& shown,
                     bool is_default) {
    for (const auto& figure : account.figures) {
        const auto& c = figure.component;
        array.append(object(
            kv("account", account.account), kv("component", c.name),
            kv("billing_period", account.period.label),
            kv("allocation", units(figure.effective, c)), kv("used", units(figure.used(), c)),
            kv("left", units(figure.effective - figure.used(), c)),
            kv("settled", units(figure.usage.settled, c)),
            kv("finished", units(figure.usage.finished, c)),
            kv("running", units(figure.usage.running, c)), kv("committed", committed(figure)),
            kv("unlimited_jobs", account.unlimited),
            kv("usage_percentage", percent(figure.percent)), kv("mode", mode_of(account)),
            kv("standing", model::standing_word(account)), kv("would_be", render_would_be(account)),
            kv("cause", render_cause(account, shown)), kv("default", is_default),
            kv("deciding_component", account.deciding), kv("resets", account.period.end),
            kv("forecast", render_forecast(account))));
    }
}

} // namespace sluice::http
