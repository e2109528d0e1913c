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
        shown.set(part.name, object(kv("ready", part.fault.empty()), kv("fault", part.fault)));
        ready = ready && part.fault.empty();
    }
    return shown;
}

} // namespace

Value render_info(const ports::DaemonInfo& info, bool staff) {
    return object(kv("version", info.version), kv("cluster", info.cluster),
                  kv("started", info.started), kv("config_file", staff ? info.config_file : ""),
                  kv("config_loaded", info.config_loaded),
                  kv("config_error", staff ? info.config_error : ""),
                  kv("backup", staff ? info.backup.at : std::nullopt),
                  kv("backup_file", staff ? info.backup.file : ""), kv("down", info.down),
                  kv("interval_s", info.interval_s), kv("waldur_answer", info.waldur_asked));
}

namespace {

Value all_problems(const ports::DaemonInfo& info, const ports::CycleReport* cycle) {
    Value out = cycle != nullptr ? render_problems(*cycle) : Value::array();
    for (const auto& problem : info.problems)
        out.append(std::move(render(problem).set("part", "journal")));
    return out;
}

} // namespace

Value render_under_way(const std::optional<ports::UnderWay>& running) {
    if (!running)
        return {};
    return object(kv("since", running->since), kv("trigger", running->trigger),
                  kv("phase", running->phase), kv("done", running->done),
                  kv("total", running->total), kv("progress", running->progress()));
}

Response view_health(const Call&) {
    return ok(object(kv("status", "ok")));
}

Response view_ready(const Call& call) {
    bool ready = true;
    const bool several = call.services.several();
    Value parts = several ? Value::object() : parts_of(call.status, ready);
    if (several)
        for (const auto& service : call.services.clusters)
            parts.set(service.status.info().cluster, parts_of(service.status, ready));
    return ok(object(kv("status", ready ? "ready" : "not ready"),
                     kv(several ? "clusters" : "parts", std::move(parts))),
              ready ? 200 : 503);
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
    Value out = envelope(call, info, warnings(info, cycle.get(), plugin_server, staff));
    put(out, kv("daemon", render_info(info, staff)), kv("cycle", render_cycle(cycle.get(), staff)),
        kv("clock", cycle != nullptr ? render(cycle->clock) : Value()),
        kv("evaluation_under_way", render_under_way(running)),
        kv("plugin_server", object(kv("plugins", plugin_server.plugins.size()),
                                   kv("sequence", plugin_server.sequence))),
        kv("accounts", Value::array()),
        kv("problems", staff ? all_problems(info, cycle.get()) : Value::array()));
    return with_accounts(call, cycle, out, wanted);
}

Response view_evaluations(const Call& call) {
    return journal_view(call, "evaluations",
                        [&](const ports::Query& q) { return call.services.journal.evaluations(q); },
                        {"changed"});
}

Response view_commands(const Call& call) {
    return journal_view(call, "commands",
                        [&](const ports::Query& q) { return call.services.journal.commands(q); },
                        {"failed", "open"});
}

Response view_plugins(const Call& call) {
    return answer(call, kv("plugin_server", render(call.status.plugin_server())));
}

Response view_cycles(const Call& call) {
    const auto render_summary = [](const ports::CycleSummary& cycle) {
        return object(kv("at", cycle.at), kv("trigger", cycle.trigger),
                      kv("duration_ms", cycle.duration_ms), kv("accounts", cycle.accounts),
                      kv("commands", cycle.commands), kv("failed", cycle.failed),
                      kv("problems", cycle.problems), kv("error", cycle.error));
    };
    return answer(call, kv("cycles", array_of(call.status.cycles(), render_summary)));
}

Response view_controller(const Call& call) {
    const auto settings = call.actions.controller();
    if (!settings)
        return failure(settings.error());
    return answer(call, kv("controller", render(*settings)));
}

} // namespace sluice::http
