// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/http/views.hpp"

#include "common/base/text.hpp"
#include "daemon/http/accounts_text.hpp"
#include "daemon/http/render.hpp"
#include "daemon/http/usage_views.hpp"
#include "daemon/http/view_parts.hpp"

#include <algorithm>
#include <set>

namespace sluice::http {
namespace {

using json::Value;

Value warning(std::string_view source, const std::string& description) {
    Value out = Value::object();
    out.set("description", description).set("source", source);
    return out;
}

bool enforces(const ports::CycleReport& cycle) {
    return std::any_of(cycle.decision.accounts.begin(), cycle.decision.accounts.end(),
                       [](const auto& a) { return a.mode == model::Mode::enforce; });
}

// What a person must know before trusting the figures. Users are told that, not why.
Value warnings(const ports::DaemonInfo& info, const ports::CycleReport* cycle,
               const ports::PluginServerStatus& plugin_server, bool staff) {
    Value out = Value::array();
    if (cycle == nullptr)
        out.append(warning("cycle", "no evaluation has completed yet"));
    else if (!cycle->error.empty())
        out.append(warning("cycle", staff ? "the last evaluation failed: " + cycle->error +
                                                "; the figures are those of the last good one"
                                          : "the figures may be old"));
    if (cycle != nullptr && !cycle->clock.trusted())
        out.append(warning("clock", model::clock_text(cycle->clock) +
                                        ": no period begins and no pause is lifted"));
    if (!info.config_error.empty() && staff)
        out.append(warning("config", "the new settings were refused and the old ones stay: " +
                                         info.config_error));
    for (const auto& source : info.down)
        out.append(warning("source", source + " does not answer"));
    if (cycle != nullptr && staff && plugin_server.plugins.empty() && enforces(*cycle))
        out.append(
            warning("plugin_server",
                    "no plugin is connected: slurmctld uses the last snapshot, or admits all "
                    "jobs if the plugin is not loaded"));
    if (staff)
        for (const auto& fault : storage_faults(plugin_server, info.now))
            out.append(warning("plugin_server", fault));
    return out;
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

Result<ports::EvaluateRequest> evaluate_request(const Request& request) {
    ports::EvaluateRequest out;
    out.by = "uid " + std::to_string(request.viewer.uid);
    if (trim(request.body).empty())
        return out;
    const auto body = json::parse(request.body);
    if (!body)
        return body.error();
    const json::View root = body->view();
    if (!root.is_object())
        return Error{Errc::malformed, "the body is an object: {\"dry_run\": true}"};
    for (const auto& key : root.keys())
        if (key != "dry_run" && key != "accounts")
            return Error{Errc::malformed, "unknown key '" + key + "'; known: dry_run, accounts"};
    if (root["dry_run"].exists() && !root["dry_run"].is_bool())
        return Error{Errc::malformed, "dry_run is true or false"};
    out.dry_run = root["dry_run"].boolean();
    out.accounts = root["accounts"].texts();
    if (root["accounts"].exists() &&
        (!root["accounts"].is_array() || out.accounts.size() != root["accounts"].size()))
        return Error{Errc::malformed, "accounts is a list of names"};
    return out;
}

Result<std::set<std::string>> balance_accounts(const Call& call, const ports::CycleReport& cycle) {
    const auto user = call.request.query.find("user");
    if (user == call.request.query.end())
        return accounts_of(cycle, call.request.viewer.uid);
    const auto found = std::find_if(cycle.users.begin(), cycle.users.end(),
                                    [&](const auto& u) { return u.name == user->second; });
    const bool self = found != cycle.users.end() && found->uid == call.request.viewer.uid;
    if (!call.request.viewer.sees_all() && !self)
        return Error{Errc::refused, "Only root and SlurmUser may see the balance of other users."};
    if (found == cycle.users.end())
        return Error{Errc::not_found, "user '" + user->second + "' has no association in Slurm"};
    return accounts_of(cycle, user->second);
}

} // namespace

Response view_health(const Call&) {
    Value out = Value::object();
    out.set("status", "ok");
    return ok(out);
}

Response view_info(const Call& call) {
    Value out = envelope(call);
    out.set("info", render_info(call.service.info(), call.request.viewer.sees_all()));
    if (call.services.several())
        out.set("clusters", call.services.names());
    return ok(out);
}

Response view_status(const Call& call) {
    const bool staff = call.request.viewer.sees_all();
    // Before the cycle: one that ends in between shows as running, not the old standings as final.
    const auto running = call.service.under_way();
    const CyclePtr cycle = call.service.last_cycle();
    const auto info = call.service.info();
    const auto plugin_server = call.service.plugin_server();
    const Visible visible(cycle.get(), call.request.viewer);
    const auto wanted = asked(call.request);
    if (cycle != nullptr)
        if (auto bad = unknown(call, cycle.get(), visible, wanted))
            return std::move(*bad);
    Value out = envelope(call, info, warnings(info, cycle.get(), plugin_server, staff));
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

Response view_accounts(const Call& call) {
    const CyclePtr cycle = call.service.last_cycle();
    Value out = envelope(call);
    out.set("accounts", Value::array());
    const auto wanted = asked(call.request);
    const Visible visible(cycle.get(), call.request.viewer);
    if (cycle != nullptr)
        if (auto bad = unknown(call, cycle.get(), visible, wanted))
            return std::move(*bad);
    return with_accounts(call, cycle, out, wanted);
}

Response view_account(const Call& call) {
    const CyclePtr cycle = call.service.last_cycle();
    if (cycle == nullptr)
        return failure(503, "no evaluation has completed yet; try again in a moment");
    const Visible visible(cycle.get(), call.request.viewer);
    if (auto bad = unknown(call, cycle.get(), visible, {call.name}))
        return std::move(*bad);
    auto lines = call.service.explain(call.name);
    if (!lines)
        return failure(lines.error());
    const auto& account = *cycle->decision.find(call.name);
    Value top = top_users(*cycle, account, call.request.viewer);
    // Whom a user sees is but themselves, so that "most" would be wrong.
    if (call.request.viewer.sees_all())
        for (auto& line : top_users_text(top, call.name))
            lines->push_back(std::move(line));
    Value out = envelope(call);
    out.set("account", render(account)).set("explain", *lines).set("top_users", std::move(top));
    return ok(out);
}

Response view_balances(const Call& call) {
    const CyclePtr cycle = call.service.last_cycle();
    if (cycle == nullptr)
        return failure(503, "no evaluation has completed yet; try again in a moment");
    const auto own = balance_accounts(call, *cycle);
    if (!own)
        return failure(own.error());
    const auto wanted = asked(call.request);
    Visible visible(cycle.get(), {call.request.viewer.uid, false});
    for (const auto& account : wanted)
        if (!own->contains(account) || cycle->decision.find(account) == nullptr)
            return no_account(call, cycle.get(), visible, account);
    Value list = Value::array();
    for (const auto& account : cycle->decision.accounts)
        if (own->contains(account.account) && named(wanted, account.account))
            append_balances(list, account);
    Value out = envelope(call);
    put_instant(out, "figures_at", cycle->decision.now);
    out.set("balances", std::move(list));
    return ok(out);
}

Response view_evaluate(const Call& call) {
    const auto request = evaluate_request(call.request);
    if (!request)
        return failure(request.error());
    const auto cycle = call.service.evaluate(*request);
    if (!cycle) {
        // The service knows what is unknown (the settings may be newer than the last cycle); the
        // suggestion comes from here.
        const CyclePtr last = call.service.last_cycle();
        const Visible visible(last.get(), call.request.viewer);
        if (cycle.error().code == Errc::not_found)
            if (auto bad = unknown(call, last.get(), visible, request->accounts))
                return std::move(*bad);
        return failure(cycle.error());
    }
    return ok(evaluation(call, **cycle, request->accounts));
}

Response view_evaluations(const Call& call) {
    return journal_view(call, "evaluations",
                        [&](const ports::Query& q) { return call.service.evaluations(q); });
}

Response view_commands(const Call& call) {
    return journal_view(call, "commands",
                        [&](const ports::Query& q) { return call.service.commands(q); });
}

Response view_plugins(const Call& call) {
    Value out = envelope(call);
    out.set("plugin_server", render(call.service.plugin_server()));
    return ok(out);
}

Response view_cycles(const Call& call) {
    Value list = Value::array();
    for (const auto& cycle : call.service.cycles()) {
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
    const auto settings = call.service.controller();
    if (!settings)
        return failure(settings.error());
    Value out = envelope(call);
    out.set("controller", render(*settings));
    return ok(out);
}

} // namespace sluice::http
