// SPDX-License-Identifier: GPL-2.0-or-later
// Policies and allocations beside the file: what staff set, with versions. ports::Operator checks
// everything but the form of what was sent.
#include "daemon/http/views/rules.hpp"

#include "common/base/text.hpp"
#include "common/model/presets.hpp"
#include "daemon/http/views/views.hpp"

#include <algorithm>

namespace sluice::http {
namespace {

using json::Value;
using json::View;
using model::RuleKind;

Value render_version(const ports::RuleVersion& version) {
    return object(kv("version", version.entry.version), kv("removed", version.removed),
                  kv("by", version.by), kv("reason", version.reason), kv("at", version.at),
                  kv("yaml", version.entry.text));
}

// The version that a change replaces; nullopt: not given.
std::optional<std::int64_t> version_of(const Call& call, Form& form) {
    const View given = form["version"];
    if (given.exists() && !given.is_integer())
        form.fail("version must be a whole number");
    if (given.is_integer())
        return given.integer();
    return whole_number(call.request.argument("version"));
}

// The map of the file, from the keys of the body.
void take_policy(Form& form, ports::RuleChange& change) {
    const View keys = form["policy"];
    if (keys.exists() && !keys.is_object())
        form.fail("policy must be an object with the keys of a policy in sluiced.yaml");
    if (const auto name = form.text("preset"); !name.empty()) {
        const auto* preset = model::preset(name);
        if (preset == nullptr) {
            std::vector<std::string> known;
            for (const auto& each : model::kPresets)
                known.emplace_back(each.name);
            form.fail("preset '" + name + "' is not known; known: " + join(known, ", "));
            return;
        }
        change.base = preset->text;
        change.merge = true;
        change.text = "{}";
    }
    if (keys.is_object())
        change.text = keys.compact();
}

// A decimal in a text is a number, as in an adjustment.
Value numbers(View units) {
    Value out = Value::object();
    for (const auto& component : units.keys()) {
        const auto number = json::decimal_of(units[component]);
        out.set(component, number                         ? Value::decimal(number->scaled(), 9)
                           : units[component].is_object() ? numbers(units[component])
                                                          : units[component].copy());
    }
    return out;
}

void take_allocation(Form& form, ports::RuleChange& change) {
    Value map = Value::object();
    for (const char* key : {"allocation", "clusters"}) {
        const View given = form[key];
        if (given.exists() && !given.is_object())
            form.fail(std::string(key) + " must be an object: {\"node_hours\": 1000}");
        if (given.is_object()) {
            map.set(key, numbers(given));
            change.text = map.compact();
        }
    }
    for (const char* key : {"from", "until", "then", "prorate"}) {
        if (!form[key].exists())
            continue;
        if (std::string_view(key) == "prorate")
            map.set(key, form.flag(key));
        else
            map.set(key, form.text(key));
        change.text = map.compact();
    }
}

std::string path_of(RuleKind kind, const std::string& name) {
    return (kind == RuleKind::policy ? "/api/v1/policies/" : "/api/v1/allocations/") +
           percent_encoded(name);
}

// With the version in force, so that the caller can begin again.
Response conflict(const Call& call, const ports::RuleChange& change, const Error& error) {
    Value out = Value::object();
    const auto rule = rule_of(call, change.kind, change.name);
    out.set("detail", error.context).set("version", rule ? rule->entry.version : 0);
    return ok(out, 409);
}

enum class Verb { create, replace, merge, remove };

Response change_rule(const Call& call, RuleKind kind, Verb verb) {
    const bool policy = kind == RuleKind::policy;
    Form form(call.request,
              {policy ? "name" : "account", policy ? "policy" : "allocation",
               policy ? "preset" : "clusters", policy ? "name" : "from", policy ? "name" : "until",
               policy ? "name" : "then", policy ? "name" : "prorate", "yaml", "version", "reason",
               "dry_run", "confirm"});
    const auto by = person(call, form);
    ports::RuleChange change;
    change.kind = kind;
    change.name =
        verb == Verb::create ? form.text(kind == RuleKind::policy ? "name" : "account") : call.name;
    if (kind == RuleKind::allocation)
        change.name = lower(change.name);
    change.confirm = form.flag("confirm");
    change.merge = verb == Verb::merge;
    const auto version = version_of(call, form);
    change.version = version.value_or(0);
    if (verb != Verb::remove) {
        kind == RuleKind::policy ? take_policy(form, change) : take_allocation(form, change);
        if (form["yaml"].exists())
            change.text = form.text("yaml");
        if (!change.text)
            form.fail(kind == RuleKind::policy
                          ? "give policy (an object), yaml (a text) or preset"
                          : "give allocation or clusters (an object), or yaml (a text)");
    }
    if (verb == Verb::create && change.name.empty())
        form.fail(kind == RuleKind::policy ? "name is missing" : "account is missing");
    if (form.fault())
        return failure(*form.fault());
    if (verb != Verb::create && !version)
        return failure(428, "version is missing; send the version that GET " +
                                path_of(kind, change.name) + " has, or 0 if there is none yet");
    const auto done = call.actions.change_rule(change, by);
    if (!done && done.error().code == Errc::conflict)
        return conflict(call, change, done.error());
    Response out = booked(call, done, by, {});
    if (out.status == 201 && verb != Verb::create)
        out.status = 200;
    return out;
}

Response history(const Call& call, RuleKind kind) {
    if (call.services.rules == nullptr)
        return failure(404, "no policy is kept beside the file");
    const auto versions = call.services.rules->versions(kind, call.name);
    if (!versions)
        return failure(versions.error());
    if (versions->empty())
        return failure(404,
                       std::string(model::name(kind)) + " '" + call.name +
                           "' was never set with sluice or over HTTP; the file has no history");
    return answer(call, kv("versions", array_of(*versions, render_version)));
}

Value units_object(const model::Allocation& allocation) {
    Value out = Value::object();
    for (const auto& [component, units] : allocation)
        out.set(component, Value::decimal(units.scaled(), 9));
    return out;
}

// As the settings have them; `until` is the first instant after the account.
void put_life(Value& out, const Call& call, const std::optional<model::AccountLife>& life) {
    if (!life) {
        put(out, kv("from", Value()), kv("until", Value()), kv("then", Value()),
            kv("prorate", Value()));
        return;
    }
    const Zone zone = call.status.info().zone;
    const auto instant_of = [&](const std::optional<std::chrono::local_seconds>& at) {
        return at ? std::optional(zone.instant(*at)) : std::nullopt;
    };
    put(out, kv("from", instant_of(life->from)), kv("until", instant_of(life->until)),
        kv("then", model::name(life->then)), kv("prorate", life->prorate));
    if (life->endless)
        out.set("until", "never");
}

Value render_allocation(const Call& call, const std::string& account,
                        const model::AccountSettings& settings,
                        const std::vector<ports::RuleVersion>& rules) {
    Value out = object(
        kv("account", account),
        kv("allocation", settings.allocation ? units_object(*settings.allocation) : Value()));
    put_life(out, call, settings.life);
    put_source(out, call, find_rule(rules, RuleKind::allocation, account));
    return out;
}

} // namespace

std::vector<ports::RuleVersion> rules_of(const Call& call) {
    if (call.services.rules == nullptr)
        return {};
    auto rules = call.services.rules->rules();
    return rules ? std::move(*rules) : std::vector<ports::RuleVersion>{};
}

const ports::RuleVersion* find_rule(const std::vector<ports::RuleVersion>& rules, RuleKind kind,
                                    const std::string& name) {
    const auto found = std::find_if(rules.begin(), rules.end(), [&](const auto& rule) {
        return rule.entry.kind == kind && rule.entry.name == name;
    });
    return found == rules.end() ? nullptr : &*found;
}

std::optional<ports::RuleVersion> rule_of(const Call& call, RuleKind kind,
                                          const std::string& name) {
    const auto rules = rules_of(call);
    const auto* found = find_rule(rules, kind, name);
    return found == nullptr ? std::nullopt : std::optional(*found);
}

void put_source(Value& out, const Call& call, const ports::RuleVersion* rule) {
    const bool waldur = call.status.info().waldur_asked.has_value();
    const bool api = rule != nullptr && !waldur;
    const bool sees = api && call.request.viewer.sees_all();
    out.set("source", waldur ? "waldur" : api ? "api" : "file");
    out.set("version", api ? Value(rule->entry.version) : Value());
    out.set("changed",
            sees ? object(kv("by", rule->by), kv("reason", rule->reason), kv("at", rule->at))
                 : Value());
}

Response view_policy_history(const Call& call) {
    return history(call, RuleKind::policy);
}
Response view_allocation_history(const Call& call) {
    return history(call, RuleKind::allocation);
}
Response view_create_policy(const Call& call) {
    return change_rule(call, RuleKind::policy, Verb::create);
}
Response view_replace_policy(const Call& call) {
    return change_rule(call, RuleKind::policy, Verb::replace);
}
Response view_merge_policy(const Call& call) {
    return change_rule(call, RuleKind::policy, Verb::merge);
}
Response view_remove_policy(const Call& call) {
    return change_rule(call, RuleKind::policy, Verb::remove);
}
Response view_create_allocation(const Call& call) {
    return change_rule(call, RuleKind::allocation, Verb::create);
}
Response view_replace_allocation(const Call& call) {
    return change_rule(call, RuleKind::allocation, Verb::replace);
}
Response view_merge_allocation(const Call& call) {
    return change_rule(call, RuleKind::allocation, Verb::merge);
}
Response view_remove_allocation(const Call& call) {
    return change_rule(call, RuleKind::allocation, Verb::remove);
}

Response view_allocations(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    const Visible visible(cycle.get(), call.request.viewer);
    const auto set = call.status.policies();
    const auto rules = rules_of(call);
    Value out = Value::array();
    for (const auto& [account, settings] : set->accounts)
        if (visible.sees(account))
            out.append(render_allocation(call, account, settings, rules));
    return answer(call, kv("allocations", std::move(out)));
}

Response view_allocation(const Call& call) {
    const CyclePtr cycle = call.status.last_cycle();
    const Visible visible(cycle.get(), call.request.viewer);
    const auto set = call.status.policies();
    const std::string name = lower(call.name);
    const auto found = set->accounts.find(name);
    if (found == set->accounts.end() || !visible.sees(name))
        return failure(404, "account '" + name + "' has no allocation of its own");
    const auto rules = rules_of(call);
    Value out = render_allocation(call, name, found->second, rules);
    const auto* rule = find_rule(rules, RuleKind::allocation, name);
    out.set("yaml",
            rule != nullptr && call.request.viewer.sees_all() ? Value(rule->entry.text) : Value());
    return answer(call, kv("allocation", std::move(out)));
}

Response view_presets(const Call& call) {
    return answer(call, kv("presets", array_of(model::kPresets, [](const auto& preset) {
                               return object(kv("name", preset.name), kv("summary", preset.summary),
                                             kv("yaml", preset.text));
                           })));
}

Response view_export(const Call& call) {
    const auto text = call.actions.export_rules(call.request.argument("name"));
    return text ? answer(call, kv("yaml", *text)) : failure(text.error());
}

} // namespace sluice::http
