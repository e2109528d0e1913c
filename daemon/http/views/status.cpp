// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/base/text.hpp"
#include "daemon/http/views/accounts.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

using json::Value;

// A cycle may be late by this much before the daemon counts as not ready.
constexpr std::int64_t kLateCycles = 3;
constexpr std::int64_t kLateSeconds = 60;

struct Part {
    const char* name;
    std::string fault; // "": none
};

std::string cycle_fault(const ports::CycleReport* cycle, const ports::DaemonInfo& info) {
    if (cycle == nullptr)
        return "no evaluation has completed yet";
    if (!cycle->error.empty())
        return "the last evaluation failed";
    const auto age = (info.now - cycle->at).count();
    if (age > kLateCycles * info.interval_s + kLateSeconds)
        return "the last evaluation was " + std::to_string(age) + " s ago";
    return "";
}

std::string source_fault(const ports::DaemonInfo& info, const char* name) {
    const bool away = std::find(info.down.begin(), info.down.end(), name) != info.down.end();
    return away ? std::string(name) + " does not answer" : "";
}

// What cycles of this cluster need; `ready` becomes false when a part has a fault.
Value parts_of(const ports::Status& status, bool& ready) {
    const CyclePtr cycle = status.last_cycle();
    const auto info = status.info();
    const bool lacks_plugin = lacks_a_plugin(cycle.get(), status.plugin_server());
    const Part parts[] = {{"slurmdbd", source_fault(info, "slurmdbd")},
                          {"slurmctld", source_fault(info, "slurmctld")},
                          {"journal", source_fault(info, "journal")},
                          {"cycle", cycle_fault(cycle.get(), info)},
                          {"clock", cycle ? model::clock_text(cycle->clock) : ""},
                          {"plugin", lacks_plugin ? "no plugin is connected" : ""}};
    Value shown = Value::object();
    for (const auto& part : parts) {
        Value one = Value::object();
        one.set("ready", part.fault.empty()).set("fault", part.fault);
        shown.set(part.name, std::move(one));
        ready = ready && part.fault.empty();
    }
    return shown;
}

Value render_info(const ports::DaemonInfo& info, bool staff) {
    Value out = Value::object();
    out.set("version", info.version).set("cluster", info.cluster);
    put_instant(out, "started", info.started);
    out.set("config_file", staff ? info.config_file : "");
    put_instant(out, "config_loaded", info.config_loaded);
    out.set("config_error", staff ? info.config_error : "");
    put_instant(out, "backup", staff ? info.backup.at : std::nullopt);
    out.set("backup_file", staff ? info.backup.file : "");
    out.set("down", info.down).set("interval_s", info.interval_s);
    return out;
}

Value all_problems(const ports::DaemonInfo& info, const ports::CycleReport* cycle) {
    Value out = cycle != nullptr ? render_problems(*cycle) : Value::array();
    for (const auto& problem : info.problems)
        out.append(std::move(render(problem).set("part", "journal")));
    return out;
}

Value render_under_way(const std::optional<ports::UnderWay>& running) {
    if (!running)
        return {};
    Value out = Value::object();
    put_instant(out, "since", running->since);
    out.set("trigger", running->trigger).set("phase", running->phase);
    return out;
}

} // namespace

Response view_health(const Call&) {
    Value out = Value::object();
    out.set("status", "ok");
    return ok(out);
}

Response view_ready(const Call& call) {
    bool ready = true;
    Value out = Value::object();
    if (!call.services.several()) {
        Value parts = parts_of(call.status, ready);
        out.set("status", ready ? "ready" : "not ready").set("parts", std::move(parts));
        return ok(out, ready ? 200 : 503);
    }
    Value clusters = Value::object();
    for (const auto& service : call.services.clusters)
        clusters.set(service.status.info().cluster, parts_of(service.status, ready));
    out.set("status", ready ? "ready" : "not ready").set("clusters", std::move(clusters));
    return ok(out, ready ? 200 : 503);
}

Response view_info(const Call& call) {
    Value out = envelope(call);
    out.set("info", render_info(call.status.info(), call.request.viewer.sees_all()));
    if (call.services.several())
        out.set("clusters", call.services.names());
    return ok(out);
}

Response view_status(const Call& call) {
    const bool staff = call.request.viewer.sees_all();
    // Before the cycle: one that ends in between shows as running, not the old standings as final.
    const auto running = call.status.under_way();
    const CyclePtr cycle = call.status.last_cycle();
    const auto info = call.status.info();
    const auto plugin_server = call.status.plugin_server();
    const Visible visible(cycle.get(), call.request.viewer);
    const auto wanted = asked(call.request);
    if (cycle != nullptr)
        if (auto bad = unknown(call, cycle.get(), visible, wanted))
            return std::move(*bad);
    Value list = Value::array();
    for (const auto& each : warnings(info, cycle.get(), plugin_server, staff)) {
        Value one = Value::object();
        list.append(std::move(one.set("description", each.description).set("source", each.source)));
    }
    Value out = envelope(call, info, std::move(list));
    out.set("daemon", render_info(info, staff)).set("cycle", render_cycle(cycle.get(), staff));
    out.set("clock", cycle != nullptr ? render(cycle->clock) : Value());
    out.set("evaluation_under_way", render_under_way(running));
    Value summary = Value::object();
    summary.set("plugins", plugin_server.plugins.size()).set("sequence", plugin_server.sequence);
    out.set("plugin_server", std::move(summary));
    out.set("accounts", Value::array());
    out.set("problems", staff ? all_problems(info, cycle.get()) : Value::array());
    return with_accounts(call, cycle, out, wanted);
}

Response view_evaluations(const Call& call) {
    return journal_view(call, "evaluations", [&](const ports::Query& q) {
        return call.services.journal.evaluations(q);
    });
}

Response view_commands(const Call& call) {
    return journal_view(call, "commands",
                        [&](const ports::Query& q) { return call.services.journal.commands(q); });
}

Response view_plugins(const Call& call) {
    Value out = envelope(call);
    out.set("plugin_server", render(call.status.plugin_server()));
    return ok(out);
}

Response view_cycles(const Call& call) {
    Value list = Value::array();
    for (const auto& cycle : call.status.cycles()) {
        Value one = Value::object();
        put_instant(one, "at", cycle.at);
        one.set("trigger", cycle.trigger).set("duration_ms", cycle.duration_ms);
        one.set("accounts", cycle.accounts).set("commands", cycle.commands);
        one.set("failed", cycle.failed).set("problems", cycle.problems).set("error", cycle.error);
        list.append(std::move(one));
    }
    Value out = envelope(call);
    out.set("cycles", std::move(list));
    return ok(out);
}

Response view_controller(const Call& call) {
    const auto settings = call.actions.controller();
    if (!settings)
        return failure(settings.error());
    Value out = envelope(call);
    out.set("controller", render(*settings));
    return ok(out);
}

} // namespace sluice::http
