// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/watch_views.hpp"

#include "common/model/units.hpp"
#include "daemon/http/view_parts.hpp"

#include <algorithm>
#include <set>

namespace sluice::http {
namespace {

using json::Value;

// A cycle may be late by this much before the daemon counts as not ready.
constexpr std::int64_t kLateCycles = 3;
constexpr std::int64_t kLateSeconds = 60;

struct Part {
    const char* name;
    std::string fault; // "": good
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

std::string plugin_fault(const ports::CycleReport* cycle,
                         const ports::PluginServerStatus& plugin_server) {
    const bool enforced =
        cycle != nullptr &&
        std::any_of(cycle->decision.accounts.begin(), cycle->decision.accounts.end(),
                    [](const auto& account) { return account.mode == model::Mode::enforce; });
    return enforced && plugin_server.plugins.empty() ? "no plugin is connected" : "";
}

// Each thing that cycles of this cluster need; `ready` becomes false when one is missing.
Value parts_of(ports::Service& service, bool& ready) {
    const CyclePtr cycle = service.last_cycle();
    const auto info = service.info();
    const Part parts[] = {{"slurmdbd", source_fault(info, "slurmdbd")},
                          {"slurmctld", source_fault(info, "slurmctld")},
                          {"journal", source_fault(info, "journal")},
                          {"cycle", cycle_fault(cycle.get(), info)},
                          {"clock", cycle ? model::clock_text(cycle->clock) : ""},
                          {"plugin", plugin_fault(cycle.get(), service.plugin_server())}};
    Value shown = Value::object();
    for (const auto& part : parts) {
        Value one = Value::object();
        one.set("ready", part.fault.empty()).set("fault", part.fault);
        shown.set(part.name, std::move(one));
        ready = ready && part.fault.empty();
    }
    return shown;
}

// What is left of the component, in its unit; nullopt: the account has none of it.
std::optional<Value> left_of(const model::AccountDecision& account, const std::string& component) {
    for (const auto& figure : account.figures)
        if (figure.component.name == component)
            if (const auto millionths =
                    model::unit_millionths(figure.effective - figure.used(), figure.component))
                return Value::decimal(*millionths, model::kUnitPlaces);
    return std::nullopt;
}

} // namespace

Response view_ready(const Call& call) {
    bool ready = true;
    Value out = Value::object();
    if (!call.services.several()) {
        Value parts = parts_of(call.service, ready);
        out.set("status", ready ? "ready" : "not ready").set("parts", std::move(parts));
        return ok(out, ready ? 200 : 503);
    }
    Value clusters = Value::object();
    for (ports::Service* service : call.services.all())
        clusters.set(service->info().cluster, parts_of(*service, ready));
    out.set("status", ready ? "ready" : "not ready").set("clusters", std::move(clusters));
    return ok(out, ready ? 200 : 503);
}

// https://osc.github.io/ood-documentation/latest/customizations.html, "Balance warnings"
Response view_ondemand(const Call& call) {
    const CyclePtr cycle = call.service.last_cycle();
    if (cycle == nullptr)
        return failure(503, "no evaluation has completed yet; try again in a moment");
    const auto set = call.service.policies();
    const auto asked_for = call.request.query.find("component");
    std::string component = set->components.empty() ? "" : set->components.front().name;
    if (asked_for != call.request.query.end())
        component = asked_for->second;
    if (set->component(component) == nullptr)
        return failure(404, "no component '" + component + "'");
    Value balances = Value::array();
    for (const auto& user : cycle->users) {
        const std::set<std::string> accounts(user.accounts.begin(), user.accounts.end());
        for (const auto& name : accounts) {
            const auto* account = cycle->decision.find(name);
            auto left = account != nullptr ? left_of(*account, component) : std::nullopt;
            if (!left)
                continue;
            Value one = Value::object();
            one.set("user", user.name).set("project", name).set("value", std::move(*left));
            balances.append(std::move(one));
        }
    }
    Value config = Value::object();
    config.set("unit", component).set("project_type", "account");
    Value out = Value::object();
    out.set("version", 1).set("timestamp", epoch(cycle->decision.now));
    out.set("config", std::move(config)).set("balances", std::move(balances));
    return ok(out);
}

} // namespace sluice::http
